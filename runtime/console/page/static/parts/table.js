// Tables that scroll by themselves in a narrow window, and lists that come page by page.

import {get} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {button} from './form.js'
import {safely} from './say.js'

/** A table of `columns` [words, row => content, class] over `rows`. */
export const table = (caption, columns, rows, {empty = t('word.none')} = {}) => {
  const cell = row => column => h('td', {class: column[2] ?? ''}, column[1](row))
  return h(
    'div',
    {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
    h(
      'table',
      {},
      h('caption', {class: 'hidden'}, caption),
      h('thead', {}, h('tr', {}, columns.map(column => h('th', {scope: 'col', class: column[2] ?? ''}, column[0])))),
      h(
        'tbody',
        {},
        rows.length > 0
          ? rows.map(row => h('tr', {}, columns.map(cell(row))))
          : h('tr', {}, h('td', {class: 'empty', colspan: columns.length}, empty)),
      ),
    ),
  )
}

/** A table over a list of the API, with a button for the next page. */
export const pagedTable = async (caption, columns, url, values, signal) => {
  const place = h('div')
  let rows = []
  const load = async cursor => {
    const page = await get(url, {...values, cursor}, signal)
    rows = [...rows, ...page.items]
    const more = page.next !== null && button(t('do.more'), safely(() => load(page.next)))
    fill(place, table(caption, columns, rows), more)
  }
  await load(null)
  return place
}

/** Names and contents, as a list of definitions. */
export const facts = rows =>
  h('dl', {class: 'facts'}, rows.map(([name, content]) => h('div', {}, h('dt', {}, name), h('dd', {}, content))))

/** A word of state with its colour; the word says it all. */
export const badge = (words, kind = '') => h('span', {class: `badge ${kind}`}, words)
