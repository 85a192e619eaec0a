// Small memories: choices outlive the browser, texts that are not saved yet outlive a reload of the tab.

const over = storage => ({
  get: key => {
    try {
      return storage().getItem(key)
    } catch {
      return null
    }
  },
  set: (key, value) => {
    try {
      if (value === null) storage().removeItem(key)
      else storage().setItem(key, value)
    } catch {
      // Forbidden or full: what is kept is a comfort, never the only copy that was promised to be safe.
    }
  },
})

export const choices = over(() => localStorage)
export const unsaved = over(() => sessionStorage)

/** Forgets every unsaved text: the next person at this browser has no business with them. */
export const forgetUnsaved = () => {
  try {
    sessionStorage.clear()
  } catch {
    // As above.
  }
}
