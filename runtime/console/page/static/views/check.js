// What the checker says of a text, as it is typed.

import {question} from '../lib/api.js'
import {trouble} from '../lib/reach.js'

/**
 * Asks the server what is wrong with the text, whenever told to. One question at a time: a text that changes while it is answered is
 * asked about afterwards, as it is then. So nobody waits for a pause in typing, and a fast typist asks no more often than answers come.
 */
export const checker = (draft, script, show, signal) => {
  let asking = false
  let changed = false
  const ask = async () => {
    const {source, rule} = draft.mine()
    try {
      const {diagnostics} = await question('/check', {source, rule, name: script}, signal)
      // Places in a text that has changed since would be wrong.
      if (draft.mine().source === source) show(diagnostics)
    } catch (error) {
      // The text is not harmed by a check that could not be made; saving will say what is the matter.
      if (error.name !== 'AbortError' && error.body?.diagnostics) show(error.body.diagnostics)
    }
  }
  const check = async () => {
    changed = true
    if (asking) return
    asking = true
    while (changed && !signal.aborted) {
      changed = false
      await ask()
    }
    asking = false
  }
  // What could not be asked while the console was away.
  document.addEventListener('reach', () => trouble() === null && check(), {signal})
  return check
}
