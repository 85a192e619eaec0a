// What became of a request: the decision, the scripts with their trace and cost, both header sets, the cache.

import {h} from '../lib/dom.js'
import {number} from '../lib/format.js'
import {known, t} from '../lib/texts.js'
import {badge, facts, table} from '../parts/table.js'

const STATES = {ExecutedAndHit: 'good', ExecutedButNotHit: '', NonExecution: '', Exception: 'bad'}

const decision = result => {
  const to = result.response?.headers?.find(([name]) => name.toLowerCase() === 'location')
  return h(
    'p',
    {class: 'decision'},
    badge(known(`action.${result.action}`, result.action), result.action === 'forward' ? 'good' : 'busy'),
    h('strong', {}, result.status),
    to && h('code', {}, to[1]),
    result.cache && badge(result.cache.status),
  )
}

const script = one =>
  h(
    'details',
    {open: true, class: 'script-run'},
    h(
      'summary',
      {},
      h('strong', {}, one.name),
      badge(known(`pos.${one.position}`, one.position)),
      badge(known(`run.${one.state}`, one.state), STATES[one.state]),
      h('span', {class: 'muted'}, t('run.cost', {fuel: number(one.fuel), us: number(one.time_us, 1)})),
    ),
    one.error &&
      h('p', {class: 'errors'}, `${one.error.line ?? '?'}:${one.error.column ?? '?'} `, one.error.message, h('code', {}, ` ${one.error.code}`)),
    one.trace && one.trace.length > 0 && h('pre', {class: 'trace', tabindex: '0'}, one.trace.join('\n')),
  )

const headers = (caption, rows) =>
  table(caption, [[t('try.header'), row => h('code', {}, row[0])], [t('word.value'), row => row[1], 'wrap mono']], rows)

const caching = result => {
  const {cache} = result
  const rows = [
    [t('run.store'), t(cache.store ? 'word.yes' : 'word.no')],
    [t('run.ttl'), cache.ttl_s === null ? '–' : `${number(cache.ttl_s)} s`],
    [t('run.reason'), cache.reason],
    cache.key && [t('run.key'), h('code', {}, cache.key)],
    cache.tags?.length > 0 && [t('run.tags'), cache.tags.join(' ')],
    result.limit_rate && [t('run.limit-rate'), h('code', {}, JSON.stringify(result.limit_rate))],
  ]
  return facts(rows.filter(Boolean))
}

/** The output of `edgescript run --json`, for people. */
export const runResult = result => [
  decision(result),
  result.scripts.map(script),
  h('h3', {}, t('run.response')),
  result.response && headers(t('run.response'), result.response.headers),
  result.response?.body && h('pre', {class: 'body', tabindex: '0'}, result.response.body),
  result.forward && [
    h('h3', {}, t('run.forward')),
    h('p', {class: 'mono wrap'}, `${result.forward.method} ${result.forward.uri}`),
    headers(t('run.forward'), result.forward.headers),
  ],
  result.cache && [h('h3', {}, t('run.cache')), caching(result)],
]
