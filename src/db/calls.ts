import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** In their order: a call never goes back. */
export const CALL_STATUSES = ['scheduled', 'queued', 'ringing', 'in-progress', 'forwarding', 'ended'] as const
export type CallStatus = (typeof CALL_STATUSES)[number]
export type Direction = 'inbound' | 'outbound' | 'web'

/** What a part of a call has cost, in US dollars. */
export interface CostPart {
  type: string
  provider: string | null
  minutes: number | null
  cost: number | null
}

/** A phone or web call, as far as Vapi has told of it. */
export interface CallRecord {
  clerkUserId: string
  id: string
  /** As `callIdOf` knows it. */
  vapiCallId: string
  /** False: its assistant has shown no secret. */
  isBelieved: boolean
  assistantId: string | null
  direction: Direction | null
  /** E.164. */
  customerNumber: string | null
  customerName: string | null
  /** E.164: the line that Vapi answers or calls from. */
  dialledNumber: string | null
  status: CallStatus
  startedAt: Date | null
  endedAt: Date | null
  /** Vapi's word for it. */
  endedReason: string | null
  summary: string | null
  intent: string | null
  sentiment: string | null
  success: string | null
  structuredData: Record<string, unknown> | null
  cost: number | null
  costs: CostPart[] | null
  hasRecording: boolean
  /** When the assistant was late. */
  hungAt: Date[]
  /** `null`: the report is still to come, or to be fetched. */
  reportedAt: Date | null
  /** When Vapi made the report. */
  reportMadeAt: Date | null
  /** What the report told: other messages change it no more. */
  settled: string[]
  lastHeardAt: Date
}

const COLUMNS = [
  'clerkUserId',
  'id',
  'vapiCallId',
  'isBelieved',
  'assistantId',
  'customerNumber',
  'customerName',
  'dialledNumber',
  'startedAt',
  'endedAt',
  'endedReason',
  'summary',
  'intent',
  'sentiment',
  'success',
  'hasRecording',
  'hungAt',
  'reportedAt',
  'reportMadeAt',
  'settled',
  'lastHeardAt',
] as const

function selectCalls(trx: TenantDb, clerkUserId: string) {
  return trx
    .selectFrom('calls')
    .select(COLUMNS)
    .select([
      sql<Direction | null>`direction`.as('direction'),
      sql<CallStatus>`status`.as('status'),
      sql<Record<string, unknown> | null>`structured_data`.as('structuredData'),
      sql<number | null>`cost::double precision`.as('cost'),
      sql<CostPart[] | null>`costs`.as('costs'),
    ])
    .where('clerkUserId', '=', clerkUserId)
}

/** The first word of a call. @returns whether it is new here */
export async function insertCall(
  trx: TenantDb,
  call: Pick<CallRecord, 'clerkUserId' | 'vapiCallId' | 'isBelieved' | 'status'> & { createdAt: Date },
  heardAt: Date,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('calls')
    .values({ ...call, firstHeardAt: heardAt, lastHeardAt: heardAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Nobody else adds to it until the transaction ends. */
export function lockCall(trx: TenantDb, clerkUserId: string, vapiCallId: string): Promise<CallRecord | undefined> {
  return selectCalls(trx, clerkUserId).where('vapiCallId', '=', vapiCallId).forUpdate().executeTakeFirst()
}

export function findCall(trx: TenantDb, clerkUserId: string, id: string): Promise<CallRecord | undefined> {
  return selectCalls(trx, clerkUserId).where('id', '=', id).executeTakeFirst()
}

/** Those of these calls that have been heard of, as `callIdOf` knows them. */
export async function listKnownCalls(trx: TenantDb, clerkUserId: string, vapiCallIds: string[]): Promise<string[]> {
  const found = trx.selectFrom('calls').select('vapiCallId').where('clerkUserId', '=', clerkUserId).where('vapiCallId', 'in', vapiCallIds)
  return (await found.execute()).map(({ vapiCallId }) => vapiCallId)
}

/** It must be locked. @param endedClass what kind of reason it ended for */
export async function updateCall(trx: TenantDb, { clerkUserId, id, ...call }: CallRecord, endedClass: string | null): Promise<void> {
  const { vapiCallId, isBelieved, structuredData, costs, ...columns } = call
  await trx
    .updateTable('calls')
    .set({
      ...columns,
      endedClass,
      structuredData: jsonOf(structuredData),
      costs: jsonOf(costs),
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .execute()
}

/** What the caller came for, by what was done or asked for in the call; `undefined`: nothing was. */
export async function intentByDeeds(trx: TenantDb, { clerkUserId, vapiCallId }: Pick<CallRecord, 'clerkUserId' | 'vapiCallId'>) {
  const { rows } = await sql<{ intent: string }>`
    with deeds as (
      select case function
        when 'book_appointment' then 'booking' when 'reschedule_appointment' then 'reschedule' when 'cancel_appointment' then 'cancel'
        when 'take_message' then 'message' else 'inquiry' end as intent
      from tool_calls where clerk_user_id = ${clerkUserId} and vapi_call_id = ${vapiCallId}
      union all
      select 'booking' from bookings where clerk_user_id = ${clerkUserId} and vapi_call_id = ${vapiCallId} and moves is null
      union all
      select case kind when 'move' then 'reschedule' else 'cancel' end from changes
      where clerk_user_id = ${clerkUserId} and vapi_call_id = ${vapiCallId}
      union all
      select 'message' from caller_messages where clerk_user_id = ${clerkUserId} and vapi_call_id = ${vapiCallId})
    select intent from deeds order by array_position(array['booking', 'reschedule', 'cancel', 'message', 'inquiry'], intent) limit 1`.execute(
    trx,
  )
  return rows[0]?.intent
}

/** Of all tenants, those of which nothing has been heard since then, and whose report is neither here nor being fetched. */
export async function listUnreported(db: Db, heardBefore: Date, atMost: number): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{ clerkUserId: string; id: string }>`select * from calls_unreported(${heardBefore}, ${atMost})`.execute(db)
  return rows
}

/** Until when the list of calls of this account at Vapi has been read; `undefined`: never. */
export async function findReadUntil(db: Db, account: string): Promise<Date | undefined> {
  const found = await db.selectFrom('callListReads').select('readUntil').where('account', '=', account).executeTakeFirst()
  return found?.readUntil
}

/** Of several readers the one that came furthest counts. */
export async function saveReadUntil(db: Db, account: string, readUntil: Date): Promise<void> {
  await db
    .insertInto('callListReads')
    .values({ account, readUntil })
    .onConflict((conflict) =>
      conflict.column('account').doUpdateSet((eb) => ({
        readUntil: eb.fn<Date>('greatest', ['callListReads.readUntil', 'excluded.readUntil']),
      })),
    )
    .execute()
}

function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}
