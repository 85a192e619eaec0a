// One request through the script as it stands in the editor, and an origin that answers as stated.

import {all, get, path, post} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {choices} from '../lib/keep.js'
import {chord} from '../lib/keys.js'
import {t} from '../lib/texts.js'
import {area, headersOf, labelled, numberOf, select, text, tick, ticked, whole} from '../parts/form.js'
import {problemList} from '../parts/dialog.js'
import {findingList} from '../parts/findings.js'
import {EMPTY_RULE} from './rule_form.js'
import {runResult} from './run_result.js'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']
const EXAMPLE = 'http://www.example.com/'
const PLACES = ['country', 'region', 'city', 'isp']

/** The other scripts of the domain as their drafts are. */
const others = async (domain, script) => {
  const rows = await all(path`/domains/${domain}/scripts`)
  const drafted = rows.filter(row => row.name !== script && row.draft !== null)
  const drafts = await Promise.all(drafted.map(row => get(path`/domains/${domain}/scripts/${row.name}/draft`)))
  return drafts.map((draft, at) => ({name: drafted[at].name, source: draft.source, rule: draft.rule}))
}

/** A URL of the domain's own: of its first host, with a name for what a wildcard leaves open. */
const ownUrl = async domain => {
  const [host] = (await get(path`/domains/${domain}`)).settings.hosts ?? []
  return host && host !== '*' ? `http://${host.replace(/^\*/, 'www')}/` : EXAMPLE
}

/** The domain's dictionaries that may be read, asked for only by scripts that look into one. */
const dictionaries = async (domain, scripts) => {
  if (!scripts.some(one => one.source.includes('dict_get'))) return {}
  const rows = (await all(path`/domains/${domain}/dictionaries`)).filter(row => !row.secret)
  const whole = await Promise.all(rows.map(row => get(path`/domains/${domain}/dictionaries/${row.name}`)))
  return Object.fromEntries(whole.map(one => [one.name, one.entries ?? {}]))
}

const controls = domain => {
  const remembered = JSON.parse(choices.get(`try:${domain}`) ?? '{}')
  const url = text({value: remembered.url ?? EXAMPLE, required: true, class: 'mono', 'aria-label': 'URL', inputmode: 'url'})
  const offer = own => {
    if (url.value === EXAMPLE) url.value = own
  }
  // Without it the example does.
  if (!remembered.url) ownUrl(domain).then(offer, () => {})
  return {
    method: select(METHODS.map(name => [name, name]), {value: remembered.method ?? 'GET', 'aria-label': t('try.method')}),
    url,
    headers: area({rows: 2, class: 'mono', placeholder: 'User-Agent: curl/8.0'}),
    body: area({rows: 2, class: 'mono'}),
    client: text({placeholder: '127.0.0.1', class: 'mono'}),
    now: text({placeholder: '2026-01-31T12:00:00Z', class: 'mono'}),
    geo: Object.fromEntries(PLACES.map(name => [name, text({class: 'mono'})])),
    status: whole({min: 100, max: 599, value: 200}),
    answered: area({rows: 2, class: 'mono', placeholder: 'Cache-Control: max-age=60'}),
    content: area({rows: 2, class: 'mono'}),
    rest: tick(t('try.others')),
    trace: tick(t('try.trace'), {checked: true}),
  }
}

const layout = own => [
  h('div', {class: 'request-line'}, own.method, own.url, h('button', {class: 'primary', title: chord('Enter')}, t('do.run'))),
  h(
    'details',
    {},
    h('summary', {}, t('try.request')),
    labelled(t('try.headers'), own.headers, t('try.headers-hint')),
    labelled(t('try.body'), own.body),
    h('div', {class: 'pair'}, labelled(t('try.client'), own.client), labelled(t('try.now'), own.now)),
    h('div', {class: 'pair'}, PLACES.map(name => labelled(t(`geo.${name}`), own.geo[name]))),
  ),
  h(
    'details',
    {},
    h('summary', {}, t('try.origin')),
    labelled(t('word.status'), own.status),
    labelled(t('try.headers'), own.answered),
    labelled(t('try.body'), own.content),
  ),
  h('div', {class: 'row'}, own.trace, own.rest),
]

const asked = (own, scripts, given) => {
  const place = Object.fromEntries(PLACES.map(name => [name, own.geo[name].value.trim()]))
  const now = own.now.value.trim()
  return {
    scripts,
    request: {
      method: own.method.value,
      url: own.url.value.trim(),
      headers: headersOf(own.headers),
      client_ip: own.client.value.trim() || '127.0.0.1',
      body: own.body.value,
    },
    now: now === '' ? null : /^\d+(\.\d+)?$/.test(now) ? Number(now) : now,
    geo: Object.values(place).some(Boolean) ? place : null,
    origin: {status: numberOf(own.status) ?? 200, headers: headersOf(own.answered), body: own.content.value},
    dictionaries: given,
    trace: ticked(own.trace),
  }
}

/** The panel, and `run` for the keyboard. `mine()` is the draft as typed, `showFindings` marks it. */
export const tryPanel = (domain, script, mine, showFindings) => {
  const own = controls(domain)
  const result = h('div', {class: 'result', 'aria-live': 'polite'})
  const refused = error => {
    const byScript = Object.entries(error.body?.scripts ?? {})
    const own = byScript.find(([name]) => name === script)
    if (own) showFindings(own[1])
    fill(
      result,
      h('div', {class: 'errors', role: 'alert'}, problemList(error)),
      byScript.map(([name, findings]) => [h('h3', {}, name), findingList(findings)]),
    )
  }
  const run = async () => {
    choices.set(`try:${domain}`, JSON.stringify({method: own.method.value, url: own.url.value}))
    const {source, rule} = mine()
    try {
      const scripts = [{name: script, source, rule: {...EMPTY_RULE, ...rule}}]
      if (ticked(own.rest)) scripts.push(...(await others(domain, script)))
      fill(result, runResult(await post('/run', asked(own, scripts, await dictionaries(domain, scripts)))))
    } catch (error) {
      refused(error)
    }
  }
  const send = event => {
    event.preventDefault()
    run()
  }
  return {node: h('div', {class: 'stack'}, h('form', {class: 'try', onsubmit: send}, layout(own)), result), run}
}
