// The editor of scripts, tests and settings: CodeMirror where it was built, a textarea where not. One contract:
// {node, text(), replace(text), mark(findings), goTo(line, column), focus()}.

import {get} from '../lib/api.js'
import {built} from '../lib/built.js'
import {t} from '../lib/texts.js'
import {spoken} from '../parts/findings.js'
import {plainEditor} from './plain.js'

const PHRASES = ['Find', 'Replace', 'next', 'previous', 'all', 'match case', 'regexp', 'by word', 'replace', 'replace all', 'close', 'Go to line', 'go']

let words = null

/** Functions, variables and keywords of the language, asked for once. */
export const language = () => {
  words ??= get('/language').catch(() => {
    words = null
    return {functions: [], variables: [], keywords: []}
  })
  return words
}

const speaking = editor => ({...editor, mark: findings => editor.mark(findings.map(spoken))})

/** An editor; `mode` is edgescript, json or toml. */
export const makeEditor = async options => {
  const comfort = await built('editor')
  if (!comfort) return speaking(plainEditor(options))
  const phrases = Object.fromEntries(PHRASES.map(phrase => [phrase, t(`editor.phrase.${phrase}`)]))
  return speaking(comfort.makeEditor({...options, phrases, words: options.mode === 'edgescript' ? await language() : null}))
}
