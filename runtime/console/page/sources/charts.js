// Plots of the metrics page, bundled by build.js.

import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

const HEIGHT = 200
const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8].map(n => `--plot-${n}`)
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]]

/** What the page's colour variables are right now: a canvas takes no `var()`, and the variables hold both themes. */
const palette = place => {
  const probe = document.createElement('span')
  place.append(probe)
  const colours = name => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {muted: colours('--muted'), line: colours('--line'), lines: COLOURS.map(colours)}
  probe.remove()
  return found
}

/** A plot of `lines` [{name, values}] over `times`, from the first of `period` to its second; `words` has the name of the time and how one is written. */
export const plot = (place, {times, period, lines, unit, words}) => {
  const colours = palette(place)
  const axis = {stroke: colours.muted, grid: {stroke: colours.line, width: 1}, ticks: {stroke: colours.line}, font: '11px sans-serif'}
  const series = lines.map((line, at) => ({
    label: line.name,
    stroke: colours.lines[at % COLOURS.length],
    width: 1.5,
    // Where nothing was counted there is no mean: the line goes on to the next one.
    spanGaps: true,
    dash: DASHES[Math.floor(at / COLOURS.length) % DASHES.length],
    points: {show: times.length < 40, size: 4},
    value: (_, value) => (value === null || value === undefined ? '–' : `${Number(value.toPrecision(4))} ${unit}`),
  }))
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    scales: {x: {range: period}, y: {range: (_, least, most) => [0, most > 0 ? most * 1.1 : 1]}},
    // All is shown: there is nothing to choose a part of.
    cursor: {sync: {key: 'metrics'}, drag: {x: false, y: false}},
    axes: [{...axis, values: (_, at) => at.map(words.clock)}, {...axis, size: 56}],
    series: [{label: words.time, value: (_, at) => (at === null || at === undefined ? '–' : words.clock(at))}, ...series],
  }
  const drawn = new uPlot(options, [times, ...lines.map(line => line.values)], place)
  const watch = new ResizeObserver(() => drawn.setSize({width: place.clientWidth, height: HEIGHT}))
  watch.observe(place)
  return () => {
    watch.disconnect()
    drawn.destroy()
  }
}
