// The nodes and what they serve.

import {get} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {ago, number} from '../lib/format.js'
import {repeat} from '../lib/poll.js'
import {known, t} from '../lib/texts.js'
import {labelled, select} from '../parts/form.js'
import {page} from '../parts/page.js'
import {sayError} from '../parts/say.js'
import {badge, table} from '../parts/table.js'

const EVERY_S = 2
const KINDS = {current: 'good', behind: 'warn', offline: '', failed: 'bad'}

/** Columns of a list of nodes; those that serve `wanted` or later are marked. */
export const nodeColumns = (wanted = null) => [
  [t('word.node'), row => h('strong', {}, row.id)],
  [t('word.state'), row => badge(known(`node.${row.state}`, row.state), KINDS[row.state])],
  [t('word.environment'), row => t(`env.${row.environment}`)],
  [t('word.pool'), row => row.pool],
  [t('word.region'), row => row.region || '–'],
  [
    t('word.generation'),
    row => [String(row.generation ?? '–'), ' ', wanted !== null && row.generation >= wanted && badge(t('node.acked'), 'good')],
  ],
  [t('word.seen'), row => ago(row.seen)],
  [t('word.software'), row => row.version],
  [t('word.error'), row => row.error && h('span', {class: 'bad'}, row.error), 'wrap'],
]

const STATES = ['current', 'behind', 'offline', 'failed']

export const view = async ({signal}) => {
  const environment = select([['', t('word.all')], ['staging', t('env.staging')], ['production', t('env.production')]])
  const state = select([['', t('word.all')], ...STATES.map(name => [name, t(`node.${name}`)])])
  const counts = h('p', {class: 'row', role: 'status'})
  const list = h('div')
  const refresh = async () => {
    const answer = await get('/nodes', {environment: environment.value, state: state.value, limit: 200}, signal)
    fill(counts, STATES.map(name => badge(`${t(`node.${name}`)} ${number(answer.counts[name])}`, answer.counts[name] > 0 ? KINDS[name] : '')))
    fill(list, table(t('nav.nodes'), nodeColumns(), answer.items, {empty: t('nodes.empty')}))
  }
  for (const control of [environment, state]) control.addEventListener('change', () => refresh().catch(sayError))
  await refresh()
  repeat(EVERY_S, signal, refresh, sayError)
  return page(
    {title: t('nav.nodes')},
    h('div', {class: 'filters'}, labelled(t('word.environment'), environment), labelled(t('word.state'), state)),
    counts,
    list,
  )
}
