import { sql } from 'kysely'
import type { TenantDb } from './client.ts'
import type { Json } from './schema.ts'

/** A phone or web call, as its owner reads it. */
export interface ListedCall {
  id: string
  /** As `callIdOf` knows it. */
  vapiCallId: string
  assistantId: string | null
  /** inbound | outbound | web */
  direction: string | null
  customerNumber: string | null
  customerName: string | null
  dialledNumber: string | null
  /** scheduled | queued | ringing | in-progress | forwarding | ended */
  status: string
  /** By Vapi's clock where that has said it, else when it was first heard of. */
  beganAt: Date
  startedAt: Date | null
  endedAt: Date | null
  durationSeconds: number | null
  endedReason: string | null
  /** What kind of reason that is. */
  endedClass: string | null
  summary: string | null
  intent: string | null
  sentiment: string | null
  success: string | null
  structuredData: Json | null
  /** US dollars, as a decimal number. */
  cost: string | null
  hasRecording: boolean
  hangs: number
  /** When the assistant was late. */
  hungAt: Date[]
  firstHeardAt: Date
  reportedAt: Date | null
  /** The appointments that were made in it. */
  appointmentIds: string[]
}

/** Which calls; whatever is left out does not narrow. Times are of their beginning, half-open. */
export interface CallFilter {
  from?: Date | undefined
  to?: Date | undefined
  status?: string | undefined
  direction?: string | undefined
  customerNumber?: string | undefined
  intent?: string | undefined
  endedClass?: string | undefined
  isBooked?: boolean | undefined
  /** Words that stand in the summary, in whatever case. */
  search?: string | undefined
}

const COLUMNS = [
  'id',
  'vapiCallId',
  'assistantId',
  'direction',
  'customerNumber',
  'customerName',
  'dialledNumber',
  'status',
  'beganAt',
  'startedAt',
  'endedAt',
  'durationSeconds',
  'endedReason',
  'endedClass',
  'summary',
  'intent',
  'sentiment',
  'success',
  'structuredData',
  'cost',
  'hasRecording',
  'hangs',
  'hungAt',
  'firstHeardAt',
  'reportedAt',
] as const

// Of an appointment that was cancelled and stands again there are two bookings; what failed never was one.
const madeInIt = sql`select from bookings b where b.clerk_user_id = calls.clerk_user_id and b.vapi_call_id = calls.vapi_call_id
  and b.moves is null and b.status <> 'failed'`
const appointmentIds = sql<string[]>`array(
  select b.appointment_id from bookings b
  where b.clerk_user_id = calls.clerk_user_id and b.vapi_call_id = calls.vapi_call_id and b.moves is null and b.status <> 'failed'
  group by 1 order by min(b.created_at))`.as('appointmentIds')

function callsOf(trx: TenantDb, clerkUserId: string) {
  return trx
    .selectFrom('calls')
    .select([...COLUMNS, appointmentIds])
    .where('clerkUserId', '=', clerkUserId)
}

/** Latest first. @param after the id of the last one that was seen; an unknown one has nothing after it */
export function listCalls(
  trx: TenantDb,
  clerkUserId: string,
  { after, limit, ...filter }: CallFilter & { after?: string | undefined; limit: number },
): Promise<ListedCall[]> {
  const { from, to, status, direction, customerNumber, intent, endedClass, isBooked, search } = filter
  const last = sql`(select c.began_at, c.id from calls c where c.clerk_user_id = ${clerkUserId} and c.id = ${after ?? null})`
  let query = callsOf(trx, clerkUserId)
  if (from !== undefined) query = query.where('beganAt', '>=', from)
  if (to !== undefined) query = query.where('beganAt', '<', to)
  if (status !== undefined) query = query.where('status', '=', status)
  if (direction !== undefined) query = query.where('direction', '=', direction)
  if (customerNumber !== undefined) query = query.where('customerNumber', '=', customerNumber)
  if (intent !== undefined) query = query.where('intent', '=', intent)
  if (endedClass !== undefined) query = query.where('endedClass', '=', endedClass)
  if (isBooked !== undefined) query = query.where(isBooked ? sql<boolean>`exists (${madeInIt})` : sql<boolean>`not exists (${madeInIt})`)
  if (search !== undefined) query = query.where('summary', 'ilike', `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`)
  if (after !== undefined) query = query.where(sql<boolean>`(began_at, id) < ${last}`)
  return query.orderBy('beganAt', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/**
 * @param id ours; `null`: what was asked for is none
 * @param vapiCallIds as Vapi's id is known here, the call for which somebody vouches first: of several that one is meant
 */
export function findListedCall(
  trx: TenantDb,
  clerkUserId: string,
  { id, vapiCallIds }: { id: string | null; vapiCallIds: string[] },
): Promise<ListedCall | undefined> {
  return callsOf(trx, clerkUserId)
    .where((eb) => eb.or([eb('id', '=', id), eb('vapiCallId', 'in', vapiCallIds)]))
    .orderBy(sql`(id is not distinct from ${id}::uuid)`, 'desc')
    .orderBy(sql`array_position(${vapiCallIds}::text[], vapi_call_id)`)
    .limit(1)
    .executeTakeFirst()
}

export type ListedFunctionCall = Awaited<ReturnType<typeof listFunctionCalls>>[number]

/** What the assistant asked of us in a call and was told, earliest first. */
export function listFunctionCalls(trx: TenantDb, clerkUserId: string, vapiCallId: string) {
  return trx
    .selectFrom('toolCalls')
    .select(['id', 'toolCallId', 'function', 'answer', 'outcome', 'failure', 'ms', 'vendorMs', 'beforeMs', 'traceId', 'steps', 'calledAt'])
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiCallId', '=', vapiCallId)
    .orderBy('calledAt')
    .orderBy('id')
    .execute()
}

export type NoticeOfCall = Awaited<ReturnType<typeof listNoticesOf>>[number]

/** What the owner was told of these appointments and messages, earliest first. */
export function listNoticesOf(trx: TenantDb, clerkUserId: string, of: { appointmentIds: string[]; messageIds: string[] }) {
  return trx
    .selectFrom('notices')
    .select(['id', 'kind', 'createdAt'])
    .where('clerkUserId', '=', clerkUserId)
    .where((eb) =>
      eb.or([eb('bookingId', '=', eb.fn.any(eb.val(of.appointmentIds))), eb('messageId', '=', eb.fn.any(eb.val(of.messageIds)))]),
    )
    .orderBy('createdAt')
    .execute()
}
