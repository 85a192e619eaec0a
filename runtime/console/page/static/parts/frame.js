// What is around every view: the bar at the top, the menu at the side.

import {remove} from '../lib/api.js'
import {h} from '../lib/dom.js'
import {forgetUnsaved} from '../lib/keep.js'
import {address, here} from '../lib/route.js'
import {LANGUAGES, choose, language, t} from '../lib/texts.js'
import {THEMES, chooseTheme, theme} from '../lib/theme.js'
import {PLACES} from '../routes.js'
import {showHelp} from '../views/help.js'
import {button, select} from './form.js'
import {safely} from './say.js'

/** Language and theme, for the bar and for the form to sign in. */
export const preferences = redraw => [
  select(Object.entries(LANGUAGES), {
    value: language(),
    class: 'quiet',
    'aria-label': t('frame.language'),
    onchange: safely(async event => {
      await choose(event.target.value)
      await redraw()
    }),
  }),
  select(
    THEMES.map(name => [name, t(`theme.${name}`)]),
    {value: theme(), class: 'quiet', 'aria-label': t('frame.theme'), onchange: event => chooseTheme(event.target.value)},
  ),
]

const link = (segments, words, current) =>
  h('li', {}, h('a', {href: address(segments), 'aria-current': current ? 'page' : null}, words))

const domainMenu = (domain, place) => [
  h('p', {class: 'menu-head', title: domain}, domain),
  h(
    'ul',
    {},
    PLACES.map(([last, key]) => link(['domains', domain, ...(last ? [last] : [])], t(key), place === last)),
  ),
]

const menu = session => {
  const {segments} = here()
  const [first = 'domains', domain, place = ''] = segments
  const inDomain = first === 'domains' && domain
  return h(
    'nav',
    {id: 'menu', 'aria-label': t('frame.menu')},
    inDomain && domainMenu(domain, place),
    h('p', {class: 'menu-head'}, t('frame.console')),
    h(
      'ul',
      {},
      link(['domains'], t('nav.domains'), first === 'domains' && !domain),
      link(['nodes'], t('nav.nodes'), first === 'nodes'),
      link(['tokens'], t('nav.tokens'), first === 'tokens'),
      session.operator && link(['audit'], t('nav.audit'), first === 'audit'),
    ),
  )
}

const opener = () => {
  const toggle = event => {
    const open = document.body.classList.toggle('menu-open')
    event.currentTarget.setAttribute('aria-expanded', String(open))
  }
  return button('☰', toggle, {class: 'quiet opener', 'aria-label': t('frame.menu'), 'aria-expanded': 'false', 'aria-controls': 'menu'})
}

export const frame = ({session, main, redraw, signedOut}) => {
  document.body.classList.remove('menu-open')
  const leave = safely(async () => {
    await remove('/session')
    forgetUnsaved()
    signedOut()
  })
  return [
    h('a', {href: '#main', class: 'skip', onclick: event => (event.preventDefault(), main.focus())}, t('frame.skip')),
    h(
      'header',
      {class: 'bar'},
      opener(),
      h('a', {href: '#/', class: 'brand'}, h('span', {class: 'mark', 'aria-hidden': 'true'}, '≣'), 'EdgeScript'),
      h('span', {class: 'space'}),
      preferences(redraw),
      button('?', showHelp, {class: 'quiet', 'aria-label': t('help.title'), title: t('help.title')}),
      h('span', {class: 'who', title: session.label}, session.label),
      button(t('do.sign-out'), leave, {class: 'quiet'}),
    ),
    menu(session),
    main,
  ]
}
