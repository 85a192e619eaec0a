// Metrics as the page plots them: points of several series put on one time axis.

/** Places in a point: [t, hit, not_hit, none, exception, errors_5xx, requests, fuel, time_us]. */
export const HIT = 1
export const NOT_HIT = 2
export const NONE = 3
export const EXCEPTION = 4
export const ERRORS_5XX = 5
export const FUEL = 7
export const TIME_US = 8

/** All times of `series`, in order, each once. */
export const axis = series => [...new Set(series.flatMap(one => one.points.map(point => point[0])))].sort((a, b) => a - b)

/** The sums over `series` at each of `times`: arrays as points are. */
export const summed = (series, times) => {
  const rows = new Map(times.map(time => [time, [time, 0, 0, 0, 0, 0, 0, 0, 0]]))
  for (const one of series) {
    for (const point of one.points) {
      const row = rows.get(point[0])
      for (let at = 1; at < row.length; at += 1) row[at] += point[at] ?? 0
    }
  }
  return [...rows.values()]
}

/** Runs of the script, those it was skipped in apart: what fuel and time are divided by. */
export const runs = point => point[HIT] + point[NOT_HIT] + point[EXCEPTION]

/** `part` of each run, null where there was none. */
export const perRun = (points, part) => points.map(point => (runs(point) > 0 ? point[part] / runs(point) : null))
