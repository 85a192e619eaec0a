// Keys that work everywhere. Those of a single letter can be turned off (WCAG 2.1.4), and never fire while somebody types.

import {choices} from './keep.js'

const AFTER_G_MS = 1500

export const singleKeys = () => choices.get('single-keys') !== 'off'
export const setSingleKeys = on => choices.set('single-keys', on ? null : 'off')

const typing = event => {
  const [target] = event.composedPath()
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName ?? '')
}

/** Calls `help`, `search`, or `visit(letter)` after `g`, on the keys for them. */
export const listen = ({help, search, visit}) => {
  let after = 0
  addEventListener('keydown', event => {
    if (!singleKeys() || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return
    if (document.querySelector('dialog[open]')) return
    const awaited = Date.now() - after < AFTER_G_MS
    after = event.key === 'g' ? Date.now() : 0
    const done = awaited ? visit(event.key) : event.key === '?' ? help() : event.key === '/' ? search() : false
    if (done) event.preventDefault()
  })
}

/** `Ctrl+S` or `⌘S`, as this machine has it. */
export const chord = key => (navigator.platform.startsWith('Mac') ? `⌘${key}` : `Ctrl+${key}`)

/** Whether the event is `key` with the machine's command key. */
export const isChord = (event, key) =>
  (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === key.toLowerCase()
