// Signing in: a token becomes a session cookie that scripts cannot read. The token itself is kept nowhere.

import {post} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {labelled} from '../parts/form.js'
import {preferences} from '../parts/frame.js'
import {explain} from '../parts/say.js'

export const signIn = start => {
  const token = h('input', {
    type: 'password',
    name: 'token',
    autocomplete: 'current-password',
    required: true,
    spellcheck: 'false',
    placeholder: 'est_…',
  })
  const refused = h('p', {class: 'errors', role: 'alert', hidden: true})
  const send = async event => {
    event.preventDefault()
    try {
      await post('/session', {token: token.value.trim()})
    } catch (error) {
      refused.hidden = false
      fill(refused, error.status === 401 ? t('signin.refused') : explain(error))
      token.select()
      return
    }
    await start()
  }
  document.title = `${t('signin.title')} · EdgeScript`
  return h(
    'main',
    {class: 'signin'},
    h(
      'form',
      {class: 'card', onsubmit: send},
      h('h1', {}, h('span', {class: 'mark', 'aria-hidden': 'true'}, '≣'), 'EdgeScript'),
      labelled(t('signin.token'), token, t('signin.hint')),
      refused,
      h('button', {class: 'primary'}, t('do.sign-in')),
    ),
    h('div', {class: 'row centre'}, preferences(start)),
  )
}
