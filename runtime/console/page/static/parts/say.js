// Short news in the corner, read out by screen readers.

import {h} from '../lib/dom.js'
import {known, t} from '../lib/texts.js'

const SHOWN_MS = 6000

/** The sentence for an error: the problem's code in the reader's language, then the server's detail. */
export const explain = error => {
  const said = error.code ? known(`problem.${error.code}`, '') : t('problem.internal')
  if (!said) return error.message
  return error.message && error.message !== said ? t('problem.with-detail', {said, detail: error.message}) : said
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
