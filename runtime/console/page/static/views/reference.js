// The language's functions and variables beside the editor, searchable.

import {fill, h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {language} from '../editor/editor.js'

const MOST = 60

const entry = one =>
  h(
    'details',
    {},
    h('summary', {}, h('code', {}, one.signature ?? one.name), h('span', {class: 'muted'}, ' ', one.summary ?? '')),
    one.page && h('pre', {class: 'text'}, one.page),
  )

export const referencePanel = () => {
  const list = h('div', {class: 'reference'})
  const search = h('input', {type: 'search', 'aria-label': t('reference.search'), placeholder: t('reference.search')})
  const show = async () => {
    const {functions, variables} = await language()
    const wanted = search.value.trim().toLowerCase().replace(/^\$/, '')
    const rank = one => (one.name.toLowerCase().includes(wanted) ? 0 : 1)
    const found = [...functions, ...variables]
      .filter(one => `${one.name} ${one.summary} ${one.family ?? ''}`.toLowerCase().includes(wanted))
      .sort((one, other) => rank(one) - rank(other))
    fill(list, found.slice(0, MOST).map(entry), found.length > MOST && h('p', {class: 'muted'}, t('reference.more', {n: found.length - MOST})))
  }
  search.addEventListener('input', show)
  show()
  return h('div', {class: 'stack'}, search, list)
}
