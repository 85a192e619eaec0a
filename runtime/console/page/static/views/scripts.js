// The scripts of a domain.

import {all, path} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {askForm} from '../parts/dialog.js'
import {button, labelled, text} from '../parts/form.js'
import {may, page} from '../parts/page.js'
import {safely} from '../parts/say.js'
import {badge, table} from '../parts/table.js'
import {publish} from './publish.js'

const create = domain => async () => {
  const name = text({required: true, pattern: '[A-Za-z0-9_.\\-]{1,64}', maxlength: 64})
  const made = await askForm(
    {title: t('scripts.new'), submitText: t('do.create'), submit: () => name.value},
    labelled(t('word.name'), name, t('scripts.name-hint')),
  )
  if (made) go(['domains', domain, 'scripts', made])
}

const version = number => (number === null ? h('span', {class: 'muted'}, '–') : badge(`v${number}`))

export const view = async ({domain, signal, session}) => {
  const rows = await all(path`/domains/${domain}/scripts`, {}, signal)
  const at = (name, ...more) => address(['domains', domain, 'scripts', name, ...more])
  return page(
    {
      title: t('nav.scripts'),
      actions: [
        may(session, domain, 'publish') &&
          rows.length > 0 &&
          button(t('do.publish'), safely(() => publish(domain, {})), {}),
        may(session, domain, 'edit') && button(t('scripts.new'), create(domain), {class: 'primary'}),
      ],
    },
    table(
      t('nav.scripts'),
      [
        [t('word.name'), row => h('a', {href: at(row.name), class: 'strong'}, row.name)],
        [t('rule.pos'), row => (row.rule.pos ? t(`pos.${row.rule.pos}`) : t('pos.auto'))],
        [t('rule.pri'), row => row.rule.pri, 'right'],
        [t('word.state'), row => badge(t(row.rule.enable ? 'word.on' : 'word.off'), row.rule.enable ? 'good' : '')],
        [
          t('word.draft'),
          row => (row.draft === null ? '–' : row.draft.changed ? badge(t('draft.changed'), 'warn') : t('draft.same')),
        ],
        [t('word.latest'), row => version(row.latest)],
        [t('env.staging'), row => version(row.live.staging)],
        [t('env.production'), row => version(row.live.production)],
        ['', row => h('a', {href: at(row.name, 'versions')}, t('nav.versions'))],
      ],
      rows,
      {empty: t('scripts.empty')},
    ),
  )
}
