// One domain: what is live where, what is under way.

import {get, path} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {number} from '../lib/format.js'
import {repeat} from '../lib/poll.js'
import {address} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {button} from '../parts/form.js'
import {may, page} from '../parts/page.js'
import {rolloutBadge, stepsBar} from '../parts/rollout.js'
import {safely, sayError} from '../parts/say.js'
import {badge, facts, table} from '../parts/table.js'
import {STATES} from './nodes.js'
import {publish} from './publish.js'
import {rollBack} from './rollback.js'

const EVERY_S = 3

const scripts = (domain, live) => {
  const rows = Object.entries(live)
  if (rows.length === 0) return h('p', {class: 'muted'}, t('overview.no-scripts'))
  return h(
    'ul',
    {class: 'chips'},
    rows.map(([name, version]) =>
      h('li', {}, h('a', {href: address(['domains', domain, 'scripts', name])}, name), ' ', badge(`v${version}`)),
    ),
  )
}

const running = (domain, rollout) =>
  h(
    'div',
    {class: 'notice busy'},
    h(
      'p',
      {class: 'row'},
      rolloutBadge(rollout.state),
      h('a', {href: address(['domains', domain, 'rollouts', String(rollout.id)])}, t('rollout.title', {id: rollout.id})),
      t('rollout.acked', {acked: number(rollout.progress.acked), nodes: number(rollout.progress.nodes)}),
    ),
    stepsBar(rollout),
  )

const environment = (whole, name, session) => {
  const {release, rollout, live} = whole.environments[name]
  return h(
    'section',
    {class: 'card', 'aria-labelledby': `env-${name}`},
    h(
      'div',
      {class: 'row between'},
      h('h2', {id: `env-${name}`}, t(`env.${name}`), ' ', badge(release === null ? t('overview.nothing') : t('release.title', {n: release}), release === null ? '' : 'good')),
      h(
        'div',
        {class: 'row'},
        may(session, whole.name, 'publish') && [
          button(t('do.publish'), safely(() => publish(whole.name, {environment: name})), {class: 'small'}),
          release !== null && button(t('do.roll-back'), safely(() => rollBack(whole.name, name)), {class: 'small'}),
        ],
      ),
    ),
    scripts(whole.name, live),
    rollout && running(whole.name, rollout),
  )
}

const settings = whole =>
  h(
    'section',
    {class: 'card'},
    h('h2', {}, t('nav.settings')),
    facts([
      [t('word.hosts'), (whole.settings.hosts ?? []).join(', ') || '–'],
      [t('word.origin'), whole.settings.origin || '–'],
      [t('word.revision'), h('a', {href: address(['domains', whole.name, 'settings'])}, whole.settings_revision)],
    ]),
  )

const nodes = counts =>
  table(
    t('nav.nodes'),
    [
      [t('word.environment'), row => t(`env.${row.name}`)],
      ...STATES.map(state => [t(`node.${state}`), row => number(row.counts[state]), 'right']),
    ],
    counts,
  )

export const view = async ({domain, signal, session}) => {
  const place = h('div', {class: 'stack'})
  const draw = async () => {
    const url = path`/domains/${domain}`
    const asked = ['staging', 'production'].map(name => get('/nodes', {environment: name, limit: 1}, signal))
    const [whole, ...answers] = await Promise.all([get(url, {}, signal), ...asked])
    const counts = [{name: 'staging', ...answers[0]}, {name: 'production', ...answers[1]}]
    const text = JSON.stringify([whole, counts.map(row => row.counts)])
    // Only what changed is drawn: a button that has the focus keeps it.
    if (text === drawn) return
    drawn = text
    fill(
      place,
      h('div', {class: 'columns'}, environment(whole, 'staging', session), environment(whole, 'production', session)),
      h('div', {class: 'columns'}, settings(whole), h('section', {class: 'card'}, h('h2', {}, t('nav.nodes')), nodes(counts))),
    )
  }
  let drawn = ''
  await draw()
  repeat(EVERY_S, signal, draw, sayError)
  return page(
    {
      title: domain,
      actions: h('a', {class: 'button primary', href: address(['domains', domain, 'scripts'])}, t('nav.scripts')),
    },
    place,
  )
}
