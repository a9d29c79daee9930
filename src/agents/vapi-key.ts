import { sealKey } from '../assistants/sealing.ts'
import { logEvent, owner } from '../audit/log.ts'
import { inTenant } from '../db/client.ts'
import { forgetOwnDeployments } from '../db/deployments.ts'
import { forgetOwnMade } from '../db/made-assistants.ts'
import { deleteVapiKey, findVapiKey, saveVapiKey, type VapiKey } from '../db/vapi-keys.ts'
import type { Deps } from '../deps.ts'
import { linking } from './linking.ts'

/** `undefined`: the installation's is used. */
export function keyOf({ db }: Pick<Deps, 'db'>, clerkUserId: string): Promise<VapiKey | undefined> {
  return inTenant(db, clerkUserId, (trx) => findVapiKey(trx, clerkUserId))
}

/**
 * From now on all that is asked of Vapi for this user goes with her own key, but for assistants that were made with the installation's.
 * @throws AppError `vapi_key_refused` when Vapi does not know it, and what `VapiClient` throws: then the one before stays
 */
export async function saveKey(deps: Pick<Deps, 'db' | 'vapiWith' | 'cipher'>, clerkUserId: string, apiKey: string): Promise<VapiKey> {
  await deps.vapiWith(apiKey).check()
  return linking(deps.db, clerkUserId, async (trx) => {
    const key = { clerkUserId, sealedKey: sealKey(deps, clerkUserId, apiKey), lastFour: apiKey.slice(-4) }
    const saved = await saveVapiKey(trx, key)
    await logEvent(trx, { clerkUserId, actor: owner, action: 'vapi_key.changed', subject: { kind: 'user', id: clerkUserId } })
    return saved
  })
}

/** What stands in her own account stays there as it is, answers as before, and is hers alone. No harm when there is no key. */
export async function removeKey({ db }: Pick<Deps, 'db'>, clerkUserId: string): Promise<void> {
  await linking(db, clerkUserId, async (trx) => {
    if (!(await deleteVapiKey(trx, clerkUserId))) return
    await forgetOwnDeployments(trx, clerkUserId)
    await forgetOwnMade(trx, clerkUserId)
    await logEvent(trx, { clerkUserId, actor: owner, action: 'vapi_key.deleted', subject: { kind: 'user', id: clerkUserId } })
  })
}
