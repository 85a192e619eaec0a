// Comforts that `make page` builds out of packages. Where they were not built there is null, and the page does without.

const asked = new Map()

/** The module `built/NAME.js`, or null. */
export const built = name => {
  if (!asked.has(name)) asked.set(name, import(`/static/built/${name}.js`).catch(() => null))
  return asked.get(name)
}
