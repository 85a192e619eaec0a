// The settings of a script's rule, in the vendor's words.

import {h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {labelled, select, text, tick, ticked, whole} from '../parts/form.js'

export const EMPTY_RULE = {pos: null, pri: 0, enable: true, brk: false, testip: '', option: '', on_error: null}

/** {node, rule(), replace(rule)}; `onChange` is told of every change. */
export const ruleForm = (rule, onChange) => {
  const pos = select([['', t('pos.auto')], ['head', t('pos.head')], ['foot', t('pos.foot')]])
  const pri = whole({min: 0, max: 999})
  const enable = tick(t('rule.enable'))
  const brk = tick(t('rule.brk'), {}, t('rule.brk-hint'))
  const testip = text({placeholder: '192.0.2.7'})
  const option = text()
  const onError = select([['', t('on-error.auto')], ['deny', t('on-error.deny')], ['continue', t('on-error.continue')]])
  const replace = given => {
    const values = {...EMPTY_RULE, ...given}
    pos.value = values.pos ?? ''
    pri.value = values.pri
    enable.querySelector('input').checked = values.enable
    brk.querySelector('input').checked = values.brk
    testip.value = values.testip
    option.value = values.option
    onError.value = values.on_error ?? ''
  }
  replace(rule)
  const node = h(
    'form',
    {class: 'fields', oninput: onChange, onchange: onChange, onsubmit: event => event.preventDefault()},
    labelled(t('rule.pos'), pos, t('rule.pos-hint')),
    labelled(t('rule.pri'), pri, t('rule.pri-hint')),
    labelled(t('rule.on_error'), onError),
    labelled(t('rule.testip'), testip, t('rule.testip-hint')),
    labelled(t('rule.option'), option, t('rule.option-hint')),
    enable,
    brk,
  )
  return {
    node,
    replace,
    rule: () => ({
      pos: pos.value || null,
      pri: Number(pri.value),
      enable: ticked(enable),
      brk: ticked(brk),
      testip: testip.value.trim(),
      option: option.value.trim(),
      on_error: onError.value || null,
    }),
  }
}
