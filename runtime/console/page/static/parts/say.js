// Short news in the corner, read out by screen readers.

import {h} from '../lib/dom.js'
import {known, t} from '../lib/texts.js'

const SHOWN_MS = 6000

/** Words of the page's own, shown as they are. */
export class Said extends Error {
  code = ''
}

/** What a server says, in the only language it speaks. */
export const detail = words => h('small', {class: 'detail', lang: 'en'}, words)

/** An error in words: the problem's code in the reader's language, and below it the server's detail. */
export const explain = error => {
  const said = error.code === undefined ? t('problem.page') : known(`problem.${error.code}`, '')
  if (!said) return error.message || t('view.failed')
  return [said, error.message && error.message !== said && detail(error.message)]
}

export const say = (text, kind = 'good') => {
  const close = () => toast.remove()
  const toast = h(
    'div',
    {class: `toast ${kind}`},
    h('span', {}, text),
    h('button', {type: 'button', class: 'quiet', 'aria-label': t('do.close'), onclick: close}, '×'),
  )
  document.getElementById('announcer').append(toast)
  setTimeout(close, SHOWN_MS)
}

export const sayError = error => {
  if (error.name === 'AbortError' || error.status === 401) return
  say(explain(error), 'bad')
}

/** `act` whose failure is shown in the corner; for handlers of events. */
export const safely = act => async (...given) => {
  try {
    await act(...given)
  } catch (error) {
    sayError(error)
  }
}
