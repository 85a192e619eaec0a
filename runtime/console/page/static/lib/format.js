// Numbers and times as people read them. Times of the API are Unix seconds.

import {locale, t} from './texts.js'

export const number = (value, digits = 0) =>
  value === null || value === undefined || Number.isNaN(value)
    ? '–'
    : value.toLocaleString(locale(), {maximumFractionDigits: digits})

export const percent = value => `${number(value, 1)} %`

export const moment = seconds =>
  seconds ? new Date(seconds * 1000).toLocaleString(locale(), {dateStyle: 'medium', timeStyle: 'medium'}) : '–'

export const clock = seconds =>
  new Date(seconds * 1000).toLocaleTimeString(locale(), {
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  })

/** Hours and minutes, for the axis of a plot. */
export const minutes = seconds =>
  new Date(seconds * 1000).toLocaleTimeString(locale(), {hourCycle: 'h23', hour: '2-digit', minute: '2-digit'})

const UNITS = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** "3 minutes ago". */
export const ago = seconds => {
  if (!seconds) return '–'
  const passed = Math.max(0, Date.now() / 1000 - seconds)
  const [unit, size] = UNITS.find(row => passed >= row[1]) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(locale(), {numeric: 'auto'}).format(-Math.round(passed / size), unit)
}

export const short = digest => (digest ? digest.slice(0, 12) : '–')

export const yesNo = value => t(value ? 'word.yes' : 'word.no')
