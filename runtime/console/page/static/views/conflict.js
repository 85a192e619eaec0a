// Two authors saved at once: both texts side by side, and the choice. The refused one is kept by the server whatever is chosen.

import {compare} from '../lib/diff.js'
import {h} from '../lib/dom.js'
import {ago} from '../lib/format.js'
import {t} from '../lib/texts.js'
import {difference} from '../parts/difference.js'
import {openDialog} from '../parts/dialog.js'
import {button} from '../parts/form.js'

/** Resolves to 'mine', 'theirs', or null to go on writing. */
export const settle = (theirs, mine) => {
  const words = {who: theirs.author ?? '–', when: ago(theirs.saved), n: theirs.revision}
  const rows = compare(theirs.source, mine.source)
  const sameText = theirs.source === mine.source
  const sameRest =
    JSON.stringify(theirs.rule) === JSON.stringify(mine.rule) && (theirs.tests || null) === (mine.tests || null)
  const asked = openDialog(
    {title: t('conflict.title'), wide: true},
    h('p', {}, t('conflict.text', words)),
    sameText ? h('p', {}, t('conflict.same-text')) : difference(t('conflict.diff'), rows, [t('conflict.theirs'), t('conflict.mine')]),
    !sameRest && [
      h('p', {}, t('conflict.rest')),
      difference(t('conflict.rest'), compare(rest(theirs), rest(mine)), [t('conflict.theirs'), t('conflict.mine')]),
    ],
    h('p', {class: 'muted'}, t('conflict.kept')),
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

const rest = draft => `${JSON.stringify(draft.rule, null, 2)}\n${draft.tests ?? ''}`
