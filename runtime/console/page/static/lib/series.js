// Metrics as the page plots them: points of several series put on one time axis.

/** Places in a point: [t, hit, not_hit, none, exception, errors_5xx, requests, fuel, time_us]. */
export const HIT = 1
export const NOT_HIT = 2
export const NONE = 3
export const EXCEPTION = 4
export const ERRORS_5XX = 5
const FUEL = 7
const TIME_US = 8

/**
 * The times at which steps of `step` seconds begin, from the first point of `series` to the last: also those in which
 * nothing was counted. One that has not ended before `now` is left out, for it would look like a fall, unless it is all there is.
 */
export const axis = (series, step, now) => {
  const times = series.flatMap(one => one.points.map(point => point[0]))
  if (times.length === 0) return []
  const first = times.reduce((one, other) => Math.min(one, other))
  const last = times.reduce((one, other) => Math.max(one, other))
  const count = Math.floor((last - first) / step) + 1
  const all = Array.from({length: count}, (_, at) => first + at * step)
  const ended = all.filter(time => time + step <= now)
  return ended.length > 0 ? ended : all
}

/** The sums over `series` at each of `times`: arrays as points are, of nothing but zeros where nothing was counted. */
export const summed = (series, times) => {
  const rows = new Map(times.map(time => [time, [time, 0, 0, 0, 0, 0, 0, 0, 0]]))
  for (const one of series) {
    for (const point of one.points) {
      const row = rows.get(point[0])
      if (!row) continue
      for (let at = 1; at < row.length; at += 1) row[at] += point[at] ?? 0
    }
  }
  return [...rows.values()]
}

/** Runs of the script, those it was skipped in apart: what fuel and time are divided by. */
export const runs = point => point[HIT] + point[NOT_HIT] + point[EXCEPTION]

/** The fuel of a run, null where there was none. */
export const fuelPerRun = points => points.map(point => (runs(point) > 0 ? point[FUEL] / runs(point) : null))

/**
 * The time of a run, at the points that have one. Nodes time one run of many and count it for all of them: a time stands
 * for the runs since the one before it, which may be in steps that have none of their own.
 */
export const timePerRun = points => {
  let since = 0
  return points.map(point => {
    since += runs(point)
    if (!(point[TIME_US] > 0 && since > 0)) return null
    const value = point[TIME_US] / since
    since = 0
    return value
  })
}
