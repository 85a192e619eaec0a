// Plots of what scripts do: the four states, errors, fuel, latency. Each with the same numbers as a table.

import {all, get, path} from '../lib/api.js'
import {built} from '../lib/built.js'
import {fill, h} from '../lib/dom.js'
import {minutes, moment, number} from '../lib/format.js'
import {repeat} from '../lib/poll.js'
import {go} from '../lib/route.js'
import {ERRORS_5XX, EXCEPTION, HIT, NONE, NOT_HIT, axis, fuelPerRun, runs, summed, timePerRun} from '../lib/series.js'
import {t} from '../lib/texts.js'
import {labelled, select} from '../parts/form.js'
import {page} from '../parts/page.js'
import {sayError} from '../parts/say.js'
import {table} from '../parts/table.js'

const PERIODS = [900, 3600, 21600, 86400]
const ROWS = 60

const perSecond = (points, part, step) => points.map(point => point[part] / step)

/** What is plotted: title, unit, lines of [name, values]. */
const plots = ({scripts, sites, versions, times, step}) => [
  {
    title: t('metrics.states'),
    unit: '/s',
    lines: [
      [t('run.ExecutedAndHit'), perSecond(scripts, HIT, step)],
      [t('run.ExecutedButNotHit'), perSecond(scripts, NOT_HIT, step)],
      [t('run.NonExecution'), perSecond(scripts, NONE, step)],
      [t('run.Exception'), perSecond(scripts, EXCEPTION, step)],
    ],
  },
  {
    title: t('metrics.errors'),
    unit: '/s',
    lines: [
      [t('run.Exception'), perSecond(scripts, EXCEPTION, step)],
      [t('figure.errors_5xx'), perSecond(sites, ERRORS_5XX, step)],
    ],
  },
  {title: t('metrics.fuel'), unit: '', lines: byVersion(versions, times, fuelPerRun)},
  {title: t('metrics.latency'), unit: 'µs', lines: byVersion(versions, times, timePerRun)},
]

const byVersion = (versions, times, perRun) =>
  versions.map(([name, series]) => [name, perRun(summed(series, times))])

/** Script series by `name vN`. */
const grouped = series => {
  const groups = new Map()
  for (const one of series) {
    const name = `${one.script} v${one.version}`
    groups.set(name, [...(groups.get(name) ?? []), one])
  }
  return [...groups]
}

const asTable = (times, {title, unit, lines}) =>
  table(
    title,
    [
      [t('word.time'), at => moment(times[at])],
      ...lines.map(([name, values]) => [`${name}${unit && ` (${unit})`}`, at => (values[at] === null ? '–' : number(values[at], 3)), 'right']),
    ],
    times.map((_, at) => at).slice(-ROWS).reverse(),
  )

/** A drawn plot over its table; without the chart package the table alone, open. */
const figure = async (times, period, one, drawn) => {
  const charts = times.length > 0 ? await built('charts') : null
  const place = h('div', {class: 'plot', 'aria-hidden': 'true'})
  const node = h(
    'figure',
    {class: 'card'},
    h('figcaption', {}, one.title),
    charts && place,
    h('details', {open: !charts && times.length > 0}, h('summary', {}, t('metrics.table')), asTable(times, one)),
  )
  const draw = () => drawn.push(charts.plot(place, {times, period, unit: one.unit, words: {time: t('word.time'), clock: minutes}, lines: one.lines.map(([name, values]) => ({name, values}))}))
  return {node, draw: charts && one.lines.length > 0 ? draw : () => {}}
}

const ensureStyle = () => {
  if (document.getElementById('charts-style')) return
  document.head.append(h('link', {id: 'charts-style', rel: 'stylesheet', href: '/static/built/charts.css'}))
}

export const view = async ({domain, args, signal}) => {
  const scripts = await all(path`/domains/${domain}/scripts`, {}, signal)
  const visit = () => go(['domains', domain, 'metrics'], {environment: environment.value, script: script.value, period: period.value})
  const environment = select([['production', t('env.production')], ['staging', t('env.staging')]], {value: args.get('environment') ?? 'production', onchange: visit})
  const script = select([['', t('metrics.all')], ...scripts.map(row => [row.name, row.name])], {value: args.get('script') ?? '', onchange: visit})
  const period = select(PERIODS.map(seconds => [String(seconds), t(`period.${seconds}`)]), {value: args.get('period') ?? '900', onchange: visit})
  const place = h('div', {class: 'plots'})
  let drawn = []
  const clear = () => {
    drawn.forEach(undo => undo())
    drawn = []
  }
  if (await built('charts')) ensureStyle()
  const refresh = async () => {
    // Who reads a table is not interrupted by a new one.
    if (place.contains(document.activeElement)) return
    const now = Math.floor(Date.now() / 1000)
    const since = now - Number(period.value)
    const answer = await get(path`/domains/${domain}/metrics`, {environment: environment.value, script: script.value, since}, signal)
    const own = answer.series.filter(one => one.script !== '')
    const times = axis(answer.series, answer.step_s, now)
    const given = {
      times,
      step: answer.step_s,
      scripts: summed(own, times),
      sites: summed(answer.series.filter(one => one.script === ''), times),
      versions: grouped(own),
    }
    const figures = await Promise.all(plots(given).map(one => figure(times, [since, now], one, drawn)))
    const opened = [...place.querySelectorAll('details')].map(one => one.open)
    clear()
    fill(place, times.length === 0 && h('p', {class: 'muted'}, t('metrics.empty')), figures.map(one => one.node))
    place.querySelectorAll('details').forEach((one, at) => (one.open = opened[at] ?? one.open))
    figures.forEach(one => one.draw())
    busy.textContent = t('metrics.runs', {n: number(given.scripts.reduce((sum, point) => sum + runs(point), 0))})
  }
  const busy = h('p', {class: 'muted', role: 'status'})
  signal.addEventListener('abort', clear)
  document.addEventListener('themechange', () => refresh().catch(sayError), {signal})
  // Plots need their width, which they have once they are in the page.
  setTimeout(() => repeat(10, signal, refresh, sayError))
  return page(
    {title: t('nav.metrics'), wide: true},
    h('div', {class: 'filters'}, labelled(t('word.environment'), environment), labelled(t('word.script'), script), labelled(t('metrics.period'), period)),
    busy,
    place,
  )
}
