import { sql } from 'kysely'
import type { TenantDb } from './client.ts'

/** What a caller left for the owner. */
export interface CallerMessage {
  id: string
  /** new | read | done */
  status: string
  callerName: string | null
  /** From which the call came, E.164; `null`: withheld, or not to be believed. */
  callNumber: string | null
  /** As the caller said it, E.164. */
  phone: string | null
  email: string | null
  words: string
  /** In the caller's words. */
  wishedTime: string | null
  address: string | null
  vapiCallId: string | null
  createdAt: Date
}

export type NewMessage = Omit<CallerMessage, 'id' | 'status' | 'createdAt'> & {
  clerkUserId: string
  /** The same request again, and the same words again in one call, are the same message. */
  operationKey: string | null
  wordsKey: string | null
}

const COLUMNS = [
  'id',
  'status',
  'callerName',
  'callNumber',
  'phone',
  'email',
  'words',
  'wishedTime',
  'address',
  'vapiCallId',
  'createdAt',
] as const

/** `undefined`: it has been here before. */
export function insertMessage(trx: TenantDb, message: NewMessage): Promise<CallerMessage | undefined> {
  return trx
    .insertInto('callerMessages')
    .values(message)
    .onConflict((conflict) => conflict.doNothing())
    .returning(COLUMNS)
    .executeTakeFirst()
}

/** The message that the same request, or the same words in the same call, left before. */
export function findEarlierMessage(
  trx: TenantDb,
  { clerkUserId, operationKey, wordsKey }: Pick<NewMessage, 'clerkUserId' | 'operationKey' | 'wordsKey'>,
): Promise<(CallerMessage & Pick<NewMessage, 'operationKey' | 'wordsKey'>) | undefined> {
  return trx
    .selectFrom('callerMessages')
    .select([...COLUMNS, 'operationKey', 'wordsKey'])
    .where('clerkUserId', '=', clerkUserId)
    .where((eb) => eb.or([eb('operationKey', '=', operationKey), eb('wordsKey', '=', wordsKey)]))
    .orderBy('createdAt')
    .executeTakeFirst()
}

/** What was not known when it was left; what stands there stays. */
export function completeMessage(
  trx: TenantDb,
  clerkUserId: string,
  id: string,
  known: Pick<CallerMessage, 'callerName' | 'phone' | 'email' | 'wishedTime' | 'address'>,
): Promise<CallerMessage> {
  return trx
    .updateTable('callerMessages')
    .set((eb) => ({
      callerName: eb.fn.coalesce('callerName', eb.val(known.callerName)),
      phone: eb.fn.coalesce('phone', eb.val(known.phone)),
      email: eb.fn.coalesce('email', eb.val(known.email)),
      wishedTime: eb.fn.coalesce('wishedTime', eb.val(known.wishedTime)),
      address: eb.fn.coalesce('address', eb.val(known.address)),
      updatedAt: sql<Date>`now()`,
    }))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

/** How many this call left, and within a day this number and anybody. Until the transaction ends nobody else of this tenant counts. */
export async function countMessages(trx: TenantDb, clerkUserId: string, of: { call: string | null; number: string | null }) {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`messages ${clerkUserId}`}, 0))`.execute(trx)
  const { rows } = await sql<{ ofCall: number; ofNumber: number; ofDay: number }>`
    select count(*) filter (where vapi_call_id = ${of.call})::int as of_call,
      count(*) filter (where created_at > now() - interval '1 day' and call_number = ${of.number})::int as of_number,
      count(*) filter (where created_at > now() - interval '1 day')::int as of_day
    from caller_messages
    where clerk_user_id = ${clerkUserId} and (created_at > now() - interval '1 day' or vapi_call_id = ${of.call})`.execute(trx)
  return rows[0] ?? { ofCall: 0, ofNumber: 0, ofDay: 0 }
}

/** Newest first. @param after the id of the last one that was seen; an unknown one has nothing after it */
export function listMessages(
  trx: TenantDb,
  clerkUserId: string,
  { status, after, atMost }: { status: string | undefined; after: string | undefined; atMost: number },
): Promise<CallerMessage[]> {
  const last = sql`(select m.created_at, m.id from caller_messages m where m.clerk_user_id = ${clerkUserId} and m.id = ${after ?? null})`
  return trx
    .selectFrom('callerMessages')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
    .$if(after !== undefined, (query) => query.where(sql<boolean>`(created_at, id) < ${last}`))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(atMost)
    .execute()
}

/** What was left in this call, earliest first. */
export function listMessagesOfCall(trx: TenantDb, clerkUserId: string, vapiCallId: string): Promise<CallerMessage[]> {
  return trx
    .selectFrom('callerMessages')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiCallId', '=', vapiCallId)
    .orderBy('createdAt')
    .execute()
}

/** What was left from this number, or to be called back there; newest first. */
export function listMessagesFrom(trx: TenantDb, clerkUserId: string, number: string, atMost: number): Promise<CallerMessage[]> {
  return trx
    .selectFrom('callerMessages')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where((eb) => eb.or([eb('callNumber', '=', number), eb('phone', '=', number)]))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(atMost)
    .execute()
}

export function findMessage(trx: TenantDb, clerkUserId: string, id: string): Promise<CallerMessage | undefined> {
  return trx.selectFrom('callerMessages').select(COLUMNS).where('clerkUserId', '=', clerkUserId).where('id', '=', id).executeTakeFirst()
}

/** `undefined` when she has none of that id. */
export function markMessage(trx: TenantDb, clerkUserId: string, id: string, status: string): Promise<CallerMessage | undefined> {
  return trx
    .updateTable('callerMessages')
    .set({ status, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst()
}

/** With the notice that tells what stands in it. False when she has none of that id. */
export async function deleteMessage(trx: TenantDb, clerkUserId: string, id: string): Promise<boolean> {
  await trx.deleteFrom('notices').where('clerkUserId', '=', clerkUserId).where('messageId', '=', id).execute()
  const { numDeletedRows } = await trx
    .deleteFrom('callerMessages')
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}
