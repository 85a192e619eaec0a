// A rollout while it happens: how far it is, what each node says, how the new compares with the old.

import {get, path, post} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {moment, number, percent} from '../lib/format.js'
import {repeat} from '../lib/poll.js'
import {address} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {askForm, confirm} from '../parts/dialog.js'
import {button, labelled, numberOf, text, whole} from '../parts/form.js'
import {may, page, panel} from '../parts/page.js'
import {changes, reasonOf, rolloutBadge, stepsBar} from '../parts/rollout.js'
import {safely, sayError} from '../parts/say.js'
import {facts, table} from '../parts/table.js'
import {nodeColumns} from './nodes.js'
import {rollBack} from './rollback.js'

const EVERY_S = 1

const share = (part, whole) => (whole > 0 ? percent((100 * part) / whole) : '–')

const figures = ({before, after}) => {
  const rows = [
    [t('figure.requests'), one => number(one.requests)],
    [t('figure.executions'), one => number(one.executions)],
    [t('figure.exceptions'), one => share(one.exceptions, one.executions)],
    [t('figure.errors_5xx'), one => share(one.errors_5xx, one.requests)],
    [t('figure.fuel'), one => (one.executions > 0 ? number(one.fuel / one.executions, 1) : '–')],
  ]
  return table(
    t('rollout.figures'),
    [
      ['', row => row[0]],
      [t('rollout.before'), row => row[1](before), 'right'],
      [t('rollout.after'), row => row[1](after), 'right'],
    ],
    rows,
  )
}

const next = rollout => rollout.steps.find(step => step > rollout.percent) ?? 100

const promote = (url, rollout) => async () => {
  const to = whole({min: 1, max: 100, value: next(rollout), required: true})
  await askForm(
    {title: t('rollout.promote-title'), submitText: t('do.promote'), submit: () => post(`${url}/promote`, {percent: numberOf(to), from: rollout.percent})},
    h('p', {}, t('rollout.promote-text', {now: percent(rollout.percent)})),
    labelled(t('rollout.percent'), to),
  )
}

const abort = url => async () => {
  const reason = text({maxlength: 1000})
  await confirm(
    {title: t('rollout.abort-title'), text: t('rollout.abort-text'), yes: t('do.abort'), submit: () => post(`${url}/abort`, {reason: reason.value})},
    labelled(t('rollout.reason'), reason),
  )
}

const progress = ({progress: {nodes, acked, failed, offline}}) =>
  h(
    'p',
    {class: 'progress', role: 'status'},
    h('strong', {}, t('rollout.acked', {acked: number(acked), nodes: number(nodes)})),
    failed > 0 && h('span', {class: 'bad'}, t('rollout.failed-nodes', {n: number(failed)})),
    offline > 0 && h('span', {class: 'muted'}, t('rollout.offline-nodes', {n: number(offline)})),
  )

const details = rollout => [
  [t('word.environment'), t(`env.${rollout.environment}`)],
  [t('word.release'), `${rollout.from_release === null ? '–' : `#${rollout.from_release}`} → #${rollout.to_release}`],
  [t('rollout.change'), changes(rollout.scripts)],
  [t('word.message'), rollout.message],
  [t('word.author'), rollout.author],
  [t('word.created'), moment(rollout.created)],
  [t('publish.sticky'), h('code', {}, rollout.sticky)],
  [t('publish.hold'), rollout.hold_s === null ? t('rollout.by-hand') : `${number(rollout.hold_s)} s`],
  [t('publish.pools'), rollout.pools.join(', ') || t('word.all')],
  [t('publish.regions'), rollout.regions.join(', ') || t('word.all')],
  [t('word.generation'), rollout.generation],
]

export const view = async ({domain, id, signal, session}) => {
  const url = path`/domains/${domain}/rollouts/${id}`
  const actions = h('div', {class: 'row'})
  const top = h('div', {class: 'stack'})
  const nodes = h('div')
  let drawn = ''
  const draw = rollout => {
    const running = rollout.state === 'running'
    const again = run => safely(async () => (await run(), await refresh()))
    fill(
      actions,
      may(session, domain, 'publish') && [
        running && button(t('do.promote-to', {n: next(rollout)}), again(promote(url, rollout)), {class: 'primary'}),
        running && button(t('do.abort'), again(abort(url)), {class: 'danger'}),
        !running && button(t('do.roll-back'), safely(() => rollBack(domain, rollout.environment)), {class: 'danger'}),
      ],
    )
    fill(
      top,
      h(
        'section',
        {class: 'card'},
        h('p', {class: 'row', role: 'status'}, rolloutBadge(rollout.state), h('strong', {}, percent(rollout.percent)), rollout.reason && h('span', {}, reasonOf(rollout))),
        stepsBar(rollout),
        progress(rollout),
      ),
      h('div', {class: 'columns'}, panel(t('rollout.figures'), figures(rollout.figures)), panel(t('rollout.details'), facts(details(rollout)))),
    )
  }
  const refresh = async () => {
    const rollout = await get(url, {}, signal)
    const text = JSON.stringify(rollout)
    if (text !== drawn) draw(rollout)
    drawn = text
    const answer = await get('/nodes', {environment: rollout.environment, limit: 200}, signal)
    fill(nodes, table(t('nav.nodes'), nodeColumns(rollout.generation), answer.items, {empty: t('nodes.empty')}))
  }
  await refresh()
  repeat(EVERY_S, signal, refresh, sayError)
  return page(
    {
      title: t('rollout.title', {id}),
      above: [address(['domains', domain, 'rollouts']), t('nav.rollouts')],
      actions,
    },
    top,
    panel(t('rollout.nodes'), nodes),
  )
}
