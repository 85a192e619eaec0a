// Going back to a release that was live before: at once, for everybody.

import {all, path, post} from '../lib/api.js'
import {moment} from '../lib/format.js'
import {go} from '../lib/route.js'
import {t} from '../lib/texts.js'
import {askForm} from '../parts/dialog.js'
import {labelled, numberOf, select, text} from '../parts/form.js'
import {say} from '../parts/say.js'

export const rollBack = async (domain, environment) => {
  const releases = await all(path`/domains/${domain}/releases`, {}, undefined, 200)
  // Only what was live there can be gone back to. While a rollout is under way, the one that is live is "the release before".
  const rows = releases.filter(one => one.been_live.includes(environment) && !one.live.includes(environment))
  const to = select([
    ['', t('rollback.previous')],
    ...rows.map(one => [String(one.number), `#${one.number} · ${moment(one.created)} · ${one.message}`]),
  ])
  const message = text({maxlength: 1000})
  const rollout = await askForm(
    {
      title: t('rollback.title', {environment: t(`env.${environment}`)}),
      submitText: t('rollback.now'),
      danger: true,
      submit: () => post(path`/domains/${domain}/rollback`, {environment, to: numberOf(to), message: message.value}),
    },
    labelled(t('rollback.to'), to, t(rows.length > 0 ? 'rollback.hint' : 'rollback.none')),
    labelled(t('word.message'), message),
  )
  if (!rollout) return
  say(t('say.rolled-back', {n: rollout.to_release}))
  go(['domains', domain, 'rollouts', String(rollout.id)])
}
