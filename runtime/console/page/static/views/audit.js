// Who did what. Entries are chained by hashes, so that a missing or changed one shows.

import {get} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {moment, number, short} from '../lib/format.js'
import {known, t} from '../lib/texts.js'
import {button} from '../parts/form.js'
import {page} from '../parts/page.js'
import {safely} from '../parts/say.js'
import {badge, pagedTable} from '../parts/table.js'

/** Actions whose subject is the number of a release. */
const RELEASES = new Set(['publish', 'rollback'])

const details = row => {
  const rows = Object.entries(row.details ?? {})
  return (
    rows.length > 0 &&
    h('details', {}, h('summary', {}, t('audit.details', {n: rows.length})), h('pre', {class: 'wrap'}, JSON.stringify(row.details, null, 2)))
  )
}

/** What was acted on: a release says that it is one, and where. */
const subject = row => {
  const where = row.details?.environment
  const words = RELEASES.has(row.action) ? t('release.title', {n: row.subject}) : row.subject
  return where ? [words, ' ', badge(known(`env.${where}`, where))] : words
}

export const view = async ({domain = null, signal, session}) => {
  const verdict = h('p', {class: 'row', role: 'status'})
  const verify = safely(async () => {
    const {entries, intact, broken_at: at} = await get('/audit/verify', {}, signal)
    fill(
      verdict,
      badge(t(intact ? 'audit.intact' : 'audit.broken'), intact ? 'good' : 'bad'),
      intact ? t('audit.entries', {n: number(entries)}) : t('audit.broken-at', {n: at}),
    )
  })
  const columns = [
    ['#', row => row.n, 'right'],
    [t('word.time'), row => moment(row.at)],
    [t('audit.who'), row => h('span', {title: row.token}, row.who)],
    domain === null && [t('word.domain'), row => row.domain || '–'],
    [t('audit.action'), row => h('span', {title: row.action}, badge(known(`audit.action.${row.action}`, row.action)))],
    [t('audit.subject'), subject, 'wrap'],
    ['', details, 'wrap'],
    [t('audit.hash'), row => h('code', {title: row.hash}, short(row.hash))],
  ].filter(Boolean)
  const list = await pagedTable(t('nav.audit'), columns, '/audit', {domain}, signal)
  return page({title: t('nav.audit'), actions: session.operator && button(t('audit.verify'), verify)}, verdict, list)
}
