// A diff, in one column or two. Signs as well as colours tell what came and what went.

import {beside} from '../lib/diff.js'
import {fill, h} from '../lib/dom.js'
import {choices} from '../lib/keep.js'
import {t} from '../lib/texts.js'
import {button} from './form.js'

const CLASSES = {'-': 'gone', '+': 'come', '@': 'hunk', ' ': ''}

const side = (row, number) => [
  h('td', {class: 'number'}, row?.[number]),
  h('td', {class: `text ${row ? CLASSES[row.kind] : 'nothing'}`}, row && h('span', {class: 'sign'}, row.kind === '@' ? ' ' : row.kind), row?.text),
]

const inTwo = rows =>
  beside(rows).map(([left, right]) =>
    left?.kind === '@' ? hunk(left, 4) : h('tr', {}, side(left, 'left'), side(right, 'right')),
  )

const hunk = (row, columns) => h('tr', {}, h('td', {class: 'hunk', colspan: columns}, row.text))

const inOne = rows =>
  rows.map(row =>
    row.kind === '@' ? hunk(row, 3) : h('tr', {}, h('td', {class: 'number'}, row.left), side(row, 'right')),
  )

/** `rows` of lib/diff.js with a switch between the layouts, which is remembered. */
export const difference = (label, rows, names = null) => {
  const place = h('tbody')
  const narrow = matchMedia('(max-width: 700px)').matches
  let two = (choices.get('diff') ?? (narrow ? 'one' : 'two')) === 'two'
  const table = h('table', {class: 'diff'}, h('caption', {class: 'hidden'}, label), place)
  const draw = () => {
    table.classList.toggle('two', two)
    const head = names && two && h('tr', {}, names.map(name => h('th', {scope: 'col', colspan: 2}, name)))
    fill(place, head, rows.length > 0 ? (two ? inTwo(rows) : inOne(rows)) : h('tr', {}, h('td', {}, t('diff.same'))))
    fill(flip, t(two ? 'diff.unified' : 'diff.beside'))
  }
  const flip = button('', () => {
    two = !two
    choices.set('diff', two ? 'two' : 'one')
    draw()
  })
  draw()
  return h('div', {class: 'difference'}, h('div', {class: 'row end'}, flip), h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label}, table))
}
