import { isDeepStrictEqual } from 'node:util'
import { logEvent } from '../audit/log.ts'
import { callIdOf } from '../call-id.ts'
import { listTurns, replaceTurns, type Turn } from '../db/call-transcripts.ts'
import { type CallRecord, insertCall, intentByDeeds, lockCall, updateCall } from '../db/calls.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { alarmIfOurAnswerWasBad } from './alarm.ts'
import { classOfEnd } from './ended-reason.ts'
import { fetchReportLater } from './later.ts'
import { type Heard, withNews } from './merge.ts'
import type { News } from './news.ts'

// That nothing but the time has changed is worth a write now and then.
const HEARD_AGAIN_MS = 30_000

/** Whose call it is, and which. */
export interface WhichCall {
  clerkUserId: string
  /** As Vapi has it. */
  callId: string
  /** The assistant has shown its secret, or Vapi itself was asked. */
  isBelieved: boolean
}

/**
 * Puts on record what a message tells of a call, whichever comes first, in whatever order and however often.
 * @returns the call as it is known now
 */
export async function hear(deps: Deps, { clerkUserId, callId, isBelieved }: WhichCall, news: News): Promise<CallRecord> {
  const vapiCallId = callIdOf(callId, isBelieved)
  return hearOf(deps, { clerkUserId, vapiCallId, isBelieved }, isBelieved ? news : { ...news, parties: withoutNumbers(news) })
}

/** The same of a call under the id by which it is known here: what Vapi's API tells of it can be relied on. */
export async function hearOf(
  deps: Deps,
  which: Pick<CallRecord, 'clerkUserId' | 'vapiCallId' | 'isBelieved'>,
  news: News,
): Promise<CallRecord> {
  const heardAt = deps.clock.now()
  const { before, after } = await inTenant(deps.db, which.clerkUserId, async (trx) => {
    const { isNew, ...before } = await openCall(deps, trx, which, news, heardAt)
    const told = withNews(before, news, heardAt)
    const after = { ...told, call: await withIntent(trx, told.call) }
    await save(trx, before, after)
    if (isNew) await logCall(trx, after.call, 'call.began')
    if ((isNew || before.call.status !== 'ended') && after.call.status === 'ended') await logCall(trx, after.call, 'call.ended')
    return { before: before.call, after: after.call }
  })
  alarmIfOurAnswerWasBad(deps, before.endedReason, after.endedReason)
  return after
}

/** A call of which is heard late stands among those of its time. */
function begunBy(heardAt: Date, startedAt: Date | null): Date {
  return startedAt !== null && startedAt < heardAt ? startedAt : heardAt
}

/** Locked; made, if this is the first word of it. */
async function openCall(
  deps: Deps,
  trx: TenantDb,
  which: Pick<CallRecord, 'clerkUserId' | 'vapiCallId' | 'isBelieved'>,
  { status, startedAt, turn, report }: News,
  heardAt: Date,
): Promise<Heard & { isNew: boolean }> {
  const { clerkUserId, vapiCallId } = which
  let isNew = false
  let call = await lockCall(trx, clerkUserId, vapiCallId)
  if (!call) {
    isNew = await insertCall(trx, { ...which, status: status ?? 'queued', createdAt: begunBy(heardAt, startedAt) }, heardAt)
    call = await lockCall(trx, clerkUserId, vapiCallId)
    if (!call) throw new Error('a call that was just opened is not there')
    if (isNew) await fetchReportLater(deps, trx, call)
  }
  return { call, turns: turn || report ? await listTurns(trx, call) : [], isNew }
}

function logCall(trx: TenantDb, { clerkUserId, id, vapiCallId }: CallRecord, action: 'call.began' | 'call.ended'): Promise<void> {
  return logEvent(trx, { clerkUserId, actor: { kind: 'caller', callId: vapiCallId }, action, subject: { kind: 'call', id } })
}

/** What Vapi's analysis does not name is told by what was done. */
async function withIntent(trx: TenantDb, call: CallRecord): Promise<CallRecord> {
  if (call.reportedAt === null || call.settled.includes('intent')) return call
  return { ...call, intent: (await intentByDeeds(trx, call)) ?? null }
}

async function save(trx: TenantDb, before: Heard, after: Heard): Promise<void> {
  const from = firstDifference(before.turns, after.turns)
  if (from < Math.max(before.turns.length, after.turns.length)) await replaceTurns(trx, after.call, after.turns, from)
  const isSame = isDeepStrictEqual({ ...before.call, lastHeardAt: null }, { ...after.call, lastHeardAt: null })
  const laterMs = after.call.lastHeardAt.getTime() - before.call.lastHeardAt.getTime()
  const { endedReason } = after.call
  if (!isSame || laterMs >= HEARD_AGAIN_MS) await updateCall(trx, after.call, endedReason === null ? null : classOfEnd(endedReason))
}

function firstDifference(one: Turn[], other: Turn[]): number {
  const at = one.findIndex((turn, index) => !isDeepStrictEqual(turn, other[index]))
  return at === -1 ? one.length : at
}

/** Whoever knows an assistant's id can say that anybody calls. */
function withoutNumbers({ parties }: News): News['parties'] {
  return { ...parties, customerNumber: null, dialledNumber: null }
}
