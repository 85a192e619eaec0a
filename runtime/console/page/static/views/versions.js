// The versions of a script with their evidence.

import {path} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {moment, number} from '../lib/format.js'
import {address} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {page} from '../parts/page.js'
import {badge, pagedTable} from '../parts/table.js'

const liveIn = row => row.live.map(environment => badge(t(`env.${environment}`), 'good'))

/** What speaks for a version: its tests, its findings, its cost. */
export const evidence = ({tests, diagnostics, cost_bound: bound}) => {
  const findings = diagnostics?.length ?? 0
  return [
    tests === null
      ? h('span', {class: 'muted'}, t('version.no-tests'))
      : badge(t('version.tests', {passed: tests.passed, all: tests.passed + tests.failed}), tests.failed > 0 ? 'bad' : 'good'),
    findings > 0 && badge(t('findings.others', {n: findings}), 'warn'),
    bound !== null && h('span', {class: 'muted'}, ` ${t('version.cost', {fuel: number(bound)})}`),
  ]
}

export const view = async ({domain, script, signal}) => {
  const at = (...more) => ['domains', domain, 'scripts', script, ...more]
  const columns = [
    [t('word.version'), row => h('a', {href: address(at('versions', String(row.number))), class: 'strong'}, `v${row.number}`)],
    [t('word.live'), liveIn],
    [t('word.message'), row => row.message, 'wrap'],
    [t('word.author'), row => row.author],
    [t('word.created'), row => moment(row.created)],
    [t('version.evidence'), row => evidence(row.evidence), 'wrap'],
    [
      t('nav.diff'),
      row => [
        row.number > 1 &&
          h('a', {href: address(at('diff'), {from: row.number - 1, to: row.number})}, t('diff.previous')),
        row.number > 1 && ' · ',
        h('a', {href: address(at('diff'), {from: row.number, to: 'draft'})}, t('diff.draft')),
      ],
    ],
  ]
  const list = await pagedTable(t('nav.versions'), columns, path`/domains/${domain}/scripts/${script}/versions`, {}, signal)
  return page({title: t('versions.title', {name: script}), above: [address(at()), script]}, list)
}
