// Making a version: what it is for, and what is asked of who publishes a text that is in none.

import {h} from '../lib/dom.js'
import {t} from '../lib/texts.js'
import {askForm} from '../parts/dialog.js'
import {area, labelled} from '../parts/form.js'

const messageField = () => {
  const message = area({maxlength: 1000, rows: 2, placeholder: t('script.version-hint')})
  return [message, labelled(t('word.message'), message)]
}

/** Asks for the message; `submit` makes the version of it. */
export const versionForm = submit => {
  const [message, field] = messageField()
  return askForm({title: t('script.version'), submitText: t('do.save'), submit: () => submit(message.value)}, field)
}

/** The answer to publish the latest version as it is. */
export const AS_IT_IS = {}

/** What is typed is in no version: it becomes one by `submit`, or `latest` is published without it (AS_IT_IS), if there is one. */
export const publishForm = (latest, submit) => {
  const [message, field] = messageField()
  return askForm(
    {
      title: t('publish.unversioned'),
      submitText: t('publish.save'),
      submit: () => submit(message.value),
      others: latest === null ? [] : [[t('publish.as-it-is', {n: latest}), AS_IT_IS]],
    },
    h('p', {}, latest === null ? t('publish.none-yet') : t('publish.without', {n: latest})),
    field,
  )
}
