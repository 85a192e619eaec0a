// The console's HTTP API, as the page uses it. Errors are RFC 9457 problems.

import {heard} from './reach.js'

const ROOT = '/api/v1'
const ANSWER_MS = 15_000
/** For what compiles and tests; the server gives such work up earlier. */
const WORK_MS = 60_000

/** What the server refused, or a network that failed (status 0, code `unreachable`). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || (status ? String(status) : ''))
    this.status = status
    this.code = body.code ?? ''
    this.body = body
  }
}

/** A path whose values are escaped: path`/domains/${name}`. */
export const path = (strings, ...values) =>
  strings.reduce((whole, text, at) => whole + encodeURIComponent(values[at - 1]) + text)

const query = values => {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return given.length ? `?${new URLSearchParams(given)}` : ''
}

const bodyOf = async answer => {
  if (answer.status === 204) return null
  const type = answer.headers.get('content-type') ?? ''
  return /\bjson\b/.test(type) ? answer.json() : {detail: `${answer.status} ${answer.statusText}`}
}

/** A proxy before a console that is gone answers for it, without a code of ours. */
const between = (answer, content) =>
  [502, 503, 504].includes(answer.status) && !content.code ? {...content, code: 'unreachable'} : content

const ask = async (method, url, {body, signal} = {}) => {
  const late = AbortSignal.timeout(method === 'GET' ? ANSWER_MS : WORK_MS)
  const either = signal ? AbortSignal.any([signal, late]) : late
  const request = {method, signal: either, headers: {Accept: 'application/json'}}
  if (body !== undefined) {
    request.headers['Content-Type'] = 'application/json'
    request.body = JSON.stringify(body)
  }
  let answer
  let content
  try {
    answer = await fetch(ROOT + url, request)
    content = await bodyOf(answer)
  } catch (error) {
    if (error.name === 'AbortError') throw error
    heard('unreachable')
    throw new Problem(0, {code: 'unreachable', detail: ''})
  }
  const problem = answer.ok ? null : new Problem(answer.status, between(answer, content ?? {}))
  heard(problem?.code ?? null)
  if (!problem) return content
  if (answer.status === 401 && url !== '/session') document.dispatchEvent(new Event('signedout'))
  throw problem
}

export const get = (url, values = {}, signal) => ask('GET', url + query(values), {signal})
export const post = (url, body) => ask('POST', url, {body})
export const put = (url, body) => ask('PUT', url, {body})
export const patch = (url, body) => ask('PATCH', url, {body})
export const remove = (url, values = {}) => ask('DELETE', url + query(values))

/** As `post`, for questions that a newer one supersedes. */
export const question = (url, body, signal) => ask('POST', url, {body, signal})

/** Every item of a list, page by page, at most `most`. */
export const all = async (url, values = {}, signal, most = 1000) => {
  const items = []
  let cursor = null
  do {
    const page = await get(url, {...values, limit: 200, cursor}, signal)
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null && items.length < most)
  return items
}

/** Server-sent events of `url`; the caller closes it. */
export const events = (url, values = {}) => new EventSource(ROOT + url + query(values))
