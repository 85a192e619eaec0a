// EdgeScript for CodeMirror: words become tokens, completions and hover texts. What the words are comes from the server.

const KEYWORD = /^(?:if|else|def|return|for|in)$/
const LITERAL = /^(?:true|false)$/
const NAME = /^\$?[A-Za-z_]\w*/
const NUMBER = /^-?\d+(?:\.\d+)?/

const quoted = (stream, state) => {
  for (let escaped = false, next = stream.next(); next !== undefined; next = stream.next()) {
    if (next === state.quote && !escaped) {
      state.quote = null
      break
    }
    escaped = next === '\\' && !escaped
  }
  return 'string'
}

const named = (word, stream, state, builtins) => {
  if (KEYWORD.test(word)) {
    state.defines = word === 'def'
    return 'keyword'
  }
  if (LITERAL.test(word)) return 'bool'
  if (word.startsWith('$')) return 'variableName.special'
  if (state.defines) {
    state.defines = false
    return 'variableName.definition'
  }
  return builtins.has(word) && /^\s*\(/.test(stream.string.slice(stream.pos)) ? 'name.standard' : 'variableName'
}

/** The nearest line with text that ends before the place to indent: the start of its own line, where that is being broken. */
const lineAbove = context => {
  const {doc} = context.state
  const line = doc.lineAt(context.pos)
  const start = line.text.slice(0, context.pos - line.from)
  if (start.trim() !== '') return start
  let at = line.number - 1
  while (at > 1 && doc.line(at).text.trim() === '') at -= 1
  return at > 0 ? doc.line(at).text : ''
}

/** A StreamParser of the language; strings may span lines. */
export const stream = words => {
  const builtins = new Set(words.functions.map(one => one.name))
  return {
    name: 'edgescript',
    startState: () => ({quote: null, defines: false}),
    token: (given, state) => {
      if (state.quote) return quoted(given, state)
      if (given.eatSpace()) return null
      if (given.match(/^(?:#|\/\/).*/)) return 'comment'
      if (given.match(/^['"]/)) {
        state.quote = given.current()
        return quoted(given, state)
      }
      if (given.match(NUMBER)) return 'number'
      if (given.match(NAME)) return named(given.current(), given, state, builtins)
      return given.next() === '=' ? 'operator' : 'punctuation'
    },
    languageData: {
      commentTokens: {line: '#'},
      closeBrackets: {brackets: ['(', '[', '{', "'"]},
      indentOnInput: /^\s*\}$/,
    },
    indent: (state, after, context) => {
      const above = lineAbove(context)
      const depth = /^\s*/.exec(above)[0].length + (/[{([]\s*(?:#.*)?$/.test(above) ? context.unit : 0)
      return Math.max(0, depth - (/^\s*[})\]]/.test(after) ? context.unit : 0))
    },
  }
}

const describe = one => () => {
  const page = document.createElement('div')
  page.className = 'page'
  const head = document.createElement('code')
  head.textContent = one.signature ?? one.name
  const body = document.createElement('p')
  body.textContent = one.summary
  page.append(head, body)
  return page
}

const option = type => one => ({label: one.name, type, detail: one.family ?? '', info: one.summary ? describe(one) : undefined})

/** What may stand at the cursor: the language's words, and the names that the text itself defines. */
export const completions = words => {
  const fixed = [
    ...words.functions.map(option('function')),
    ...words.variables.map(one => option('variable')({...one, name: one.name.startsWith('$') ? one.name : `$${one.name}`})),
    ...words.keywords.map(name => ({label: name, type: 'keyword'})),
  ]
  const taken = new Set(fixed.map(one => one.label))
  return context => {
    const word = context.matchBefore(/\$?\w*/)
    if (!word || (word.from === word.to && !context.explicit)) return null
    const line = context.state.doc.lineAt(context.pos)
    if (insideText(line.text.slice(0, word.from - line.from))) return null
    const own = new Set(context.state.doc.toString().match(/\b[A-Za-z_]\w*(?=\s*=[^=]|\s*\([^)]*\)\s*\{)/g) ?? [])
    const names = [...own].filter(name => !taken.has(name)).map(label => ({label, type: 'variable'}))
    return {from: word.from, options: [...fixed, ...names], validFor: /^\$?\w*$/}
  }
}

/** Whether a line so far ends inside a string or a comment. */
const insideText = before => {
  let quote = null
  for (let at = 0; at < before.length; at += 1) {
    const character = before[at]
    if (quote) {
      if (character === '\\') at += 1
      else if (character === quote) quote = null
    } else if (character === '#') return true
    else if (character === "'" || character === '"') quote = character
  }
  return quote !== null
}

/** The hover text of the word under the pointer. */
export const explanation = words => {
  const known = new Map([...words.functions, ...words.variables].map(one => [one.name.replace(/^\$/, ''), one]))
  return (view, position) => {
    const line = view.state.doc.lineAt(position)
    for (const found of line.text.matchAll(/\$?[A-Za-z_]\w*/g)) {
      const from = line.from + found.index
      const to = from + found[0].length
      const one = known.get(found[0].replace(/^\$/, ''))
      if (from <= position && position <= to && one) return {pos: from, end: to, above: true, create: () => ({dom: describe(one)()})}
    }
    return null
  }
}
