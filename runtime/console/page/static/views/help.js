// The keys, and whether those of one letter count.

import {h} from '../lib/dom.js'
import {chord, setSingleKeys, singleKeys} from '../lib/keys.js'
import {t} from '../lib/texts.js'
import {openDialog} from '../parts/dialog.js'
import {button, tick} from '../parts/form.js'
import {SHORTCUTS} from '../routes.js'

const keys = () => [
  ['?', t('help.title')],
  ['/', t('help.search')],
  ...SHORTCUTS.map(([letter, , key]) => [`g ${letter}`, t(key)]),
  [chord('S'), t('help.save')],
  [chord('Enter'), t('help.try')],
  [chord('Space'), t('help.complete')],
  [chord('F'), t('help.find')],
  ['F8', t('help.next')],
  ['Esc Tab', t('help.leave')],
  ['Esc', t('help.escape')],
]

export const showHelp = () => {
  const shown = openDialog(
    {title: t('help.title')},
    h('dl', {class: 'keys'}, keys().map(([key, words]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, words)))),
    tick(t('help.single'), {checked: singleKeys(), onchange: event => setSingleKeys(event.target.checked)}),
    h('div', {class: 'actions'}, button(t('do.close'), () => shown.close(null), {class: 'primary'})),
  )
}
