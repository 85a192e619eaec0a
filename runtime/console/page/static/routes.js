// Which view an address shows; each is loaded when first needed.

export const ROUTES = [
  ['', () => import('./views/domains.js')],
  ['domains', () => import('./views/domains.js')],
  ['domains/:domain', () => import('./views/overview.js')],
  ['domains/:domain/scripts', () => import('./views/scripts.js')],
  ['domains/:domain/scripts/:script', () => import('./views/script.js')],
  ['domains/:domain/scripts/:script/versions', () => import('./views/versions.js')],
  ['domains/:domain/scripts/:script/versions/:number', () => import('./views/version.js')],
  ['domains/:domain/scripts/:script/diff', () => import('./views/compare.js')],
  ['domains/:domain/rollouts', () => import('./views/rollouts.js')],
  ['domains/:domain/rollouts/:id', () => import('./views/rollout.js')],
  ['domains/:domain/dictionaries', () => import('./views/dictionaries.js')],
  ['domains/:domain/dictionaries/:name', () => import('./views/dictionary.js')],
  ['domains/:domain/metrics', () => import('./views/metrics.js')],
  ['domains/:domain/logs', () => import('./views/logs.js')],
  ['domains/:domain/purge', () => import('./views/purge.js')],
  ['domains/:domain/settings', () => import('./views/settings.js')],
  ['domains/:domain/rules', () => import('./views/rules.js')],
  ['domains/:domain/tokens', () => import('./views/tokens.js')],
  ['domains/:domain/audit', () => import('./views/audit.js')],
  ['nodes', () => import('./views/nodes.js')],
  ['tokens', () => import('./views/tokens.js')],
  ['audit', () => import('./views/audit.js')],
]

/** The places of a domain, in the order of the menu: last segment, text. */
export const PLACES = [
  ['', 'nav.overview'],
  ['scripts', 'nav.scripts'],
  ['rollouts', 'nav.rollouts'],
  ['dictionaries', 'nav.dictionaries'],
  ['metrics', 'nav.metrics'],
  ['logs', 'nav.logs'],
  ['purge', 'nav.purge'],
  ['settings', 'nav.settings'],
  ['rules', 'nav.rules'],
  ['tokens', 'nav.tokens'],
  ['audit', 'nav.audit'],
]

/** Letters after `g`, where they lead, what they are called. */
export const SHORTCUTS = [
  ['d', 'domains', 'nav.domains'],
  ['n', 'nodes', 'nav.nodes'],
  ['o', 'domains/:domain', 'nav.overview'],
  ['s', 'domains/:domain/scripts', 'nav.scripts'],
  ['r', 'domains/:domain/rollouts', 'nav.rollouts'],
  ['m', 'domains/:domain/metrics', 'nav.metrics'],
  ['l', 'domains/:domain/logs', 'nav.logs'],
  ['a', 'domains/:domain/audit', 'nav.audit'],
]
