// Waiting, which an abort ends early.

/** Back after `ms` milliseconds, or when one of `names` happens to the document, or when `signal` is aborted. */
export const pause = (ms, signal, ...names) =>
  new Promise(done => {
    const over = new AbortController()
    const end = () => {
      clearTimeout(timer)
      over.abort()
      done()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, {once: true, signal: over.signal})
    for (const name of names) document.addEventListener(name, end, {once: true, signal: over.signal})
  })

/** Milliseconds between attempts, each twice the one before. */
export const patience = (first = 500, most = 5000) => {
  let next = first
  return {
    next: () => {
      const now = next
      next = Math.min(2 * next, most)
      return now
    },
    reset: () => {
      next = first
    },
  }
}
