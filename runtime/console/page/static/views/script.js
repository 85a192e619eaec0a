// Writing a script: the text with its findings, its rule, its tests, trying it, saving it.

import {all, path, post, remove} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {ago} from '../lib/format.js'
import {chord, isChord} from '../lib/keys.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {makeEditor} from '../editor/editor.js'
import {confirm} from '../parts/dialog.js'
import {findingPanel} from '../parts/findings.js'
import {button} from '../parts/form.js'
import {may, page} from '../parts/page.js'
import {Said, safely, say} from '../parts/say.js'
import {badge} from '../parts/table.js'
import {tabs} from '../parts/tabs.js'
import {checker} from './check.js'
import {settle} from './conflict.js'
import {openDraft} from './draft.js'
import {keptPanel} from './kept.js'
import {publish} from './publish.js'
import {referencePanel} from './reference.js'
import {ruleForm} from './rule_form.js'
import {tryPanel} from './tryit.js'
import {AS_IT_IS, publishForm, versionForm} from './version_form.js'

export const view = async ({domain, script, signal, session}) => {
  const draft = await openDraft(domain, script, signal)
  const writable = may(session, domain, 'edit')
  const state = h('span', {class: 'draft-state', role: 'status'})
  const findings = findingPanel((line, column) => editor.goTo(line, column))
  const showFindings = list => {
    editor.mark(list)
    findings.show(list)
  }
  const drawState = () => {
    const {author, saved} = draft.saved()
    fill(
      state,
      draft.dirty()
        ? badge(t('draft.unsaved'), 'warn')
        : draft.revision() === 0
          ? badge(t('draft.new'))
          : [badge(t('draft.revision', {n: draft.revision()})), h('span', {class: 'muted'}, ` ${author ?? ''} ${ago(saved)}`)],
    )
  }
  const check = checker(draft, script, showFindings, signal)
  const typed = () => {
    draft.type({source: editor.text(), rule: rule.rule(), tests: tests.text() || null})
    drawState()
    check()
  }
  const replace = given => {
    editor.replace(given.source)
    rule.replace(given.rule)
    tests.replace(given.tests ?? '')
    typed()
  }

  /** Saves; two authors at once are asked which text goes on. Says whether what was typed is saved now. */
  const save = async () => {
    try {
      await draft.save()
    } catch (error) {
      if (error.code !== 'conflict' || !error.body.current) throw error
      const theirs = error.body.current
      const chosen = await settle(theirs, draft.mine())
      if (chosen === null) return false
      draft.accept(theirs)
      if (chosen === 'theirs') {
        replace(theirs)
        return false
      }
      await draft.save(theirs.revision)
    }
    drawState()
    showFindings(draft.saved().diagnostics)
    return !draft.dirty()
  }
  const saveNow = safely(async () => {
    if (!writable) return
    if (await save()) say(t('say.saved'))
  })
  const makeVersion = async message => {
    try {
      return await post(path`/domains/${domain}/scripts/${script}/versions`, {message, revision: draft.revision()})
    } catch (error) {
      if (error.body?.diagnostics) showFindings(error.body.diagnostics)
      throw error
    }
  }
  const saveVersion = safely(async () => {
    if (!(await save())) return
    const made = await versionForm(makeVersion)
    if (made) say(t('say.version', {n: made.number}))
  })
  const publishNow = safely(async () => {
    const rows = await all(path`/domains/${domain}/scripts`)
    const known = rows.find(row => row.name === script)
    if (draft.dirty() || !known || known.draft?.changed) {
      const answer = await publishForm(known?.latest ?? null, async message => {
        if (!(await save())) throw new Said(t('publish.not-saved'))
        return makeVersion(message)
      })
      if (answer === null) return
      if (answer !== AS_IT_IS) say(t('say.version', {n: answer.number}))
    }
    await publish(domain, {script})
  })
  const discard = safely(async () => {
    const gone = await confirm({
      title: t('script.discard'),
      text: t('script.discard-text', {name: script}),
      yes: t('do.delete'),
      submit: async () => {
        if (draft.revision() > 0) await remove(path`/domains/${domain}/scripts/${script}/draft`)
        draft.forget()
      },
    })
    if (gone) go(['domains', domain, 'scripts'])
  })

  const mine = draft.mine()
  const trial = tryPanel(domain, script, () => draft.mine(), showFindings)
  const editor = await makeEditor({
    text: mine.source,
    mode: 'edgescript',
    label: t('script.source', {name: script}),
    readOnly: !writable,
    onChange: () => typed(),
    onSave: saveNow,
    onTry: trial.run,
  })
  const tests = await makeEditor({
    text: mine.tests ?? '',
    mode: 'toml',
    label: t('script.tests'),
    readOnly: !writable,
    onChange: () => typed(),
    onSave: saveNow,
    onTry: trial.run,
  })
  const rule = ruleForm(mine.rule, () => typed())
  const kept = keptPanel(domain, script, {take: replace, current: editor.text})
  const side = tabs(t('script.beside'), [
    [t('try.title'), trial.node],
    [t('rule.title'), rule.node],
    [t('script.tests'), h('div', {class: 'stack'}, h('p', {class: 'muted'}, t('script.tests-hint')), tests.node)],
    [t('reference.title'), referencePanel()],
    [t('kept.title'), kept.node],
  ])
  side.node.addEventListener('click', event => event.target.role === 'tab' && event.target.textContent === t('kept.title') && kept.load())
  addEventListener('beforeunload', event => draft.dirty() && event.preventDefault(), {signal})
  const keys = event => {
    const act = isChord(event, 's') ? saveNow : isChord(event, 'Enter') ? trial.run : null
    if (!act || event.defaultPrevented || document.querySelector('dialog[open]')) return
    event.preventDefault()
    act()
  }
  addEventListener('keydown', keys, {signal})
  drawState()
  showFindings(draft.saved().diagnostics)
  check()
  if (draft.restored) say(t('say.restored'), 'warn')

  const at = (...more) => address(['domains', domain, 'scripts', script, ...more])
  return page(
    {
      title: script,
      wide: true,
      above: [address(['domains', domain, 'scripts']), t('nav.scripts')],
      actions: [
        state,
        h('a', {class: 'button', href: at('versions')}, t('nav.versions')),
        writable && button(t('script.discard'), discard, {class: 'quiet'}),
        writable && button(t('do.save-draft'), saveNow, {title: chord('S')}),
        writable && button(t('do.save-version'), saveVersion),
        may(session, domain, 'publish') &&
          button(t('do.publish'), publishNow, {class: 'primary'}),
      ],
    },
    h('div', {class: 'desk'}, h('div', {class: 'desk-text'}, editor.node, findings.node), side.node),
  )
}
