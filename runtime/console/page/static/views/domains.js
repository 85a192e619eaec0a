// The list of domains, and making one.

import {all, post} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {moment} from '../lib/format.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {askForm} from '../parts/dialog.js'
import {button, labelled, listOf, text} from '../parts/form.js'
import {page} from '../parts/page.js'
import {badge, table} from '../parts/table.js'

const create = async () => {
  const name = text({required: true, pattern: '[a-z0-9][a-z0-9\\-]{0,62}', maxlength: 63})
  const hosts = text({required: true, placeholder: 'www.example.com, *.example.com'})
  const origin = text({placeholder: 'http://origin.example.com:8080'})
  const made = await askForm(
    {
      title: t('domains.new'),
      submitText: t('do.create'),
      submit: () => {
        const settings = {hosts: listOf(hosts), ...(origin.value.trim() && {origin: origin.value.trim()})}
        return post('/domains', {name: name.value, settings})
      },
    },
    labelled(t('word.name'), name, t('domains.name-hint')),
    labelled(t('word.hosts'), hosts, t('domains.hosts-hint')),
    labelled(t('word.origin'), origin, t('domains.origin-hint')),
  )
  if (made) go(['domains', made.name])
}

const live = environment => domain => {
  const rollout = domain.rollouts[environment]
  return [
    domain.releases[environment] === null ? h('span', {class: 'muted'}, '–') : `#${domain.releases[environment]}`,
    rollout !== null && [
      ' ',
      h('a', {href: address(['domains', domain.name, 'rollouts', String(rollout)])}, badge(t('rollout.running'), 'busy')),
    ],
  ]
}

export const view = async ({signal, session}) => {
  const domains = await all('/domains', {}, signal)
  return page(
    {
      title: t('nav.domains'),
      actions: session.operator && button(t('domains.new'), create, {class: 'primary'}),
    },
    table(
      t('nav.domains'),
      [
        [t('word.name'), row => h('a', {href: address(['domains', row.name]), class: 'strong'}, row.name)],
        [t('word.hosts'), row => row.hosts.join(', '), 'wrap'],
        [t('env.staging'), live('staging')],
        [t('env.production'), live('production')],
        [t('word.created'), row => moment(row.created)],
      ],
      domains,
      {empty: t('domains.empty')},
    ),
  )
}
