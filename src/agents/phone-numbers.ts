import type { PhoneNumber } from '../assistants/answers.ts'
import { type Access, vapiOf } from '../assistants/own-key.ts'
import { logEvent, owner } from '../audit/log.ts'
import { type Agent, listAgents } from '../db/agents.ts'
import { listBusinessNumbers } from '../db/businesses.ts'
import { inTenant } from '../db/client.ts'
import { findKept } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { agentOf } from './linking.ts'

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher'>

/** A phone number that this user may give to her agents. */
export interface OwnNumber extends PhoneNumber {
  /** Which of her agents answers there. */
  agentId: number | null
}

/**
 * Her numbers at Vapi. In her own account these are all; the installation's account is shared, and there they are those that one of her
 * assistants answers, and those of her businesses that nobody answers yet.
 * @throws AppError `vapi_off`, and what `VapiClient` throws
 */
export async function phoneNumbersOf(deps: Tools, clerkUserId: string): Promise<OwnNumber[]> {
  return ownNumbers(deps, clerkUserId, await vapiOf(deps, clerkUserId))
}

/**
 * From now on this agent's assistant answers there, and whatever else is said about the number at Vapi stays.
 * @throws AppError `not_found`, `assistant_missing`, `phone_number_not_yours`, `vapi_off`, and what `VapiClient` throws
 */
export function attachNumber(deps: Tools, clerkUserId: string, agentId: number, numberId: string): Promise<OwnNumber> {
  return setAssistant(deps, clerkUserId, agentId, numberId, true)
}

/** Nobody answers there any more. One that this agent does not answer stays as it is. @throws as `attachNumber` */
export function detachNumber(deps: Tools, clerkUserId: string, agentId: number, numberId: string): Promise<OwnNumber> {
  return setAssistant(deps, clerkUserId, agentId, numberId, false)
}

async function setAssistant(deps: Tools, clerkUserId: string, agentId: number, numberId: string, attach: boolean): Promise<OwnNumber> {
  const { agent, made } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const agent = await agentOf(trx, clerkUserId, agentId)
    return { agent, made: agent.vapiAssistantId === null ? undefined : await findKept(trx, clerkUserId, agent.vapiAssistantId) }
  })
  const { vapiAssistantId } = agent
  if (vapiAssistantId === null) throw new AppError('assistant_missing', 'nobody could answer there')
  // A number can only be given to an assistant of the same account.
  const access = await vapiOf(deps, clerkUserId, made?.withOwnKey)
  const number = (await ownNumbers(deps, clerkUserId, access)).find(({ id }) => id === numberId)
  if (!number) throw new AppError('phone_number_not_yours', 'not among those of this user')
  const isAttached = number.assistantId === vapiAssistantId
  if (attach !== isAttached) {
    // Written before Vapi is asked: whatever becomes of the answer, it was tried.
    await inTenant(deps.db, clerkUserId, (trx) => {
      const action = attach ? 'phone_number.attached' : 'phone_number.detached'
      return logEvent(trx, { clerkUserId, actor: owner, action, subject: { kind: 'phone_number', id: numberId }, details: { agentId } })
    })
    const isThere = await access.client.attachNumber(number, attach ? vapiAssistantId : null)
    if (!isThere) throw new AppError('phone_number_not_yours', 'it is gone')
  }
  if (attach) return { ...number, assistantId: vapiAssistantId, agentId }
  return isAttached ? { ...number, assistantId: null, agentId: null } : number
}

async function ownNumbers(deps: Tools, clerkUserId: string, { client, withOwnKey }: Access): Promise<OwnNumber[]> {
  const [all, { agents, claimed }] = await Promise.all([
    client.numbers(),
    inTenant(deps.db, clerkUserId, async (trx) => ({
      agents: await listAgents(trx, clerkUserId),
      claimed: await listBusinessNumbers(trx, clerkUserId),
    })),
  ])
  const isFree = ({ assistantId, isAnsweredOtherwise }: PhoneNumber) => assistantId === null && !isAnsweredOtherwise
  return all
    .map((number) => ({ ...number, agentId: agentAnswering(agents, number)?.agentId ?? null }))
    .filter(({ agentId, ...number }) => {
      if (withOwnKey || agentId !== null) return true
      return isFree(number) && number.number !== null && claimed.includes(number.number)
    })
}

function agentAnswering(agents: Agent[], { assistantId }: PhoneNumber): Agent | undefined {
  return assistantId === null ? undefined : agents.find(({ vapiAssistantId }) => vapiAssistantId === assistantId)
}
