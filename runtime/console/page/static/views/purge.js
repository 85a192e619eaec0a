// Taking answers out of the nodes' caches.

import {path, post} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {problemList} from '../parts/dialog.js'
import {labelled, select, text, tick, ticked} from '../parts/form.js'
import {page, panel} from '../parts/page.js'
import {say} from '../parts/say.js'

const KINDS = ['url', 'prefix', 'tag']
const SAMPLES = {url: 'http://www.example.com/a.jpg', prefix: 'http://www.example.com/images/', tag: 'news'}

export const view = ({domain}) => {
  const environment = select([['production', t('env.production')], ['staging', t('env.staging')]])
  const kind = select(KINDS.map(name => [name, t(`purge.${name}`)]), {onchange: () => (value.placeholder = SAMPLES[kind.value])})
  const value = text({required: true, maxlength: 8192, class: 'mono', placeholder: SAMPLES.url})
  const soft = tick(t('purge.soft'), {}, t('purge.soft-hint'))
  const errors = h('div', {class: 'errors', role: 'alert', hidden: true})
  const send = async event => {
    event.preventDefault()
    errors.hidden = true
    try {
      const body = {[kind.value]: value.value.trim(), soft: ticked(soft), environment: environment.value}
      const {seq} = await post(path`/domains/${domain}/purge`, body)
      say(t('say.purged', {n: seq}))
    } catch (error) {
      errors.hidden = false
      fill(errors, problemList(error))
    }
  }
  return page(
    {title: t('nav.purge')},
    panel(
      null,
      h(
        'form',
        {class: 'fields narrow-form', onsubmit: send},
        labelled(t('word.environment'), environment),
        labelled(t('purge.kind'), kind, t('purge.kind-hint')),
        labelled(t('word.value'), value),
        soft,
        errors,
        h('div', {class: 'actions'}, h('button', {class: 'primary'}, t('nav.purge'))),
      ),
    ),
  )
}
