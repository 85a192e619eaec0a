// Tabs after the ARIA pattern: arrows move, the panel follows.

import {h} from '../lib/dom.js'

let count = 0

/** `rows` of [words, content]; `show(at)` and `mark(at, words)` for the caller. */
export const tabs = (label, rows) => {
  const prefix = `tabs-${(count += 1)}`
  const panels = rows.map(([, content], at) =>
    h('div', {role: 'tabpanel', id: `${prefix}-panel-${at}`, 'aria-labelledby': `${prefix}-tab-${at}`, class: 'panel'}, content),
  )
  const show = chosen => {
    heads.forEach((head, at) => {
      head.setAttribute('aria-selected', String(at === chosen))
      head.tabIndex = at === chosen ? 0 : -1
      panels[at].hidden = at !== chosen
    })
  }
  const move = event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key]
    if (!step) return
    const next = (heads.indexOf(event.target) + step + heads.length) % heads.length
    show(next)
    heads[next].focus()
  }
  const heads = rows.map(([words], at) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `${prefix}-tab-${at}`,
        'aria-controls': `${prefix}-panel-${at}`,
        onclick: () => show(at),
        onkeydown: move,
      },
      words,
    ),
  )
  show(0)
  const node = h('div', {class: 'tabs'}, h('div', {role: 'tablist', 'aria-label': label}, heads), panels)
  return {node, show}
}
