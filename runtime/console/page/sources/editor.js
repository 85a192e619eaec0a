// The editor with comfort, bundled by build.js: highlighting, completion, hover, marks, search, keys.
// It lives in a shadow root, where CodeMirror adopts its style sheets; in the document it would write <style> elements,
// which the page's content security policy forbids.

import {autocompletion} from '@codemirror/autocomplete'
import {indentWithTab} from '@codemirror/commands'
import {json} from '@codemirror/lang-json'
import {StreamLanguage, indentUnit, syntaxHighlighting} from '@codemirror/language'
import {toml} from '@codemirror/legacy-modes/mode/toml'
import {lintGutter, setDiagnostics} from '@codemirror/lint'
import {EditorState} from '@codemirror/state'
import {EditorView, hoverTooltip, keymap} from '@codemirror/view'
import {basicSetup} from 'codemirror'

import {measured, stretch} from '../static/editor/place.js'
import {colours, look} from './colours.js'
import {completions, explanation, stream} from './edgescript.js'

const modes = {
  edgescript: words => [
    StreamLanguage.define(stream(words)),
    autocompletion({override: [completions(words)]}),
    hoverTooltip(explanation(words)),
  ],
  json: () => json(),
  toml: () => StreamLanguage.define(toml),
}

const SEVERITIES = {error: 'error', warning: 'warning'}

const diagnostic = whole => one => ({
  ...stretch(whole, one),
  severity: SEVERITIES[one.severity] ?? 'info',
  message: one.help ? `${one.message} — ${one.help}` : one.message,
  source: one.code,
})

const commands = ({onSave, onTry}) =>
  keymap.of([
    {key: 'Mod-s', preventDefault: true, run: () => (onSave?.(), true)},
    {key: 'Mod-Enter', run: () => (onTry?.(), Boolean(onTry))},
    indentWithTab,
  ])

export const makeEditor = options => {
  const {text, mode, label, phrases, words, readOnly = false, onChange} = options
  const node = document.createElement('div')
  node.className = 'editor rich'
  const root = node.attachShadow({mode: 'open'})
  const state = EditorState.create({
    doc: text,
    extensions: [
      commands(options),
      basicSetup,
      lintGutter(),
      modes[mode](words),
      syntaxHighlighting(colours),
      look,
      EditorState.phrases.of(phrases),
      EditorState.readOnly.of(readOnly),
      EditorState.tabSize.of(4),
      indentUnit.of('    '),
      EditorView.contentAttributes.of({'aria-label': label, spellcheck: 'false', autocorrect: 'off'}),
      EditorView.updateListener.of(update => update.docChanged && onChange?.(update.state.doc.toString())),
    ],
  })
  const view = new EditorView({state, root, parent: root})
  return {
    node,
    text: () => view.state.doc.toString(),
    replace: given => view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: given}}),
    mark: findings => {
      const whole = measured(view.state.doc.toString())
      view.dispatch(setDiagnostics(view.state, findings.map(diagnostic(whole))))
    },
    goTo: (line, column) => {
      const place = stretch(measured(view.state.doc.toString()), {line, column})
      view.dispatch({selection: {anchor: place.from}, effects: EditorView.scrollIntoView(place.from, {y: 'center'})})
      view.focus()
    },
    focus: () => view.focus(),
  }
}
