// Addresses within the page: `#/domains/shop/scripts?x=y`.

/** The segments and arguments of the current address. */
export const here = () => {
  const [whole, arguments_ = ''] = location.hash.replace(/^#\/?/, '').split('?')
  return {segments: whole.split('/').filter(Boolean).map(decoded), args: new URLSearchParams(arguments_)}
}

const decoded = segment => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** `#/a/b?x=y` of segments and arguments. */
export const address = (segments, args = {}) => {
  const text = new URLSearchParams(Object.entries(args).filter(([, value]) => value !== null && value !== '')).toString()
  return `#/${segments.map(encodeURIComponent).join('/')}${text && `?${text}`}`
}

export const go = (segments, args) => {
  location.hash = address(segments, args)
}

/** The row of `routes` (segments, `:name` for any) that fits, with the values of its names; or null. */
export const match = (routes, segments) => {
  for (const [pattern, view] of routes) {
    const wanted = pattern.split('/').filter(Boolean)
    if (wanted.length !== segments.length) continue
    if (!wanted.every((word, at) => word.startsWith(':') || word === segments[at])) continue
    const named = wanted.map((word, at) => [word.slice(1), segments[at], word.startsWith(':')])
    return {view, params: Object.fromEntries(named.filter(row => row[2]))}
  }
  return null
}
