// Elements from data. Data only ever becomes text nodes, attributes and properties: nothing here parses HTML.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'selected', 'open', 'readOnly', 'indeterminate'])

const setAttribute = (element, name, value) => {
  if (name.startsWith('on') && typeof value === 'function') element.addEventListener(name.slice(2), value)
  else if (PROPERTIES.has(name)) element[name] = value
  else if (name === 'data') Object.assign(element.dataset, value)
  else if (value === true) element.setAttribute(name, '')
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value)
}

/** An element; children may be nodes, texts, numbers, lists of these, and null or false for nothing. */
export const h = (tag, attributes, ...children) => {
  const element = document.createElement(tag)
  element.append(...nodes(children))
  // After the children: a select's value names one of its options.
  for (const [name, value] of Object.entries(attributes ?? {})) setAttribute(element, name, value)
  return element
}

const nodes = children =>
  children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false && child !== '')

/** Puts `children` in place of all that `element` has. */
export const fill = (element, ...children) => {
  element.replaceChildren(...nodes(children))
  return element
}

/** Saves `text` as a file of the user's. */
export const download = (name, text, type = 'application/json') => {
  const url = URL.createObjectURL(new Blob([text], {type}))
  h('a', {href: url, download: name}).click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
