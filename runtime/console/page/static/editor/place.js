// Places in a text: the server counts lines and characters from 1, JavaScript counts UTF-16 units from 0.

/** A text's lines and where each begins. */
export const measured = text => {
  const lines = text.split('\n')
  const starts = []
  let at = 0
  for (const line of lines) {
    starts.push(at)
    at += line.length + 1
  }
  return {lines, starts, size: text.length}
}

/** Units of `line` before its `column`th character. */
const unitsBefore = (line, column) =>
  [...line].slice(0, Math.max(0, column - 1)).reduce((sum, character) => sum + character.length, 0)

const placeOf = ({lines, starts, size}, line, column) => {
  if (line > lines.length) return size
  const row = Math.max(line, 1) - 1
  return starts[row] + unitsBefore(lines[row], column)
}

/** The stretch of a measured text that a finding speaks of, [from, to) in units, at least one unit where there is one. */
export const stretch = (given, finding) => {
  const from = placeOf(given, finding.line, finding.column)
  const end = placeOf(given, finding.end_line ?? finding.line, finding.end_column ?? finding.column)
  return {from, to: Math.min(Math.max(end, from + 1), given.size)}
}
