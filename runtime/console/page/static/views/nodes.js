// The nodes and what they serve.

import {get, path, remove} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {ago, number} from '../lib/format.js'
import {repeat} from '../lib/poll.js'
import {known, language, reasonText, t} from '../lib/texts.js'
import {confirm} from '../parts/dialog.js'
import {button, labelled, select} from '../parts/form.js'
import {page} from '../parts/page.js'
import {safely, sayError} from '../parts/say.js'
import {badge, table} from '../parts/table.js'

const EVERY_S = 2
const KINDS = {current: 'good', partly: 'warn', behind: 'warn', offline: '', failed: 'bad'}
export const STATES = Object.keys(KINDS)

/** What is the matter, in the reader's language as far as it has a code; the node's own words tell the rest. */
const matter = (where, said, reason) => {
  const told = reason && language() !== 'en' ? reasonText(reason) : ''
  return [
    told && h('p', {class: 'bad'}, where, told),
    h('p', {class: told ? 'muted' : 'bad', lang: 'en'}, told ? '' : where, said),
  ]
}

/** What a node says is the matter: with itself, and with domains that it does not take. */
const trouble = ({error, reason, refused}) => [
  error && matter('', error, reason),
  refused.map(one => matter(`${one.domain}: `, one.why, one.reason)),
]

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
  [t('word.error'), trouble, 'wrap'],
]

/** Takes a node off the list for good, once that is confirmed; where its token is that of others too, these are named first. */
const removeNode = async id => {
  const ask = (text, submit) => confirm({title: t('node.remove'), text, yes: t('node.remove'), submit})
  const send = values => remove(path`/nodes/${id}`, values)
  let others = []
  const answer = await ask(t('node.remove-text', {name: id}), async () => {
    try {
      await send()
    } catch (error) {
      if (error.code !== 'conflict' || !error.body.nodes) throw error
      others = error.body.nodes
    }
  })
  if (answer === null || others.length === 0) return
  await ask(t('node.remove-shared', {names: others.join(', ')}), () => send({shared: true}))
}

export const view = async ({signal, session}) => {
  const environment = select([['', t('word.all')], ['staging', t('env.staging')], ['production', t('env.production')]])
  const state = select([['', t('word.all')], ...STATES.map(name => [name, t(`node.${name}`)])])
  const counts = h('p', {class: 'row', role: 'status'})
  const list = h('div')
  const removing = row =>
    safely(async () => {
      await removeNode(row.id)
      document.activeElement?.blur() // the button, which may go now
      await refresh()
    })
  const removable = session.operator
    ? [['', row => row.state === 'offline' && button(t('node.remove'), removing(row), {class: 'small'}), 'right']]
    : []
  const refresh = async () => {
    const answer = await get('/nodes', {environment: environment.value, state: state.value, limit: 200}, signal)
    fill(counts, STATES.map(name => badge(`${t(`node.${name}`)} ${number(answer.counts[name])}`, answer.counts[name] > 0 ? KINDS[name] : '')))
    // Who is at a button keeps it.
    if (document.activeElement?.tagName === 'BUTTON' && list.contains(document.activeElement)) return
    fill(list, table(t('nav.nodes'), [...nodeColumns(), ...removable], answer.items, {empty: t('nodes.empty')}))
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
