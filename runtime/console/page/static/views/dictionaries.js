// Edge dictionaries: tables that scripts look into, changed without a new version.

import {all, path, put} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {moment, number, short} from '../lib/format.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {askForm} from '../parts/dialog.js'
import {button, labelled, text, tick, ticked} from '../parts/form.js'
import {may, page} from '../parts/page.js'
import {badge, table} from '../parts/table.js'

const create = domain => async () => {
  const name = text({required: true, pattern: '[A-Za-z0-9_.\\-]{1,64}', maxlength: 64})
  const secret = tick(t('dictionary.secret'), {}, t('dictionary.secret-hint'))
  const made = await askForm(
    {
      title: t('dictionaries.new'),
      submitText: t('do.create'),
      submit: async () => {
        await put(path`/domains/${domain}/dictionaries/${name.value}`, {entries: {}, secret: ticked(secret), revision: 0})
        return name.value
      },
    },
    labelled(t('word.name'), name, t('scripts.name-hint')),
    secret,
  )
  if (made) go(['domains', domain, 'dictionaries', made])
}

export const view = async ({domain, signal, session}) => {
  const rows = await all(path`/domains/${domain}/dictionaries`, {}, signal)
  return page(
    {
      title: t('nav.dictionaries'),
      actions: may(session, domain, 'publish') && button(t('dictionaries.new'), create(domain), {class: 'primary'}),
    },
    table(
      t('nav.dictionaries'),
      [
        [t('word.name'), row => h('a', {href: address(['domains', domain, 'dictionaries', row.name]), class: 'strong'}, row.name)],
        ['', row => row.secret && badge(t('dictionary.secret'), 'warn')],
        [t('dictionary.entries'), row => number(row.count), 'right'],
        [t('word.revision'), row => row.revision, 'right'],
        [t('word.digest'), row => h('code', {title: row.digest}, short(row.digest))],
        [t('word.author'), row => row.author],
        [t('word.saved'), row => moment(row.saved)],
      ],
      rows,
      {empty: t('dictionaries.empty')},
    ),
  )
}
