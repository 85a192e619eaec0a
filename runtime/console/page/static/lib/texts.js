// What the page says, in two languages: two JSON files with the same keys.

import {choices} from './keep.js'

export const LANGUAGES = {en: 'English', zh: '简体中文'}
const TAGS = {en: 'en', zh: 'zh-CN'}

/** Languages with titles of their own for findings; the others have the checker's messages alone. */
const TITLED = new Set(['zh'])

let texts = {}
let titles = {}
let current = 'en'

const wanted = () => {
  const spoken = navigator.languages.map(tag => tag.slice(0, 2).toLowerCase())
  return [choices.get('language'), ...spoken].find(name => Object.hasOwn(LANGUAGES, name)) ?? 'en'
}

const load = async name => (await fetch(`/static/texts/${name}.json`)).json()

/** Loads a language's texts, the remembered or the browser's one unless named. */
export const speak = async (language = wanted()) => {
  const titled = TITLED.has(language) ? load(`findings.${language}`) : {}
  ;[texts, titles] = await Promise.all([load(language), titled])
  current = language
  document.documentElement.lang = TAGS[language]
}

export const choose = language => {
  choices.set('language', language)
  return speak(language)
}

export const language = () => current

/** The locale for dates and numbers: the browser's own of this language, if it has one. */
export const locale = () => navigator.languages.find(tag => tag.toLowerCase().startsWith(current)) ?? TAGS[current]

/** The text of `key`; `{name}` in it stands for `values.name`. */
export const t = (key, values = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole))

/** The text of `key` if there is one, else `otherwise`: for words that come from the server. */
export const known = (key, otherwise) => texts[key] ?? otherwise

/** A reason that the server gave, whose parameters are written as `how` says; '' for one that this page does not know. */
export const reasonText = ({code, parameters}, how = {}) => {
  const key = `reason.${code}`
  if (!(key in texts)) return ''
  return t(key, Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, how[name]?.(value) ?? value])))
}

/** What the checker's finding of `code` is in the reader's language; null where the checker speaks it. */
export const findingTitle = code => titles[code] ?? null
