import { type Action, logEvent, owner } from '../audit/log.ts'
import { type Agent, findAgent } from '../db/agents.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { takeTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

/**
 * Which assistants and secrets a user has is changed by one request after the other, so that `directory` and her agents agree.
 * @throws AppError `not_signed_in` when she was deleted meanwhile: nothing would delete at Vapi what she still got then
 */
export function linking<T>(db: Deps['db'], clerkUserId: string, work: (trx: TenantDb) => Promise<T>): Promise<T> {
  return inTenant(db, clerkUserId, async (trx) => {
    await takeTurn(trx, clerkUserId)
    return work(trx)
  })
}

/** @throws AppError `not_found` */
export async function agentOf(trx: TenantDb, clerkUserId: string, agentId: number): Promise<Agent> {
  const agent = await findAgent(trx, clerkUserId, agentId)
  if (!agent) throw new AppError('not_found', 'no such agent')
  return agent
}

/** What was done to an agent stands in the event log, with the assistant that it has by now. */
export function logAgent(
  trx: TenantDb,
  { clerkUserId, agentId, vapiAssistantId }: Agent,
  action: Action,
  details: { fields?: string[] } = {},
): Promise<void> {
  return logEvent(trx, {
    clerkUserId,
    actor: owner,
    action,
    subject: { kind: 'agent', id: agentId },
    details: { assistant_id: vapiAssistantId, ...details },
  })
}
