// What was rolled out when, and the releases that came of it.

import {get, path} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {moment, percent} from '../lib/format.js'
import {t} from '../lib/texts.js'
import {button} from '../parts/form.js'
import {may, page, panel} from '../parts/page.js'
import {changes, rolloutBadge} from '../parts/rollout.js'
import {safely} from '../parts/say.js'
import {badge, pagedTable} from '../parts/table.js'
import {publish, rolloutLink} from './publish.js'
import {rollBack} from './rollback.js'

const release = number => (number === null ? '–' : `#${number}`)

export const view = async ({domain, signal, session}) => {
  const rollouts = await pagedTable(
    t('nav.rollouts'),
    [
      ['', row => rolloutLink(domain, row.id)],
      [t('word.environment'), row => t(`env.${row.environment}`)],
      [t('word.state'), row => [rolloutBadge(row.state), ' ', percent(row.percent)]],
      [t('rollout.change'), row => changes(row.scripts), 'wrap'],
      [t('word.release'), row => `${release(row.from_release)} → ${release(row.to_release)}`],
      [t('word.message'), row => row.message, 'wrap'],
      [t('word.author'), row => row.author],
      [t('word.created'), row => moment(row.created)],
    ],
    path`/domains/${domain}/rollouts`,
    {},
    signal,
  )
  const releases = await pagedTable(
    t('rollouts.releases'),
    [
      [t('word.release'), row => `#${row.number}`],
      [t('word.live'), row => row.live.map(name => badge(t(`env.${name}`), 'good'))],
      [t('nav.scripts'), row => h('ul', {class: 'chips'}, Object.entries(row.scripts).map(([name, n]) => h('li', {}, name, ' ', badge(`v${n}`)))), 'wrap'],
      [t('word.message'), row => row.message, 'wrap'],
      [t('word.author'), row => row.author],
      [t('word.created'), row => moment(row.created)],
    ],
    path`/domains/${domain}/releases`,
    {},
    signal,
  )
  const {environments} = await get(path`/domains/${domain}`, {}, signal)
  const back = environment =>
    environments[environment].release !== null &&
    button(t('rollback.title', {environment: t(`env.${environment}`)}), safely(() => rollBack(domain, environment)))
  return page(
    {
      title: t('nav.rollouts'),
      actions: may(session, domain, 'publish') && [
        back('staging'),
        back('production'),
        button(t('do.publish'), safely(() => publish(domain, {})), {class: 'primary'}),
      ],
    },
    panel(t('nav.rollouts'), rollouts),
    panel(t('rollouts.releases'), releases),
  )
}
