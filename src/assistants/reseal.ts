import { inTenant, type TenantDb } from '../db/client.ts'
import { findDeployment, setSealedSecret } from '../db/deployments.ts'
import { findVapiKey, listVapiSealedElsewhere, resealVapiKey, vapiSealingKeys } from '../db/vapi-keys.ts'
import type { Deps } from '../deps.ts'
import { reseal } from '../reseal.ts'
import { openKey, openSecret, sealKey, sealSecret } from './sealing.ts'

/** As `reseal`, for tenants' own keys of Vapi and for secrets on their way to assistants. */
export async function resealForVapi(deps: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const { db, log } = deps
  await reseal(deps, {
    what: "Vapi's keys",
    keyIds: vapiSealingKeys,
    listElsewhere: listVapiSealedElsewhere,
    again: ({ clerkUserId, agentId }) =>
      inTenant(db, clerkUserId, (trx) =>
        agentId === null ? keyAgain(deps, trx, clerkUserId) : secretAgain(deps, trx, { clerkUserId, agentId }),
      ).catch((error: unknown) => {
        log.error({ err: error, agentId }, 'what is stored for Vapi does not open; the key has to be saved, or the agent deployed, again')
        return false
      }),
  })
}

async function keyAgain(deps: Pick<Deps, 'cipher'>, trx: TenantDb, clerkUserId: string): Promise<boolean> {
  const key = await findVapiKey(trx, clerkUserId)
  return key !== undefined && resealVapiKey(trx, key, sealKey(deps, clerkUserId, openKey(deps, key)))
}

async function secretAgain(deps: Pick<Deps, 'cipher'>, trx: TenantDb, agent: { clerkUserId: string; agentId: number }): Promise<boolean> {
  const sealed = (await findDeployment(trx, agent))?.sealedSecret ?? null
  return sealed !== null && setSealedSecret(trx, agent, sealSecret(deps, agent, openSecret(deps, agent, sealed)), sealed)
}
