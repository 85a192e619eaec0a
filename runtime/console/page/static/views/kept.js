// The texts that a conflict refused, and how to have them back.

import {get, path} from '../lib/api.js'
import {compare} from '../lib/diff.js'
import {fill, h} from '../lib/dom.js'
import {ago, moment} from '../lib/format.js'
import {t} from '../lib/texts.js'
import {difference} from '../parts/difference.js'
import {openDialog} from '../parts/dialog.js'
import {button} from '../parts/form.js'
import {safely} from '../parts/say.js'
import {table} from '../parts/table.js'

/** A panel that lists them; `take(kept)` puts one into the editor, `current()` is the text there. */
export const keptPanel = (domain, script, {take, current}) => {
  const place = h('div')
  const show = kept => {
    const shown = openDialog(
      {title: t('kept.title'), wide: true},
      difference(t('kept.diff'), compare(current(), kept.source), [t('kept.editor'), t('kept.kept')]),
      h(
        'div',
        {class: 'actions'},
        button(t('do.close'), () => shown.close(null)),
        button(t('kept.take'), () => (take(kept), shown.close(null)), {class: 'primary'}),
      ),
    )
  }
  const load = safely(async () => {
    const {items} = await get(path`/domains/${domain}/scripts/${script}/conflicts`, {limit: 50})
    const columns = [
      [t('word.saved'), row => h('span', {title: moment(row.saved)}, ago(row.saved))],
      [t('word.author'), row => row.author],
      [t('kept.started'), row => row.revision, 'right'],
      ['', row => button(t('kept.show'), () => show(row), {class: 'small'})],
    ]
    fill(place, h('p', {class: 'muted'}, t('kept.text')), table(t('kept.title'), columns, items))
  })
  return {node: place, load}
}
