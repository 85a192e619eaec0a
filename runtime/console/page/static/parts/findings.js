// What the checker found, as a list that leads to the places.

import {fill, h} from '../lib/dom.js'
import {findingTitle, known, t} from '../lib/texts.js'
import {button} from './form.js'
import {badge} from './table.js'

const SHOWN = 200
const KINDS = {error: 'bad', warning: 'warn'}

export const severityBadge = severity => badge(known(`severity.${severity}`, severity), KINDS[severity] ?? '')

/** The message; below the reader's own words for it where the checker does not speak the reader's language. */
const words = ({code, message, help}) => {
  const title = findingTitle(code)
  const said = [message, help && h('span', {class: 'muted'}, ` — ${help}`)]
  return h('span', {class: 'words'}, title ? [title, h('small', {class: 'detail', lang: 'en'}, said)] : said)
}

/** A finding as editors show it: its message begins with the reader's own words for it. */
export const spoken = finding => {
  const title = findingTitle(finding.code)
  return title ? {...finding, message: `${title}\n${finding.message}`} : finding
}

const row = goTo => one =>
  h(
    'li',
    {},
    severityBadge(one.severity),
    goTo
      ? button(`${one.line}:${one.column}`, () => goTo(one.line, one.column), {class: 'link mono'})
      : h('span', {class: 'mono'}, `${one.line}:${one.column}`),
    words(one),
    h('code', {class: 'muted'}, one.code),
  )

/** The list itself; errors are never among those that find no room. */
export const findingList = (findings, goTo) => {
  if (findings.length === 0) return h('p', {class: 'muted'}, t('findings.none'))
  const errors = findings.filter(one => one.severity === 'error')
  const shown = findings.length > SHOWN && errors.length > 0 ? errors : findings
  const left = findings.length - Math.min(SHOWN, shown.length)
  return [
    h('ol', {class: 'findings'}, shown.slice(0, SHOWN).map(row(goTo))),
    left > 0 && h('p', {class: 'muted'}, t('findings.more', {n: left})),
  ]
}

const summary = findings => {
  const errors = findings.filter(one => one.severity === 'error').length
  if (findings.length === 0) return [badge('✓', 'good'), t('findings.none')]
  const others = findings.length - errors
  return [
    errors > 0 && badge(t('findings.errors', {n: errors}), 'bad'),
    others > 0 && badge(t('findings.others', {n: others}), 'warn'),
  ]
}

/** A place that shows findings as they change: the count is read out, the list follows. */
export const findingPanel = goTo => {
  const head = h('p', {class: 'row', role: 'status'})
  const list = h('div')
  return {
    node: h('section', {class: 'findings-panel', 'aria-label': t('findings.title')}, head, list),
    show: findings => {
      fill(head, summary(findings))
      fill(list, findings.length > 0 && findingList(findings, goTo))
    },
  }
}
