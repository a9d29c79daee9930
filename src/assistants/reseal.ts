import { inTenant, type TenantDb } from '../db/client.ts'
import { findDeployment, setSealedSecret } from '../db/deployments.ts'
import { findVapiKey, listVapiSealedElsewhere, resealVapiKey, vapiSealingKeys } from '../db/vapi-keys.ts'
import type { Deps } from '../deps.ts'
import { openKey, openSecret, sealKey, sealSecret } from './sealing.ts'

const AT_ONCE = 100

/**
 * As `resealTokens`, for tenants' own keys of Vapi and for secrets on their way to assistants.
 * @throws Error when something was sealed with a key that is not in the settings
 */
export async function resealForVapi(deps: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const { db, cipher, log } = deps
  const missing = (await vapiSealingKeys(db)).filter((id) => !cipher.keyIds.includes(id))
  if (missing.length > 0) throw new Error(`TOKEN_ENCRYPTION_KEYS lacks ${missing.join(', ')}: Vapi's keys were sealed with it`)
  for (;;) {
    let changed = 0
    for (const { clerkUserId, agentId } of await listVapiSealedElsewhere(db, cipher.activeKeyId, AT_ONCE)) {
      const resealed = await inTenant(db, clerkUserId, (trx) =>
        agentId === null ? keyAgain(deps, trx, clerkUserId) : secretAgain(deps, trx, { clerkUserId, agentId }),
      ).catch((error: unknown) => {
        log.error({ err: error, agentId }, 'what is stored for Vapi does not open; the key has to be saved, or the agent deployed, again')
        return false
      })
      if (resealed) changed += 1
    }
    if (changed === 0) return
    log.info({ changed, key: cipher.activeKeyId }, 'what is stored for Vapi was sealed again')
  }
}

async function keyAgain(deps: Pick<Deps, 'cipher'>, trx: TenantDb, clerkUserId: string): Promise<boolean> {
  const key = await findVapiKey(trx, clerkUserId)
  return key !== undefined && resealVapiKey(trx, key, sealKey(deps, clerkUserId, openKey(deps, key)))
}

async function secretAgain(deps: Pick<Deps, 'cipher'>, trx: TenantDb, agent: { clerkUserId: string; agentId: number }): Promise<boolean> {
  const sealed = (await findDeployment(trx, agent))?.sealedSecret ?? null
  return sealed !== null && setSealedSecret(trx, agent, sealSecret(deps, agent, openSecret(deps, agent, sealed)), sealed)
}
