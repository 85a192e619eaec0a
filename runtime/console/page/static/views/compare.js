// Two versions against each other: text, rule, and where decisions differ.

import {all, get, path} from '../lib/api.js'
import {parseUnified} from '../lib/diff.js'
import {h} from '../lib/dom.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {difference} from '../parts/difference.js'
import {labelled, select} from '../parts/form.js'
import {page, panel} from '../parts/page.js'
import {table} from '../parts/table.js'

const shown = value => h('code', {}, JSON.stringify(value))

/** A script may have versions alone. */
const hasDraft = async (url, signal) => {
  try {
    await get(`${url}/draft`, {}, signal)
    return true
  } catch (error) {
    if (error.status === 404) return false
    throw error
  }
}

const choose = (domain, script, versions, {from, to, drafted}) => {
  const numbers = versions.map(one => [String(one.number), `v${one.number} · ${one.message}`])
  const visit = () => go(['domains', domain, 'scripts', script, 'diff'], {from: before.value, to: after.value})
  const before = select(numbers, {value: from, onchange: visit})
  const after = select([...(drafted ? [['draft', t('word.draft')]] : []), ...numbers], {value: to, onchange: visit})
  return h('div', {class: 'pair'}, labelled(t('diff.from'), before), labelled(t('diff.to'), after))
}

export const view = async ({domain, script, args, signal}) => {
  const url = path`/domains/${domain}/scripts/${script}`
  const versions = await all(`${url}/versions`, {}, signal, 200)
  const from = args.get('from') ?? String(versions[0]?.number ?? 1)
  const drafted = await hasDraft(url, signal)
  const asked = args.get('to') ?? 'draft'
  const to = asked === 'draft' && !drafted ? String(versions[0]?.number ?? 1) : asked
  const diff = await get(`${url}/diff`, {from, to}, signal)
  const names = [`v${from}`, to === 'draft' ? t('word.draft') : `v${to}`]
  return page(
    {
      title: t('diff.title', {name: script}),
      wide: true,
      above: [address(['domains', domain, 'scripts', script, 'versions']), t('nav.versions')],
    },
    choose(domain, script, versions, {from, to, drafted}),
    panel(t('diff.text'), difference(t('diff.text'), parseUnified(diff.text), names)),
    panel(
      t('diff.rules'),
      table(
        t('diff.rules'),
        [
          [t('diff.setting'), row => h('code', {}, row[0])],
          [names[0], row => shown(row[1][0])],
          [names[1], row => shown(row[1][1])],
        ],
        Object.entries(diff.rules),
        {empty: t('diff.no-rules')},
      ),
    ),
    panel(
      t('diff.decisions'),
      h('p', {class: 'muted'}, t('diff.decisions-hint')),
      table(
        t('diff.decisions'),
        [
          [t('diff.case'), row => row.case, 'wrap'],
          [names[0], row => row.before, 'wrap'],
          [names[1], row => row.after, 'wrap'],
        ],
        diff.decisions,
        {empty: t('diff.no-decisions')},
      ),
    ),
  )
}
