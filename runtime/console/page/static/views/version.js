// One version: its text, its rule, what speaks for it; and making it the draft again.

import {get, path} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {moment, short, yesNo} from '../lib/format.js'
import {unsaved} from '../lib/keep.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {makeEditor} from '../editor/editor.js'
import {findingList} from '../parts/findings.js'
import {button} from '../parts/form.js'
import {may, page, panel} from '../parts/page.js'
import {safely} from '../parts/say.js'
import {badge, facts, table} from '../parts/table.js'
import {draftKey} from './draft.js'
import {evidence} from './versions.js'

/** Puts the version's text into the editor as something not saved yet, on top of the draft there is. */
const edit = (domain, version) => async () => {
  const draft = await get(path`/domains/${domain}/scripts/${version.script}/draft`).catch(error => {
    if (error.status === 404) return {revision: 0}
    throw error
  })
  const {source, rule, tests} = version
  unsaved.set(draftKey(domain, version.script), JSON.stringify({source, rule, tests, revision: draft.revision}))
  go(['domains', domain, 'scripts', version.script])
}

const ruleFacts = rule => [
  [t('rule.pos'), t(`pos.${rule.pos ?? 'auto'}`)],
  [t('rule.pri'), rule.pri],
  [t('rule.enable'), yesNo(rule.enable)],
  [t('rule.brk'), yesNo(rule.brk)],
  [t('rule.on_error'), t(`on-error.${rule.on_error ?? 'auto'}`)],
  [t('rule.testip'), rule.testip || '–'],
  [t('rule.option'), rule.option || '–'],
]

const cases = tests =>
  table(
    t('script.tests'),
    [
      [t('word.state'), row => badge(t(row.passed ? 'test.passed' : 'test.failed'), row.passed ? 'good' : 'bad')],
      [t('word.name'), row => row.name],
      [t('word.message'), row => row.message, 'wrap'],
    ],
    tests.cases,
  )

export const view = async ({domain, script, number, signal, session}) => {
  const version = await get(path`/domains/${domain}/scripts/${script}/versions/${number}`, {}, signal)
  const text = await makeEditor({text: version.source, mode: 'edgescript', label: t('script.source', {name: script}), readOnly: true})
  const at = (...more) => ['domains', domain, 'scripts', script, ...more]
  const {diagnostics, tests} = version.evidence
  return page(
    {
      title: t('version.title', {name: script, n: version.number}),
      wide: true,
      above: [address(at('versions')), t('nav.versions')],
      actions: [
        h('a', {class: 'button', href: address(at('diff'), {from: version.number, to: 'draft'})}, t('version.compare')),
        may(session, domain, 'edit') && button(t('version.edit'), safely(edit(domain, version)), {}),
      ],
    },
    h(
      'div',
      {class: 'desk'},
      h('div', {class: 'desk-text'}, text.node),
      h(
        'div',
        {class: 'stack'},
        panel(
          null,
          facts([
            [t('word.message'), version.message],
            [t('word.author'), version.author],
            [t('word.created'), moment(version.created)],
            [t('word.digest'), h('code', {title: version.digest}, short(version.digest))],
            [t('version.evidence'), evidence(version.evidence)],
          ]),
        ),
        panel(t('rule.title'), facts(ruleFacts(version.rule))),
        tests && panel(t('script.tests'), cases(tests)),
        diagnostics?.length > 0 && panel(t('findings.title'), findingList(diagnostics, text.goTo)),
      ),
    ),
  )
}
