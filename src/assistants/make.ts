import { inTenant } from '../db/client.ts'
import { forgetMade, insertMade, leaveMade } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { type Definition, definitionOf, type Wanted, wantedOf } from './definition.ts'
import { vapiOf } from './own-key.ts'

// Longer than Vapi and our database may take together, so that nobody deletes what is just being made.
const LEASE_MS = 60_000

/**
 * Makes an assistant at Vapi. It is deleted there again unless the caller keeps it (`keepMade`) within a minute, in the transaction that makes
 * the agent: whatever happens in between, and whatever became of Vapi's answer, nothing half-made stays.
 * @param own of the config what is wanted for good; the rest only begins it
 * @returns its ids, and what of it is wanted for good
 * @throws AppError `vapi_off`, and what `VapiClient` throws
 */
export async function makeAssistant(
  deps: Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config'>,
  clerkUserId: string,
  { own, ...wanted }: Pick<Wanted, 'name' | 'config' | 'functions'> & { own: Wanted['config']; secret: string },
): Promise<{ id: string; vapiAssistantId: string; brought: Definition }> {
  const { db, config } = deps
  const { client, withOwnKey } = await vapiOf(deps, clerkUserId)
  const id = await inTenant(db, clerkUserId, (trx) => insertMade(trx, clerkUserId, LEASE_MS, withOwnKey))
  try {
    const definition = { ...wanted, id, baseUrl: config.baseUrl }
    const vapiAssistantId = await client.create(definitionOf(definition))
    return { id, vapiAssistantId, brought: wantedOf({ ...definition, config: own }, true).all }
  } catch (error) {
    const mayExist = !(error instanceof AppError) || error.code === 'vapi_unavailable'
    await inTenant(db, clerkUserId, (trx) => (mayExist ? leaveMade(trx, clerkUserId, id) : forgetMade(trx, clerkUserId, id)))
    throw error
  }
}
