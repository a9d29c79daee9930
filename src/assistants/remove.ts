import { inTenant, type TenantDb } from '../db/client.ts'
import { claimUnwanted, dropAllMade, dropMade, findMade, forgetMade, type MadeAssistant } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { VapiClient } from './client.ts'
import { vapiOf } from './own-key.ts'

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config' | 'log'>

const AT_ONCE = 10
const ALERT_AT_ATTEMPT = 5
// Vapi may still be working on a request whose answer never came.
const LATEST_ARRIVAL_SECONDS = 15 * 60

/** An assistant that we made and nobody wants any more; `removeNow` deletes it, or else the sweeper does. */
export interface Unwanted {
  clerkUserId: string
  id: string
}

/**
 * To be called in the transaction that takes the assistant from its agent.
 * @returns `undefined` for an assistant that its owner made herself: it stays hers
 */
export async function discardAssistant(
  { config }: Pick<Deps, 'config'>,
  trx: TenantDb,
  clerkUserId: string,
  vapiAssistantId: string,
): Promise<Unwanted | undefined> {
  const id = await dropMade(trx, clerkUserId, vapiAssistantId, config.timeouts.settleLeaseMs)
  return id === undefined ? undefined : { clerkUserId, id }
}

/**
 * All that we made for this user, for when she leaves. To be called in the transaction that erases her agents; the rows of
 * `made_assistants` stay until the assistants are gone at Vapi, and hold nothing but ids.
 */
export async function discardAssistants({ config }: Pick<Deps, 'config'>, trx: TenantDb, clerkUserId: string): Promise<Unwanted[]> {
  const ids = await dropAllMade(trx, clerkUserId, config.timeouts.settleLeaseMs)
  return ids.map((id) => ({ clerkUserId, id }))
}

/**
 * Deletes it at Vapi, now. To be called after the transaction.
 * @returns false when Vapi could not be asked or refused: it is tried again later
 */
export async function removeNow(deps: Tools, unwanted: Unwanted): Promise<boolean> {
  try {
    return await remove(deps, unwanted)
  } catch (error) {
    // Her own work is done and stays done; this part is certain to be taken up again.
    deps.log.warn({ err: error, madeId: unwanted.id }, 'an assistant could not be deleted at Vapi now; it is tried again')
    return false
  }
}

/**
 * Deletes at Vapi what nobody wants any more: assistants of deleted agents, and half-made ones that a crash or a lost answer left. Any number
 * of processes may run it at once.
 * @param stop ends it early, between two assistants
 * @returns how many it took up
 */
export async function sweepAssistants(deps: Tools, stop?: AbortSignal): Promise<number> {
  const claimed = await claimUnwanted(deps.db, deps.config.timeouts.settleLeaseMs, AT_ONCE)
  for (const one of claimed) {
    if (stop?.aborted) break
    if (!(await removeNow(deps, one))) await alertOnce(deps, one)
  }
  return claimed.length
}

/** It is asked for again, less and less often, because Vapi may be away for long; somebody should look why. */
async function alertOnce({ db, log }: Tools, { clerkUserId, id }: Unwanted): Promise<void> {
  const made = await inTenant(db, clerkUserId, (trx) => findMade(trx, clerkUserId, id))
  if (made?.attempts === ALERT_AT_ATTEMPT && made.vapiAssistantId !== null)
    log.error({ madeId: id }, 'an assistant could not be deleted at Vapi in five attempts; it is tried again, at least once an hour')
}

/** @returns whether it is certain that it does not exist any more */
async function remove(deps: Tools, { clerkUserId, id }: Unwanted): Promise<boolean> {
  const { db } = deps
  const made = await inTenant(db, clerkUserId, (trx) => findMade(trx, clerkUserId, id))
  if (!made) return true
  const vapi = await clientFor(deps, made)
  if (!vapi) {
    await inTenant(db, clerkUserId, (trx) => forgetMade(trx, clerkUserId, id))
    return true
  }
  const assistantIds = made.vapiAssistantId === null ? await idsAtVapi(vapi, made) : [made.vapiAssistantId]
  for (const assistantId of assistantIds) await vapi.remove(assistantId)
  if (assistantIds.length === 0 && made.ageSeconds < LATEST_ARRIVAL_SECONDS) return false
  await inTenant(db, clerkUserId, (trx) => forgetMade(trx, clerkUserId, id))
  return true
}

/** @returns `undefined` for one in her own account whose key is gone, with her or by her wish: it is hers, and out of our reach */
async function clientFor(deps: Tools, { clerkUserId, withOwnKey }: MadeAssistant): Promise<VapiClient | undefined> {
  try {
    return (await vapiOf(deps, clerkUserId, withOwnKey)).client
  } catch (error) {
    if (withOwnKey && error instanceof AppError && error.code === 'vapi_off') return undefined
    throw error
  }
}

/** Vapi did not tell its id: it is known by ours, which stands in its metadata. */
async function idsAtVapi(vapi: VapiClient, { id }: MadeAssistant): Promise<string[]> {
  const all = await vapi.list()
  return all.filter(({ madeId }) => madeId === id).map((assistant) => assistant.id)
}
