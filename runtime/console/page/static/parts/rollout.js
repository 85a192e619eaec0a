// How a rollout looks wherever it is mentioned.

import {h} from '../lib/dom.js'
import {number, percent} from '../lib/format.js'
import {known, reasonText, t} from '../lib/texts.js'
import {badge} from './table.js'

const KINDS = {running: 'busy', completed: 'good', aborted: 'bad', cancelled: 'warn'}

export const rolloutBadge = state => badge(known(`rollout.${state}`, state), KINDS[state])

/** Percent of the bar that a label needs, in the narrowest window. */
const ROOM = 12

/** On which side of its mark a step's label has room; nowhere where marks are close, whose titles say it all the same. */
const side = (steps, at) => {
  const before = steps[at] - (steps[at - 1] ?? 0)
  const after = (steps[at + 1] ?? 100) - steps[at]
  if (before >= ROOM) return 'mark'
  return after >= 2 * ROOM ? 'mark after' : 'mark bare'
}

/** The percentage reached, with the steps marked on the way. */
export const stepsBar = rollout => {
  const bar = h('div', {
    class: `steps ${rollout.state}`,
    role: 'progressbar',
    'aria-label': t('rollout.share'),
    'aria-valuenow': rollout.percent,
    'aria-valuemin': 0,
    'aria-valuemax': 100,
  })
  const done = h('div', {class: 'done'})
  done.style.width = `${rollout.percent}%`
  bar.append(
    done,
    ...rollout.steps.map((step, at) => {
      const words = `${step} %`
      const place = side(rollout.steps, at)
      const mark = h('span', {class: step <= rollout.percent ? `${place} past` : place, title: words}, place !== 'mark bare' && words)
      mark.style.left = `${step}%`
      return mark
    }),
  )
  return bar
}

const share = part => percent(100 * part)
const HOW = {now: share, was: share, margin: share}
const FUEL = {now: number, was: number, margin: share}

/** Why it ended, in the reader's language; in the words of whoever ended it, where somebody did. */
export const reasonOf = rollout =>
  (rollout.reasons ?? []).map(one => reasonText(one, one.code === 'fuel' ? FUEL : HOW)).join('; ') || rollout.reason

/** `auth 6 → 7` for each script that changes. */
export const changes = scripts =>
  h(
    'ul',
    {class: 'chips'},
    Object.entries(scripts).map(([name, [before, after]]) =>
      h('li', {}, name, ' ', badge(`${before === null ? '–' : `v${before}`} → ${after === null ? '–' : `v${after}`}`)),
    ),
  )
