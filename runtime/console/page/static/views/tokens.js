// Tokens: who may do what. The secret of a new one is shown once.

import {all, path, post, remove} from '../lib/api.js'
import {fill, h} from '../lib/dom.js'
import {ago, moment} from '../lib/format.js'
import {t} from '../lib/texts.js'
import {copyable} from '../parts/copy.js'
import {askForm, confirm, openDialog} from '../parts/dialog.js'
import {button, labelled, select, text} from '../parts/form.js'
import {may, page} from '../parts/page.js'
import {safely, say} from '../parts/say.js'
import {badge, table} from '../parts/table.js'

const SCOPES = ['read', 'edit', 'publish', 'admin']
const DAY_S = 86400

const reach = token =>
  token.node
    ? badge(t('token.node-of', {environment: t(`env.${token.node.environment}`), pool: token.node.pool}), 'busy')
    : token.grants.map(grant => badge(`${grant.domain === '*' ? t('token.everything') : grant.domain}: ${t(`scope.${grant.scope}`)}`))

const state = token => {
  if (token.revoked !== null) return badge(t('token.revoked'), 'bad')
  return token.expires !== null && token.expires < Date.now() / 1000 ? badge(t('token.expired'), 'warn') : badge(t('token.valid'), 'good')
}

const showSecret = secret => {
  const shown = openDialog(
    {title: t('token.made')},
    h('p', {}, t('token.once')),
    copyable(t('signin.token'), secret),
    h('div', {class: 'actions'}, button(t('do.close'), () => shown.close(null), {class: 'primary'})),
  )
  return shown.done
}

const expiry = () => select([['', t('token.never')], ...[1, 30, 90, 365].map(days => [String(days), t('token.days', {n: days})])])
const expiresAt = control => (control.value ? Math.floor(Date.now() / 1000) + Number(control.value) * DAY_S : null)

const createForPeople = async (domain, domains) => {
  const label = text({required: true, maxlength: 100})
  const target = select((domain ? [domain] : domains).map(name => [name, name === '*' ? t('token.everything') : name]))
  const scope = select(SCOPES.map(name => [name, t(`scope.${name}`)]))
  const expires = expiry()
  const follow = () => {
    if (target.value === '*') scope.value = 'admin'
    scope.disabled = target.value === '*'
  }
  target.addEventListener('change', follow)
  follow()
  return askForm(
    {
      title: t('token.new'),
      submitText: t('do.create'),
      submit: () => post('/tokens', {label: label.value, grants: [{domain: target.value, scope: scope.value}], node: null, expires: expiresAt(expires)}),
    },
    labelled(t('token.label'), label, t('token.label-hint')),
    labelled(t('word.domain'), target),
    labelled(t('token.scope'), scope, t('token.scope-hint')),
    labelled(t('token.expires'), expires),
  )
}

const createForNode = () => {
  const label = text({required: true, maxlength: 100})
  const pool = text({required: true, value: 'default'})
  const region = text()
  const environment = select([['staging', t('env.staging')], ['production', t('env.production')]])
  const expires = expiry()
  return askForm(
    {
      title: t('token.new-node'),
      submitText: t('do.create'),
      submit: () => {
        const node = {pool: pool.value.trim(), region: region.value.trim(), environment: environment.value}
        return post('/tokens', {label: label.value, grants: [], node, expires: expiresAt(expires)})
      },
    },
    labelled(t('token.label'), label),
    labelled(t('word.environment'), environment),
    labelled(t('word.pool'), pool),
    labelled(t('word.region'), region),
    labelled(t('token.expires'), expires),
  )
}

export const view = async ({domain = null, signal, session}) => {
  const list = h('div')
  const names = session.operator ? ['*', ...(await all('/domains', {}, signal)).map(one => one.name)] : []
  const administered = session.scopes.filter(grant => grant.scope === 'admin').map(grant => grant.domain)
  const domains = session.operator ? names : administered
  const asked = domain !== null ? [domain] : session.operator ? [null] : administered
  const load = async () => {
    const lists = await Promise.all(asked.map(name => all('/tokens', {domain: name}, signal)))
    const rows = [...new Map(lists.flat().map(token => [token.id, token])).values()]
    const revoke = row =>
      safely(async () => {
        const done = await confirm({title: t('token.revoke'), text: t('token.revoke-text', {label: row.label}), yes: t('token.revoke'), submit: () => remove(path`/tokens/${row.id}`)})
        if (done !== null) await load()
      })
    const columns = [
      [t('token.label'), row => h('strong', {}, row.label)],
      [t('word.state'), state],
      [t('token.scope'), reach, 'wrap'],
      ['ID', row => h('code', {}, row.id)],
      [t('word.created'), row => moment(row.created)],
      [t('token.expires'), row => (row.expires === null ? t('token.never') : moment(row.expires))],
      [t('token.used'), row => ago(row.last_used)],
      ['', row => row.revoked === null && button(t('token.revoke'), revoke(row), {class: 'small'}), 'right'],
    ]
    fill(list, table(t('nav.tokens'), columns, rows))
  }
  const make = form =>
    safely(async () => {
      const made = await form()
      if (!made) return
      await load()
      await showSecret(made.secret)
      say(t('say.token'))
    })
  const allowed = domain === null ? domains.length > 0 : may(session, domain, 'admin')
  if (!allowed) return page({title: t('nav.tokens')}, h('p', {class: 'muted'}, t('token.not-allowed')))
  await load()
  return page(
    {
      title: t('nav.tokens'),
      actions: [
        session.operator && domain === null && button(t('token.new-node'), make(createForNode)),
        button(t('token.new'), make(() => createForPeople(domain, domains)), {class: 'primary'}),
      ],
    },
    list,
  )
}
