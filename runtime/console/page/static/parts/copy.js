// A text to take away, with a button that copies it.

import {h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {button, text} from './form.js'
import {say} from './say.js'

/** A field that holds `value` for copying; shown once, so it is never put anywhere else. */
export const copyable = (label, value) => {
  const field = text({value, readOnly: true, class: 'mono', 'aria-label': label})
  const copy = async () => {
    field.select()
    await navigator.clipboard.writeText(value)
    say(t('say.copied'))
  }
  return h('div', {class: 'row'}, field, button(t('do.copy'), () => copy().catch(() => field.select())))
}
