import { sortAssistants } from '../db/agents.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { Assistant } from './answers.ts'
import { vapiOf } from './own-key.ts'

/**
 * The assistants that this user may link or has linked, newest first. Left out are those linked to somebody else, and those that a Ringbook
 * made for somebody else or is about to delete.
 * @throws AppError `vapi_off`, and what `VapiClient` throws
 */
export async function assistantsOf(deps: Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher'>, clerkUserId: string): Promise<Assistant[]> {
  const { db } = deps
  const { client } = await vapiOf(deps, clerkUserId)
  const all = await client.list()
  const ids = all.map(({ id }) => id)
  const { own, taken } = await inTenant(db, clerkUserId, (trx) => sortAssistants(trx, clerkUserId, ids))
  return all.filter(({ id, madeId }) => own.has(id) || (!taken.has(id) && madeId === null))
}
