import { inTenant } from '../db/client.ts'
import { forgetMade, insertMade, leaveMade } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { definitionOf, type Wanted } from './definition.ts'

// Longer than Vapi and our database may take together, so that nobody deletes what is just being made.
const LEASE_MS = 60_000

/**
 * Makes an assistant at Vapi. It is deleted there again unless the caller keeps it (`keepMade`) within a minute, in the transaction that makes
 * the agent: whatever happens in between, and whatever became of Vapi's answer, nothing half-made stays.
 * @throws AppError `vapi_off`, and what `VapiClient` throws
 */
export async function makeAssistant(
  { db, vapi, config }: Pick<Deps, 'db' | 'vapi' | 'config'>,
  clerkUserId: string,
  wanted: Pick<Wanted, 'name' | 'config' | 'secret'>,
): Promise<{ id: string; vapiAssistantId: string }> {
  if (!vapi) throw new AppError('vapi_off', 'no VAPI_API_KEY')
  const id = await inTenant(db, clerkUserId, (trx) => insertMade(trx, clerkUserId, LEASE_MS))
  try {
    const vapiAssistantId = await vapi.create(definitionOf({ ...wanted, id, baseUrl: config.baseUrl }))
    return { id, vapiAssistantId }
  } catch (error) {
    const mayExist = !(error instanceof AppError) || error.code === 'vapi_unavailable'
    await inTenant(db, clerkUserId, (trx) => (mayExist ? leaveMade(trx, clerkUserId, id) : forgetMade(trx, clerkUserId, id)))
    throw error
  }
}
