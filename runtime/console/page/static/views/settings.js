// The settings of a domain, as JSON; a refusal names the key.

import {get, path, put, remove} from '../lib/api.js'
import {compare} from '../lib/diff.js'
import {fill, h} from '../lib/dom.js'
import {go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {makeEditor} from '../editor/editor.js'
import {difference} from '../parts/difference.js'
import {askForm, openDialog, problemList} from '../parts/dialog.js'
import {button, labelled, text} from '../parts/form.js'
import {may, page, panel} from '../parts/page.js'
import {Said, safely, say} from '../parts/say.js'
import {badge} from '../parts/table.js'

const written = settings => `${JSON.stringify(settings, null, 2)}\n`

const SAMPLE = {
  hosts: ['www.example.com'],
  origin: 'app',
  upstreams: [{name: 'app', servers: ['http://127.0.0.1:8000']}],
  cache: [{path: '/static/*', ttl_s: 3600}],
  headers: [{path: '*', response: {set: {'X-Served-By': 'edge'}}}],
}

/** Somebody else saved first: both texts, and whose goes on. */
const settle = (theirs, mine) => {
  const asked = openDialog(
    {title: t('conflict.title'), wide: true},
    difference(t('conflict.diff'), compare(theirs, mine), [t('conflict.theirs'), t('conflict.mine')]),
    h(
      'div',
      {class: 'actions'},
      button(t('conflict.write-on'), () => asked.close(null)),
      button(t('conflict.take-theirs'), () => asked.close('theirs')),
      button(t('conflict.take-mine'), () => asked.close('mine'), {class: 'primary'}),
    ),
  )
  return asked.done
}

const deleteForm = domain => {
  const again = text({required: true, autocomplete: 'off'})
  return askForm(
    {
      title: t('settings.delete'),
      submitText: t('do.delete'),
      danger: true,
      submit: () => {
        if (again.value !== domain) throw new Said(t('settings.delete-wrong'))
        return remove(path`/domains/${domain}`)
      },
    },
    h('p', {}, t('settings.delete-text', {name: domain})),
    labelled(t('settings.delete-again'), again),
  )
}

export const view = async ({domain, signal, session}) => {
  const url = path`/domains/${domain}`
  let whole = await get(url, {}, signal)
  const revision = h('span')
  const errors = h('div', {class: 'errors', role: 'alert', hidden: true})
  const message = text({maxlength: 1000})
  const writable = may(session, domain, 'edit')
  const refuse = error => {
    errors.hidden = false
    fill(errors, problemList(error))
  }
  const took = answer => {
    whole = {...whole, settings: answer.settings, settings_revision: answer.revision ?? answer.settings_revision}
    fill(revision, badge(t('draft.revision', {n: whole.settings_revision})))
  }
  const send = settings => put(`${url}/settings`, {settings, revision: whole.settings_revision, message: message.value})
  const save = async () => {
    errors.hidden = true
    let settings
    try {
      settings = JSON.parse(editor.text())
    } catch (error) {
      refuse(new Said(t('settings.no-json', {reason: error.message})))
      return
    }
    try {
      took(await send(settings))
    } catch (error) {
      if (error.code !== 'conflict' || !error.body.current) {
        refuse(error)
        return
      }
      const chosen = await settle(written(error.body.current.settings), editor.text())
      if (chosen === null) return
      took(error.body.current)
      if (chosen === 'theirs') {
        editor.replace(written(whole.settings))
        return
      }
      took(await send(settings))
    }
    message.value = ''
    say(t('say.settings'))
  }
  const saveNow = safely(save)
  const editor = await makeEditor({text: written(whole.settings), mode: 'json', label: t('nav.settings'), readOnly: !writable, onSave: saveNow})
  took(whole)
  const discard = safely(async () => {
    if ((await deleteForm(domain)) !== null) go(['domains'])
  })
  return page(
    {
      title: t('nav.settings'),
      actions: [revision, may(session, domain, 'admin') && button(t('settings.delete'), discard, {class: 'quiet'}), writable && button(t('do.save'), saveNow, {class: 'primary'})],
    },
    h('p', {class: 'muted'}, t('settings.text')),
    errors,
    h('div', {class: 'tall'}, editor.node),
    writable && labelled(t('word.message'), message),
    panel(t('settings.sample'), h('pre', {class: 'body', tabindex: '0'}, written(SAMPLE))),
  )
}
