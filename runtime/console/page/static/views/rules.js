// The vendor's rule JSON: taking what one has along, both ways.

import {get, path, post} from '../lib/api.js'
import {download, fill, h} from '../lib/dom.js'
import {address} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {problemList} from '../parts/dialog.js'
import {findingList} from '../parts/findings.js'
import {button, labelled} from '../parts/form.js'
import {may, page, panel} from '../parts/page.js'
import {Said, safely, say} from '../parts/say.js'
import {badge} from '../parts/table.js'

const imported = (domain, items) =>
  h(
    'ul',
    {class: 'plain'},
    items.map(one =>
      h(
        'li',
        {},
        h('a', {href: address(['domains', domain, 'scripts', one.name]), class: 'strong'}, one.name),
        ' ',
        badge(t('draft.revision', {n: one.revision})),
        findingList(one.diagnostics),
      ),
    ),
  )

export const view = async ({domain, signal, session}) => {
  const url = path`/domains/${domain}/rules`
  const rules = await get(url, {}, signal)
  const exported = `${JSON.stringify(rules, null, 2)}\n`
  const given = h('textarea', {rows: 10, class: 'mono', spellcheck: 'false', required: true, placeholder: '[{"name": "auth", "pos": "head", "pri": "0", "enable": "on", "rule": "…"}]'})
  const file = h('input', {type: 'file', accept: '.json,application/json'})
  const result = h('div', {role: 'status'})
  const errors = h('div', {class: 'errors', role: 'alert', hidden: true})
  file.addEventListener('change', safely(async () => file.files[0] && (given.value = await file.files[0].text())))
  const send = async event => {
    event.preventDefault()
    errors.hidden = true
    try {
      const parsed = JSON.parse(given.value)
      const {items} = await post(url, Array.isArray(parsed) ? parsed : [parsed])
      fill(result, imported(domain, items))
      say(t('say.imported', {n: items.length}))
    } catch (error) {
      errors.hidden = false
      fill(errors, problemList(error instanceof SyntaxError ? new Said(t('settings.no-json', {reason: error.message})) : error))
    }
  }
  return page(
    {title: t('nav.rules')},
    h('p', {class: 'muted'}, t('rules.text')),
    may(session, domain, 'edit') &&
      panel(
        t('rules.import'),
        h(
          'form',
          {class: 'fields', onsubmit: send},
          labelled(t('rules.file'), file),
          labelled(t('rules.json'), given, t('rules.import-hint')),
          errors,
          h('div', {class: 'actions'}, h('button', {class: 'primary'}, t('rules.import'))),
        ),
        result,
      ),
    panel(
      t('rules.export'),
      h('div', {class: 'row'}, button(t('do.download'), () => download(`${domain}.rules.json`, exported))),
      h('pre', {class: 'body', tabindex: '0'}, exported),
    ),
  )
}
