// Fields with labels. Each is the control itself; `labelled` puts it under its words.

import {h} from '../lib/dom.js'

/** A control with its label above and a hint below; a browser that refuses what does not fit its pattern says the hint too. */
export const labelled = (label, control, hint) => {
  if (hint && control.pattern) control.title = hint
  return h('label', {class: 'field'}, h('span', {class: 'label'}, label), control, hint && h('small', {}, hint))
}

export const text = (attributes = {}) => h('input', {type: 'text', autocomplete: 'off', spellcheck: 'false', ...attributes})

export const whole = (attributes = {}) => h('input', {type: 'number', step: '1', ...attributes})

export const area = (attributes = {}) => h('textarea', {spellcheck: 'false', rows: 3, ...attributes})

/** A choice of [value, words] rows. */
export const select = (rows, attributes = {}) =>
  h('select', attributes, rows.map(([value, words]) => h('option', {value}, words)))

/** A box with its words behind it; `.querySelector('input')` is the control. */
export const tick = (label, attributes = {}, hint) =>
  h('label', {class: 'tick'}, h('input', {type: 'checkbox', ...attributes}), h('span', {}, label, hint && h('small', {}, hint)))

export const ticked = element => element.querySelector('input').checked

/** A number, or null for an empty field. */
export const numberOf = control => (control.value.trim() === '' ? null : Number(control.value))

/** The words of a list separated by commas or space. */
export const listOf = control => control.value.split(/[\s,，、]+/).filter(Boolean)

/** `Name: value` lines as pairs. */
export const headersOf = control =>
  control.value
    .split('\n')
    .map(line => line.match(/^\s*([^:]+?)\s*:\s*(.*?)\s*$/))
    .filter(Boolean)
    .map(found => [found[1], found[2]])

export const button = (words, onclick, attributes = {}) => h('button', {type: 'button', onclick, ...attributes}, words)
