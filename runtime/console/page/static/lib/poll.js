// Asking again and again while somebody looks.

import {isAway, reached} from './reach.js'
import {pause} from './wait.js'

const seen = async signal => {
  while (document.hidden && !signal.aborted) await pause(60_000, signal, 'visibilitychange')
}

/**
 * Runs `step` now and then every `seconds` until `signal`; `step` returns false to stop. A failure is given to `failed` once,
 * however often it comes again. While the console is away, which the page says by itself, nothing is asked.
 */
export const repeat = async (seconds, signal, step, failed = () => {}) => {
  let told = ''
  while (!signal.aborted) {
    try {
      if ((await step()) === false) return
      told = ''
    } catch (error) {
      if (error.name === 'AbortError' || error.status === 401) return
      if (!isAway(error) && error.message !== told) {
        told = error.message
        failed(error)
      }
    }
    await pause(seconds * 1000, signal)
    await seen(signal)
    await reached(signal)
  }
}
