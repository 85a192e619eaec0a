// One dictionary. Values of a secret one can be written and never read back.

import {get, patch, path, remove} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {moment, short} from '../lib/format.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {confirm} from '../parts/dialog.js'
import {button, labelled, text} from '../parts/form.js'
import {may, page, panel} from '../parts/page.js'
import {safely, say} from '../parts/say.js'
import {badge, facts, table} from '../parts/table.js'

const SHOWN = 500

export const view = async ({domain, name, signal, session}) => {
  const url = path`/domains/${domain}/dictionaries/${name}`
  const writable = may(session, domain, 'publish')
  let whole = await get(url, {}, signal)
  const place = h('div', {class: 'stack'})
  const search = h('input', {type: 'search', 'aria-label': t('word.filter'), placeholder: t('word.filter')})
  const key = text({required: true, class: 'mono'})
  const value = h('input', {type: whole.secret ? 'password' : 'text', autocomplete: 'off', spellcheck: 'false', class: 'mono'})

  /** Changes on top of what is shown; if somebody else was faster, their state is shown and nothing is changed. */
  const change = async changes => {
    try {
      await patch(url, {set: {}, remove: [], ...changes, revision: whole.revision})
      say(t('say.saved'))
    } catch (error) {
      if (error.code !== 'conflict') throw error
      say(t('dictionary.conflict'), 'warn')
    }
    whole = await get(url, {}, signal)
    draw()
  }
  const add = safely(async event => {
    event.preventDefault()
    await change({set: {[key.value]: value.value}})
    key.value = value.value = ''
    key.focus()
  })
  const take = row => {
    key.value = row
    value.value = whole.entries?.[row] ?? ''
    value.focus()
  }
  const drop = row => confirm({title: t('dictionary.remove'), text: row, yes: t('do.delete'), submit: () => change({remove: [row]})})
  const draw = () => {
    const wanted = search.value.toLowerCase()
    const keys = whole.keys.filter(one => `${one} ${whole.entries?.[one] ?? ''}`.toLowerCase().includes(wanted))
    const shown = keys.slice(0, SHOWN)
    fill(
      place,
      facts([
        [t('word.revision'), whole.revision],
        [t('dictionary.entries'), whole.count],
        [t('word.digest'), h('code', {title: whole.digest}, short(whole.digest))],
        [t('word.saved'), `${moment(whole.saved)} · ${whole.author ?? ''}`],
      ]),
      table(
        t('dictionary.entries'),
        [
          [t('word.key'), row => h('code', {}, row), 'wrap'],
          [t('word.value'), row => (whole.entries === null ? h('span', {class: 'muted'}, t('dictionary.hidden')) : h('code', {}, whole.entries[row])), 'wrap'],
          [
            '',
            row =>
              writable && [
                button(t('do.change'), () => take(row), {class: 'small'}),
                ' ',
                button(t('do.delete'), safely(() => drop(row)), {class: 'small'}),
              ],
            'right',
          ],
        ],
        shown,
      ),
      keys.length > SHOWN && h('p', {class: 'muted'}, t('dictionary.more', {n: keys.length - SHOWN})),
    )
  }
  search.addEventListener('input', draw)
  draw()
  const discard = safely(async () => {
    const gone = await confirm({title: t('dictionary.delete'), text: t('dictionary.delete-text', {name}), yes: t('do.delete'), submit: () => remove(url)})
    if (gone !== null) go(['domains', domain, 'dictionaries'])
  })
  return page(
    {
      title: name,
      above: [address(['domains', domain, 'dictionaries']), t('nav.dictionaries')],
      actions: [whole.secret && badge(t('dictionary.secret'), 'warn'), writable && button(t('do.delete'), discard, {class: 'danger'})],
    },
    writable &&
      panel(
        t('dictionary.set'),
        h(
          'form',
          {class: 'line', onsubmit: add},
          labelled(t('word.key'), key),
          labelled(t('word.value'), value, whole.secret && t('dictionary.secret-hint')),
          h('button', {class: 'primary'}, t('do.save')),
        ),
      ),
    panel(t('dictionary.entries'), search, place),
  )
}
