// Asking again and again while somebody looks.

const wait = (ms, signal) =>
  new Promise(done => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), done()), {once: true})
  })

const seen = signal =>
  document.hidden
    ? new Promise(done => {
        document.addEventListener('visibilitychange', done, {once: true, signal})
        signal.addEventListener('abort', done, {once: true})
      })
    : null

/** Runs `step` now and then every `seconds` until `signal`; `step` returns false to stop. Failures are shown by `failed`. */
export const repeat = async (seconds, signal, step, failed = () => {}) => {
  while (!signal.aborted) {
    try {
      if ((await step()) === false) return
    } catch (error) {
      if (error.name === 'AbortError' || error.status === 401) return
      failed(error)
    }
    await wait(seconds * 1000, signal)
    await seen(signal)
  }
}
