import { callIdOf } from '../call-id.ts'
import { listAppointments } from '../db/appointments.ts'
import type { Booking } from '../db/bookings.ts'
import {
  type CallFilter,
  findListedCall,
  type ListedCall,
  type ListedFunctionCall,
  listCalls,
  listFunctionCalls,
  listNoticesOf,
  type NoticeOfCall,
} from '../db/call-lists.ts'
import { listTurns, type Turn } from '../db/call-transcripts.ts'
import { type CallerMessage, listMessagesOfCall } from '../db/caller-messages.ts'
import { type Change, listChangesInCall } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

/** One page of the owner's calls, latest first. @param after the id of the last call of the page before */
export async function pageOfCalls(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  { limit, ...wish }: CallFilter & { after: string | undefined; limit: number },
): Promise<{ calls: ListedCall[]; next: string | null }> {
  const found = await inTenant(db, clerkUserId, (trx) => listCalls(trx, clerkUserId, { ...wish, limit: limit + 1 }))
  const calls = found.slice(0, limit)
  return { calls, next: found.length > limit ? (calls.at(-1)?.id ?? null) : null }
}

const AT_ONCE = 500

/** All the owner's calls that fit, latest first, read page by page while they are wanted. */
export async function* allCalls(deps: Pick<Deps, 'db'>, clerkUserId: string, filter: CallFilter): AsyncGenerator<ListedCall[]> {
  for (let after: string | undefined; ; ) {
    const { calls, next } = await pageOfCalls(deps, clerkUserId, { ...filter, after, limit: AT_ONCE })
    yield calls
    if (next === null) return
    after = next
  }
}

/** A call with all that belongs to it. */
export interface WholeCall {
  call: ListedCall
  turns: Turn[]
  functionCalls: ListedFunctionCall[]
  /** Made or changed in it. */
  bookings: Booking[]
  /** Each with the zone in which its appointment was agreed. */
  changes: { change: Change; timeZone: string }[]
  messages: CallerMessage[]
  notices: NoticeOfCall[]
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** @param id ours, or Vapi's, by which bookings, changes and messages name it @throws AppError `not_found` */
export function wholeCall({ db }: Pick<Deps, 'db'>, clerkUserId: string, id: string): Promise<WholeCall> {
  return inTenant(db, clerkUserId, async (trx) => {
    const ids = { id: UUID.test(id) ? id : null, vapiCallIds: [callIdOf(id, true), callIdOf(id, false)] }
    const call = await findListedCall(trx, clerkUserId, ids)
    if (!call) throw new AppError('not_found', 'no such call')
    const { vapiCallId, appointmentIds } = call
    const turns = await listTurns(trx, { clerkUserId, id: call.id })
    const functionCalls = await listFunctionCalls(trx, clerkUserId, vapiCallId)
    const messages = await listMessagesOfCall(trx, clerkUserId, vapiCallId)
    const changed = await listChangesInCall(trx, clerkUserId, vapiCallId)
    const touched = [...new Set([...appointmentIds, ...changed.map(({ appointmentId }) => appointmentId)])]
    const bookings = await listAppointments(trx, clerkUserId, touched)
    const zones = new Map(bookings.map(({ appointmentId, timeZone }) => [appointmentId, timeZone]))
    const changes = changed.map((change) => ({ change, timeZone: zones.get(change.appointmentId) ?? 'UTC' }))
    const notices = await listNoticesOf(trx, clerkUserId, { appointmentIds: touched, messageIds: messages.map((one) => one.id) })
    return { call, turns, functionCalls, bookings, changes, messages, notices }
  })
}
