// The start: texts, session, and the view of the address.

import {Problem, get} from './lib/api.js'
import {fill, h} from './lib/dom.js'
import {listen} from './lib/keys.js'
import {heard, isAway, trouble} from './lib/reach.js'
import {go, here, match} from './lib/route.js'
import {speak, t} from './lib/texts.js'
import {drawBanner} from './parts/banner.js'
import {explain} from './parts/say.js'
import {frame} from './parts/frame.js'
import {ROUTES, SHORTCUTS} from './routes.js'
import {showHelp} from './views/help.js'
import {signIn} from './views/signin.js'

const app = document.getElementById('app')
let session = null
let leaving = new AbortController()

/** Loads the page again once the console is back: a module that could not be loaded stays lost until then. */
const retry = () => document.addEventListener('reach', () => trouble() === null && location.reload(), {signal: leaving.signal})

const failed = error => {
  if (isAway(error)) retry()
  return h(
    'section',
    {class: 'view'},
    h('h1', {}, t(error.status === 404 ? 'view.missing' : 'view.failed')),
    h('p', {role: 'alert'}, explain(error)),
    h('p', {}, h('a', {href: '#/'}, t('nav.domains'))),
  )
}

/** A route's module; where it cannot be had, the console is what is missing. */
const loaded = async route => {
  try {
    return await route()
  } catch {
    heard('unreachable')
    throw new Problem(0, {code: 'unreachable'})
  }
}

const viewOf = async signal => {
  const {segments, args} = here()
  const found = match(ROUTES, segments)
  if (!found) throw Object.assign(new Error(location.hash), {status: 404, code: 'not-found'})
  const {view} = await loaded(found.view)
  return view({...found.params, args, signal, session})
}

/** Shows the view of the address; the one before is told by its signal. */
const render = async () => {
  drawBanner()
  leaving.abort()
  leaving = new AbortController()
  const {signal} = leaving
  if (!session) {
    fill(app, signIn(start))
    app.querySelector('input').focus()
    return
  }
  const main = h('main', {id: 'main', tabindex: '-1', 'aria-busy': 'true'})
  fill(app, frame({session, main, redraw: render, signedOut}))
  let content
  try {
    content = await viewOf(signal)
  } catch (error) {
    if (error.name === 'AbortError' || !session) return
    content = failed(error)
  }
  if (signal.aborted) return
  fill(main, content)
  main.removeAttribute('aria-busy')
  document.title = `${main.querySelector('h1')?.textContent ?? ''} · EdgeScript`
  if (document.activeElement === document.body) main.focus()
}

const signedOut = () => {
  if (!session) return
  session = null
  document.querySelectorAll('dialog[open]').forEach(dialog => dialog.close())
  render()
}

const start = async () => {
  try {
    session = await get('/session')
  } catch (error) {
    session = null
    if (error.status !== 401) {
      fill(app, failed(error))
      return
    }
  }
  await render()
}

const search = () => {
  const field = document.querySelector('main [type=search]')
  field?.focus()
  return Boolean(field)
}

const visit = letter => {
  const [, domain] = here().segments
  const row = SHORTCUTS.find(([key]) => key === letter)
  if (!row || (row[1].includes(':domain') && here().segments[0] !== 'domains')) return false
  const wanted = row[1].split('/').filter(Boolean)
  if (wanted.includes(':domain') && !domain) return false
  go(wanted.map(word => (word === ':domain' ? domain : word)))
  return true
}

const help = () => {
  if (session) showHelp()
  return Boolean(session)
}

addEventListener('hashchange', render)
document.addEventListener('reach', drawBanner)
document.addEventListener('signedout', signedOut)
listen({help, search, visit})
await speak()
await start()
