// Dialogs. <dialog> traps the focus, closes on Escape and gives the focus back by itself.

import {fill, h} from '../lib/dom.js'
import {chord, isChord} from '../lib/keys.js'
import {known, t} from '../lib/texts.js'
import {explain} from './say.js'

let count = 0

/** An open dialog; `close` ends it with a result that `done` resolves to (null by Escape). */
export const openDialog = ({title, wide = false}, ...content) => {
  const id = `dialog-${(count += 1)}`
  const dialog = h('dialog', {'aria-labelledby': id, class: wide ? 'wide' : ''}, h('h2', {id}, title), ...content)
  let result = null
  const done = new Promise(resolve =>
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(result)
    }),
  )
  const close = value => {
    result = value
    dialog.close()
  }
  document.body.append(dialog)
  dialog.showModal()
  // Leaving the page for another view ends what was asked there.
  addEventListener('hashchange', () => dialog.close(), {once: true})
  return {dialog, close, done}
}

/** The problems of a refused form, those of named keys with their names. */
export const problemList = error => {
  const rows = (error.body?.problems ?? []).map(({where, message}) => h('li', {}, h('code', {}, where), ' ', h('span', {lang: 'en'}, message)))
  if (rows.length === 0) return [h('p', {}, explain(error))]
  return [h('p', {}, known(`problem.${error.code}`, error.message)), h('ul', {}, rows)]
}

/**
 * Asks with a form. `submit` does the work; what it throws is shown and the form stays. Resolves to its result, or null;
 * `others` are further answers, [words, result], that need no work.
 */
export const askForm = ({title, wide, submitText, danger, submit, others = []}, ...fields) => {
  const errors = h('div', {class: 'errors', role: 'alert', hidden: true})
  const button = h('button', {class: danger ? 'danger' : 'primary', title: chord('Enter')}, submitText ?? t('do.save'))
  const send = async event => {
    event.preventDefault()
    button.disabled = true
    try {
      asked.close((await submit()) ?? true)
    } catch (error) {
      errors.hidden = false
      fill(errors, problemList(error))
    }
    button.disabled = false
  }
  const cancel = h('button', {type: 'button', onclick: () => asked.close(null)}, t('do.cancel'))
  const more = others.map(([words, result]) => h('button', {type: 'button', onclick: () => asked.close(result)}, words))
  const keys = event => {
    if (!isChord(event, 'Enter') || button.disabled) return
    event.preventDefault()
    form.requestSubmit(button)
  }
  const form = h('form', {onsubmit: send, onkeydown: keys}, fields, h('div', {class: 'foot'}, errors, h('div', {class: 'actions'}, cancel, more, button)))
  const asked = openDialog({title, wide}, form)
  return asked.done
}

/** Asks yes or no. */
export const confirm = ({title, text, yes, danger = true, submit = () => true}, ...more) =>
  askForm({title, submitText: yes, danger, submit}, h('p', {}, text), more)
