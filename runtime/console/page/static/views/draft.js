// The draft of a script as one author holds it: what the server has, what is typed, and how the two meet.

import {get, path, put} from '../lib/api.js'
import {unsaved} from '../lib/keep.js'
import {EMPTY_RULE} from './rule_form.js'

const NEW = {revision: 0, source: '', rule: EMPTY_RULE, tests: null, diagnostics: []}

const loaded = async (url, signal) => {
  try {
    return await get(url, {}, signal)
  } catch (error) {
    if (error.status === 404) return NEW
    throw error
  }
}

const written = draft => JSON.stringify([draft.source, {...EMPTY_RULE, ...draft.rule}, draft.tests || null])

/** Under which a tab keeps a text that is not saved. */
export const draftKey = (domain, script) => `draft:${domain}:${script}`

/** The server's draft, or a new one, and the text this tab had not saved when it was left. */
export const openDraft = async (domain, script, signal) => {
  const url = path`/domains/${domain}/scripts/${script}/draft`
  const key = draftKey(domain, script)
  let saved = await loaded(url, signal)
  let mine = {source: saved.source, rule: saved.rule, tests: saved.tests}
  let base = saved.revision
  const left = JSON.parse(unsaved.get(key) ?? 'null')
  const restored = left !== null && written(left) !== written(saved)
  if (restored) {
    base = left.revision
    mine = left
  }
  const accept = draft => {
    saved = draft
    base = draft.revision
  }
  const dirty = () => written(mine) !== written(saved)
  return {
    restored,
    saved: () => saved,
    mine: () => mine,
    revision: () => base,
    dirty,
    /** Takes what was typed; it outlives a reload until it is saved. */
    type: given => {
      mine = given
      unsaved.set(key, dirty() ? JSON.stringify({...mine, revision: base}) : null)
    },
    /** Saves on top of `revision`; 409 is the caller's to settle. */
    save: async (revision = base) => {
      const sent = mine
      accept(await put(url, {source: sent.source, rule: {...EMPTY_RULE, ...sent.rule}, tests: sent.tests || null, revision}))
      unsaved.set(key, dirty() ? JSON.stringify({...mine, revision: base}) : null)
      return saved
    },
    /** What somebody else saved meanwhile is now what this author starts from. */
    accept,
    forget: () => unsaved.set(key, null),
  }
}
