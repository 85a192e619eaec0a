// The access log as it is written, by a filter; it can be held.

import {get, path} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {clock, number} from '../lib/format.js'
import {follow} from '../lib/stream.js'
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
  /** Elements of what is shown, the oldest first, by the text of their line: after an interruption lines come again. */
  const shown = new Map()
  let leaving = new AbortController()
  let now = 'connecting'
  let held = null
  let missed = 0

  const show = line => {
    const key = JSON.stringify(line)
    if (shown.has(key)) return
    shown.set(key, row(line))
    list.prepend(shown.get(key))
    if (shown.size <= KEPT) return
    const [[oldest, element]] = shown
    element.remove()
    shown.delete(oldest)
  }
  const clear = () => {
    fill(list)
    shown.clear()
  }
  const take = line => {
    if (!held) {
      show(line)
      return
    }
    held.push(line)
    if (held.length > KEPT) held.shift()
    drawState()
  }
  const drawState = (given = now) => {
    now = given
    fill(
      state,
      badge(t(held ? 'logs.held' : `logs.${now}`), held || now === 'lost' ? 'warn' : now === 'live' ? 'good' : ''),
      held && now === 'lost' && badge(t('logs.lost'), 'warn'),
      held && held.length > 0 && t('logs.waiting', {n: number(held.length)}),
      missed > 0 && t('logs.dropped', {n: number(missed)}),
    )
  }
  const open = async () => {
    leaving.abort()
    leaving = new AbortController()
    const either = AbortSignal.any([signal, leaving.signal])
    const url = path`/domains/${domain}/logs`
    const values = {environment: environment.value, filter: filter.value.trim()}
    clear()
    missed = 0
    await follow(url, values, either, {
      begin: async () => {
        const recent = await get(url, {...values, limit: 100}, either)
        recent.items.toSorted((one, other) => one.time - other.time).forEach(held ? take : show)
      },
      state: drawState,
      heard: take,
      noticed: ({code, count}) => {
        if (code === 'dropped') missed += count
        drawState()
      },
    })
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
      button(t('do.clear'), clear),
    ),
    state,
    list,
  )
}
