// Lines of two texts, and of a unified diff, as rows: {kind: ' ' | '-' | '+' | '@', left, right, text}; line numbers from 1.

const MOST_CELLS = 4_000_000

/** How long the longest common subsequence of the tails is, for every pair of tails. */
const common = (a, b) => {
  const width = b.length + 1
  const cells = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j
      cells[at] = a[i] === b[j] ? cells[at + width + 1] + 1 : Math.max(cells[at + width], cells[at + 1])
    }
  }
  return (i, j) => cells[i * width + j]
}

/** Steps of ' ', '-' and '+' through what is between the common beginning and end. */
const middle = (a, b) => {
  // Beyond this size the middle is shown as replaced whole: an honest diff, only not the shortest.
  if (a.length * b.length > MOST_CELLS) return [...a.map(() => '-'), ...b.map(() => '+')]
  const length = common(a, b)
  const steps = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      steps.push(' ')
      i += 1
      j += 1
    } else if (i < a.length && (j === b.length || length(i + 1, j) >= length(i, j + 1))) {
      steps.push('-')
      i += 1
    } else {
      steps.push('+')
      j += 1
    }
  }
  return steps
}

/** Every line of both texts, those in common once. */
export const compare = (before, after) => {
  const a = before.split('\n')
  const b = after.split('\n')
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1
  const steps = [
    ...Array(head).fill(' '),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...Array(tail).fill(' '),
  ]
  return numbered(steps, 1, 1, (kind, i, j) => (kind === '+' ? b[j - 1] : a[i - 1]))
}

const numbered = (kinds, left, right, textOf) =>
  kinds.map((kind, at) => {
    const row = {kind, left: kind === '+' ? null : left, right: kind === '-' ? null : right, text: textOf(kind, left, right, at)}
    if (kind !== '+') left += 1
    if (kind !== '-') right += 1
    return row
  })

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/

/** The rows of a unified diff as `diff -u` writes it. */
export const parseUnified = text => {
  const rows = []
  let lines = []
  let starts = null
  const flush = () => {
    if (starts) rows.push(...numbered(lines.map(line => line[0]), ...starts, (kind, i, j, at) => lines[at].slice(1)))
    lines = []
  }
  for (const line of text.split('\n')) {
    const hunk = HUNK.exec(line)
    if (hunk) {
      flush()
      starts = [Number(hunk[1]), Number(hunk[2])]
      rows.push({kind: '@', left: null, right: null, text: line})
    } else if (starts && /^[ +-]/.test(line)) lines.push(line)
  }
  flush()
  return rows
}

/** Rows in pairs for two columns: what was taken away stands beside what came in its place. */
export const beside = rows => {
  const pairs = []
  let gone = []
  const flush = () => {
    pairs.push(...gone.map(row => [row, null]))
    gone = []
  }
  for (const row of rows) {
    if (row.kind === '-') gone.push(row)
    else if (row.kind === '+') pairs.push([gone.shift() ?? null, row])
    else {
      flush()
      pairs.push([row, row])
    }
  }
  flush()
  return pairs
}
