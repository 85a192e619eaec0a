// Whether the console answers. Requests tell; while it does not, it is asked now and then until it does. The document hears of
// both turns as `reach`.

import {patience, pause} from './wait.js'

const AWAY = new Set(['unreachable', 'store-unavailable'])

let why = null

/** The code of what is the matter, or null. */
export const trouble = () => why

/** Whether `error` says that the console is away, which is told once and for everything. */
export const isAway = error => AWAY.has(error.code)

const turn = code => {
  if (why === code) return
  why = code
  document.dispatchEvent(new Event('reach'))
}

/** What a look at it says: null where it is ready. */
const look = async () => {
  try {
    const answer = await fetch('/readyz', {cache: 'no-store'})
    if (answer.ok) return null
    return (await answer.json()).code ?? 'store-unavailable'
  } catch {
    return 'unreachable'
  }
}

const watch = async () => {
  const patient = patience()
  while (why !== null) {
    await pause(patient.next())
    if (why !== null) turn(await look())
  }
}

/** Told of every request: `code` of its problem, null where the console answered by itself. */
export const heard = code => {
  const before = why
  if (AWAY.has(code)) turn(code)
  // A store that is away keeps the console from some answers only: that it is back is seen by looking.
  else if (why === 'unreachable') turn(null)
  if (before === null && why !== null) watch()
}

/** Resolves when the console answers, or when `signal` is aborted. */
export const reached = async signal => {
  while (why !== null && !signal.aborted) await pause(60_000, signal, 'reach')
}
