// The access log as it is written, by a filter; it can be held.

import {events, get, path} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {clock, number} from '../lib/format.js'
import {t} from '../lib/texts.js'
import {button, labelled, select} from '../parts/form.js'
import {badge} from '../parts/table.js'
import {page} from '../parts/page.js'
import {sayError} from '../parts/say.js'

const KEPT = 500
const STATES = {ExecutedAndHit: 'good', Exception: 'bad'}

const statusKind = status => (status >= 500 ? 'bad' : status >= 400 ? 'warn' : '')

const row = line =>
  h(
    'li',
    {},
    h(
      'details',
      {},
      h(
        'summary',
        {},
        h('time', {}, clock(line.time)),
        badge(line.status, statusKind(line.status)),
        h('span', {class: 'method'}, line.method),
        h('span', {class: 'uri'}, `${line.host ?? ''}${line.uri ?? ''}`),
        h('span', {class: 'muted'}, line.cache),
        (line.scripts ?? []).map(one => badge(`${one.name} v${one.version}`, STATES[one.state] ?? '')),
        h('span', {class: 'muted'}, line.node),
      ),
      h('pre', {class: 'wrap'}, JSON.stringify(line, null, 2)),
    ),
  )

export const view = async ({domain, args, signal}) => {
  const environment = select([['production', t('env.production')], ['staging', t('env.staging')]], {value: args.get('environment') ?? 'production'})
  const filter = h('input', {type: 'search', value: args.get('filter') ?? '', placeholder: 'status=403 uri~/api', class: 'mono'})
  const list = h('ol', {class: 'log', 'aria-label': t('nav.logs'), 'data-empty': t('logs.empty'), tabindex: '0'})
  const state = h('p', {class: 'row muted', role: 'status'})
  let source = null
  let held = null
  let missed = 0

  const trim = () => {
    while (list.childElementCount > KEPT) list.lastElementChild.remove()
  }
  const show = line => {
    list.prepend(row(line))
    trim()
  }
  const take = event => {
    const line = JSON.parse(event.data)
    if (!held) return show(line)
    held.push(line)
    if (held.length > KEPT) held.shift()
    return drawState()
  }
  const notice = event => {
    const {code, count} = JSON.parse(event.data)
    if (code === 'dropped') missed += count
    if (code === 'ended') source.close()
    drawState(code === 'ended' ? 'ended' : undefined)
  }
  const drawState = (now = ['connecting', 'live', 'ended'][source?.readyState ?? 2]) =>
    fill(
      state,
      badge(t(held ? 'logs.held' : `logs.${now}`), held ? 'warn' : now === 'live' ? 'good' : ''),
      held && held.length > 0 && t('logs.waiting', {n: number(held.length)}),
      missed > 0 && t('logs.dropped', {n: number(missed)}),
    )
  const open = async () => {
    source?.close()
    const url = path`/domains/${domain}/logs`
    const values = {environment: environment.value, filter: filter.value.trim()}
    const recent = await get(url, {...values, limit: 100}, signal)
    fill(list)
    missed = recent.dropped ?? 0
    recent.items.toSorted((one, other) => one.time - other.time).forEach(show)
    source = events(url, values)
    source.onopen = source.onerror = () => drawState()
    source.addEventListener('message', take)
    source.addEventListener('notice', notice)
    drawState()
  }
  const hold = button(t('logs.pause'), () => {
    const lines = held
    held = held ? null : []
    fill(hold, t(held ? 'logs.resume' : 'logs.pause'))
    hold.setAttribute('aria-pressed', String(Boolean(held)))
    lines?.forEach(show)
    drawState()
  })
  const submit = event => {
    event.preventDefault()
    open().catch(sayError)
  }
  environment.addEventListener('change', submit)
  signal.addEventListener('abort', () => source?.close())
  open().catch(sayError)
  return page(
    {title: t('nav.logs'), wide: true},
    h(
      'form',
      {class: 'filters', onsubmit: submit},
      labelled(t('word.environment'), environment),
      h('div', {class: 'grow'}, labelled(t('word.filter'), filter, t('logs.filter-hint'))),
      h('button', {}, t('do.filter')),
      hold,
      button(t('do.clear'), () => fill(list)),
    ),
    state,
    list,
  )
}
