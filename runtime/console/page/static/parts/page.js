// The head of a view, and what one may do in it.

import {h} from '../lib/dom.js'

/** A view: its name, what to do there, what it shows. `above` is a way back, [segments' address, words]. */
export const page = ({title, above, actions, wide}, ...content) =>
  h(
    'section',
    {class: wide ? 'view wide' : 'view'},
    h(
      'div',
      {class: 'view-head'},
      h('div', {}, above && h('a', {class: 'above', href: above[0]}, '‹ ', above[1]), h('h1', {}, title)),
      actions && h('div', {class: 'row'}, actions),
    ),
    content,
  )

export const panel = (title, ...content) => h('section', {class: 'card'}, title && h('h2', {}, title), content)

const RANK = {read: 0, edit: 1, publish: 2, admin: 3}

/** Whether the session may do what `scope` allows in `domain`. The server decides; this only keeps buttons honest. */
export const may = (session, domain, scope) =>
  session.operator ||
  session.scopes.some(grant => (grant.domain === domain || grant.domain === '*') && RANK[grant.scope] >= RANK[scope])
