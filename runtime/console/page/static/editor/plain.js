// The editor without any package: a textarea, line numbers, and the server's findings drawn underneath.

import {fill, h} from '../lib/dom.js'
import {isChord} from '../lib/keys.js'
import {measured, stretch} from './place.js'

const RANK = {error: 2, warning: 1}

const worst = findings => (findings.some(one => one.severity === 'error') ? 'error' : 'warning')

/** Line numbers; those with findings are marked and say what is wrong. */
const numbers = (count, findings) => {
  const byLine = grouped(findings)
  return Array.from({length: count}, (_, at) => {
    const here = byLine.get(at + 1)
    return h('div', {class: here && `marked ${worst(here)}`, title: here?.map(one => one.message).join('\n')}, at + 1)
  })
}

const grouped = findings => {
  const lines = new Map()
  for (const one of findings) lines.set(one.line, [...(lines.get(one.line) ?? []), one])
  return lines
}

/** The text again, invisible, with its wrong stretches underlined; a stretch inside another one goes with it. */
const underlined = (text, findings) => {
  const whole = measured(text)
  const ordered = findings.map(one => ({...stretch(whole, one), severity: one.severity}))
  ordered.sort((one, other) => one.from - other.from || (RANK[other.severity] ?? 0) - (RANK[one.severity] ?? 0))
  const parts = []
  let done = 0
  for (const {from, to, severity} of ordered) {
    if (from < done) continue
    parts.push(text.slice(done, from), h('mark', {class: severity}, text.slice(from, to)))
    done = to
  }
  return [...parts, text.slice(done), '\n']
}

export const plainEditor = ({text, label, readOnly = false, onChange, onSave, onTry}) => {
  const gutter = h('div', {class: 'gutter', 'aria-hidden': 'true'})
  const marks = h('pre', {class: 'marks', 'aria-hidden': 'true'})
  const area = h('textarea', {
    'aria-label': label,
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
    wrap: 'off',
    readOnly,
    value: text,
  })
  let findings = []
  let lines = 0
  let wanted = 0
  const draw = () => {
    wanted = 0
    const count = area.value.split('\n').length
    if (count !== lines) fill(gutter, numbers(count, findings))
    lines = count
    fill(marks, underlined(area.value, findings))
    follow()
  }
  /** Draws once a frame, however many lines are pasted in between. */
  const drawSoon = () => {
    wanted ||= requestAnimationFrame(draw)
  }
  const follow = () => {
    gutter.scrollTop = marks.scrollTop = area.scrollTop
    marks.scrollLeft = area.scrollLeft
  }
  area.addEventListener('scroll', follow)
  area.addEventListener('input', () => {
    drawSoon()
    onChange?.(area.value)
  })
  area.addEventListener('keydown', event => {
    const act = isChord(event, 's') ? onSave : isChord(event, 'Enter') ? onTry : null
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    act()
  })
  draw()
  return {
    node: h('div', {class: 'editor plain'}, gutter, h('div', {class: 'pane'}, marks, area)),
    text: () => area.value,
    replace: given => {
      area.value = given
      drawSoon()
      onChange?.(given)
    },
    mark: given => {
      findings = given
      lines = 0
      drawSoon()
    },
    goTo: (line, column) => {
      const place = stretch(measured(area.value), {line, column})
      area.focus()
      area.setSelectionRange(place.from, place.from)
      area.scrollTop = Math.max(0, line - 5) * parseFloat(getComputedStyle(area).lineHeight)
    },
    focus: () => area.focus(),
  }
}
