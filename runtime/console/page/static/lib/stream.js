// A stream of events that goes on after every interruption, until nobody wants it any more.

import {events} from './api.js'
import {patience, pause} from './wait.js'

/** One connection, from its beginning to its end. */
const connection = (url, values, signal, {opened, heard, noticed}) =>
  new Promise(done => {
    const source = events(url, values)
    const end = () => {
      source.close()
      done()
    }
    signal.addEventListener('abort', end, {once: true})
    source.onopen = opened
    // A browser would try again after some errors and not after others; here it is the same after all of them.
    source.onerror = end
    source.addEventListener('message', event => heard(JSON.parse(event.data)))
    source.addEventListener('notice', event => {
      const notice = JSON.parse(event.data)
      if (notice.code === 'ended') end()
      else noticed(notice)
    })
  })

/**
 * Follows the events of `url`. `begin` is awaited before each connection: what it throws for good (4xx) is thrown, for it says why
 * there will be none. `state` is told 'connecting', 'live' and 'lost'.
 */
export const follow = async (url, values, signal, {begin, state, heard, noticed}) => {
  const patient = patience()
  const opened = () => {
    patient.reset()
    state('live')
  }
  state('connecting')
  while (!signal.aborted) {
    try {
      await begin()
      await connection(url, values, signal, {opened, heard, noticed})
    } catch (error) {
      if (error.name === 'AbortError') return
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        state('ended')
        throw error
      }
    }
    if (signal.aborted) return
    state('lost')
    await pause(patient.next(), signal, 'reach')
  }
}
