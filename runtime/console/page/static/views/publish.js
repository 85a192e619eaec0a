// Publishing: what goes where, to how many, and when it goes back by itself.

import {all, get, path, post} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {unsaved} from '../lib/keep.js'
import {address, go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {askForm} from '../parts/dialog.js'
import {area, labelled, listOf, numberOf, select, text, tick, ticked, whole} from '../parts/form.js'
import {say} from '../parts/say.js'
import {badge} from '../parts/table.js'
import {draftKey} from './draft.js'

const PRODUCTION_STEPS = '5, 25, 100'

/**
 * A row for each script: whether it goes along, and as which version; 'remove' takes it away. At first those go that are
 * not live there yet, to production as staging has them. `only` is the one script to publish, or null.
 */
const scriptRow = (domain, row, only, environment) => {
  const box = h('input', {type: 'checkbox', disabled: row.latest === null, 'aria-label': row.name})
  const version = whole({
    min: 1,
    max: row.latest ?? 1,
    disabled: row.latest === null,
    class: 'narrow',
    'aria-label': t('publish.version-of', {name: row.name}),
  })
  const remove = h('input', {type: 'checkbox', 'aria-label': t('publish.remove-of', {name: row.name})})
  remove.addEventListener('change', () => remove.checked && (box.checked = false))
  box.addEventListener('change', () => box.checked && (remove.checked = false))
  const live = h('td')
  const newer = h('small', {class: 'detail'})
  const unversioned = unsaved.get(draftKey(domain, row.name)) ? 'draft.unsaved' : row.draft?.changed ? 'draft.changed' : null
  /** The number does not say that there is something newer. */
  const drawNewer = () =>
    fill(newer, row.latest !== null && Number(version.value) < row.latest && t('publish.newer', {n: row.latest}))
  version.addEventListener('input', drawNewer)
  const follow = () => {
    const number = row.live[environment.value]
    const offered = environment.value === 'production' ? (row.live.staging ?? row.latest) : row.latest
    fill(live, number === null ? '–' : badge(`v${number}`))
    version.value = offered ?? ''
    drawNewer()
    box.checked = offered !== null && (only === null ? offered !== number : only === row.name)
    remove.checked = false
    remove.disabled = number === null
  }
  follow()
  environment.addEventListener('change', follow)
  const node = h('tr', {}, h('td', {}, box), h('td', {}, h('span', {class: 'strong'}, row.name), ' ', unversioned && badge(t(unversioned), 'warn')), live, h('td', {}, version, newer), h('td', {}, remove))
  return {name: row.name, node, box, version, remove}
}

const scriptTable = rows =>
  h(
    'div',
    {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t('nav.scripts')},
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ['', t('word.name'), t('word.live'), t('word.version'), t('publish.remove')].map(words => h('th', {scope: 'col'}, words))),
      ),
      h('tbody', {}, rows.map(row => row.node)),
    ),
  )

const STICKY = ['client_ip', 'cookie', 'header', 'arg']

const share = pools => {
  const own = {
    steps: text({placeholder: PRODUCTION_STEPS}),
    hold: whole({min: 1, max: 604800}),
    sticky: select(STICKY.map(name => [name, t(`sticky.${name}`)])),
    key: text({disabled: true}),
    pools: pools.map(name => tick(name, {value: name})),
    regions: text(),
  }
  own.sticky.addEventListener('change', () => {
    own.key.disabled = own.sticky.value === 'client_ip'
    own.key.required = !own.key.disabled
  })
  const node = h(
    'details',
    {open: true},
    h('summary', {}, t('publish.share')),
    h('div', {class: 'pair'}, labelled(t('publish.steps'), own.steps, t('publish.steps-hint')), labelled(t('publish.hold'), own.hold, t('publish.hold-hint'))),
    h('div', {class: 'pair'}, labelled(t('publish.sticky'), own.sticky), labelled(t('publish.sticky-name'), own.key)),
    h(
      'div',
      {class: 'pair'},
      h('fieldset', {class: 'field'}, h('legend', {class: 'label'}, t('publish.pools')), own.pools, h('small', {}, t('publish.all-hint'))),
      labelled(t('publish.regions'), own.regions, t('publish.all-hint')),
    ),
  )
  return {own, node}
}

const MARGINS = [
  ['exceptions', 0.01],
  ['errors_5xx', 0.01],
  ['fuel', 0.5],
]

const abortRule = () => {
  const on = tick(t('publish.abort'), {checked: true}, t('publish.abort-hint'))
  const margins = MARGINS.map(([name, value]) => [name, h('input', {type: 'number', min: 0, max: 1000, step: 'any', value: value * 100})])
  const least = whole({min: 1, value: 100})
  const node = h(
    'details',
    {},
    h('summary', {}, t('publish.abort-title')),
    on,
    h('div', {class: 'pair'}, margins.map(([name, control]) => labelled(t(`abort.${name}`), control)), labelled(t('abort.min_requests'), least)),
  )
  const read = () =>
    ticked(on)
      ? {...Object.fromEntries(margins.map(([name, control]) => [name, Number(control.value) / 100])), min_requests: Number(least.value)}
      : null
  return {node, read}
}

/** Steps of "5, 25, 100": as they are; none for the server's choice. */
const stepsOf = control => {
  const steps = listOf(control).map(word => Number(word.replace('%', '')))
  return steps.length > 0 ? steps : null
}

/** Asks what to publish, and goes to the rollout. `environment` and `script` are what is chosen at first. */
export const publish = async (domain, {environment: wanted = 'staging', script = null}) => {
  const [whole, scripts, pools] = await Promise.all([
    get(path`/domains/${domain}`),
    all(path`/domains/${domain}/scripts`),
    get('/pools').catch(() => ({items: []})),
  ])
  const environment = select([['staging', t('env.staging')], ['production', t('env.production')]], {value: wanted})
  const rows = scripts.map(row => scriptRow(domain, row, script, environment))
  const settings = tick(t('publish.settings'), {}, t('publish.settings-hint'))
  const parts = share([...new Set(pools.items.map(one => one.name))])
  const abort = abortRule()
  const skip = tick(t('publish.skip'), {}, t('publish.skip-hint'))
  const first = h('p', {class: 'notice'}, t('publish.first'))
  const message = area({maxlength: 1000, rows: 2, placeholder: t('publish.message-hint')})
  /** Going past staging wants a reason. */
  const demand = () => (message.required = !skip.hidden && ticked(skip))
  skip.addEventListener('change', demand)
  const follow = () => {
    const production = environment.value === 'production'
    const begun = whole.environments[environment.value].release !== null
    parts.own.steps.value = production && begun ? PRODUCTION_STEPS : ''
    parts.node.open = production
    // There is nothing to go from gradually before anything is live.
    parts.node.hidden = abort.node.hidden = !begun
    first.hidden = begun
    skip.hidden = !production
    demand()
  }
  environment.addEventListener('change', follow)
  follow()
  const send = () => {
    const {own} = parts
    const gradual = !parts.node.hidden
    const chosen = rows.filter(row => row.box.checked)
    return post(path`/domains/${domain}/publish`, {
      environment: environment.value,
      scripts: Object.fromEntries(chosen.map(row => [row.name, Number(row.version.value)])),
      settings: ticked(settings),
      remove: rows.filter(row => row.remove.checked).map(row => row.name),
      steps: gradual ? stepsOf(own.steps) : null,
      percent: null,
      sticky: own.sticky.value === 'client_ip' ? 'client_ip' : `${own.sticky.value}:${own.key.value.trim()}`,
      pools: gradual ? own.pools.filter(ticked).map(one => one.querySelector('input').value) : [],
      regions: gradual ? listOf(own.regions) : [],
      abort: abort.node.hidden ? null : abort.read(),
      hold_s: gradual ? numberOf(own.hold) : null,
      skip_staging: !skip.hidden && ticked(skip),
      message: message.value,
    })
  }
  const submit = async () => {
    try {
      return await send()
    } catch (error) {
      if (error.code === 'rollout-running' && error.body.rollout) {
        error.body.problems = [{where: `#${error.body.rollout}`, message: t('publish.running')}]
      }
      throw error
    }
  }
  const rollout = await askForm(
    {title: t('publish.title', {domain}), wide: true, submitText: t('publish.now'), submit},
    labelled(t('word.environment'), environment),
    rows.length > 0 ? scriptTable(rows) : h('p', {class: 'muted'}, t('scripts.empty')),
    settings,
    first,
    parts.node,
    abort.node,
    skip,
    labelled(t('word.message'), message),
  )
  if (!rollout) return
  say(t('say.published', {environment: t(`env.${rollout.environment}`)}))
  go(['domains', domain, 'rollouts', String(rollout.id)])
}

export const rolloutLink = (domain, id) => h('a', {href: address(['domains', domain, 'rollouts', String(id)])}, `#${id}`)
