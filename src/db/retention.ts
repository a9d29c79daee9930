import { sql } from 'kysely'
import { SETTLED_ANSWER } from './callers.ts'
import type { TenantDb } from './client.ts'

/** Of the tenant's businesses the shortest times, in days. */
export async function findRetention(
  trx: TenantDb,
  clerkUserId: string,
): Promise<{ transcriptDays: number; recordDays: number } | undefined> {
  const found = await trx
    .selectFrom('businesses')
    .select((eb) => [eb.fn.min('transcriptDays').as('transcriptDays'), eb.fn.min('recordDays').as('recordDays')])
    .where('clerkUserId', '=', clerkUserId)
    .groupBy('clerkUserId')
    .executeTakeFirst()
  return found
}

// A function call may be delivered again for some time, and is then to hear what it heard.
const ANSWER_DAYS = 1
const WRONG_CODE_DAYS = 7
const WAIT_FOR_VAPI_DAYS = 30

/**
 * Drops what is older than it is to be kept, by the database's clock and at most so many rows of each kind.
 * @returns how many there were of each, by its name in the event log
 */
export async function dropOld(
  trx: TenantDb,
  clerkUserId: string,
  { transcriptDays, recordDays }: { transcriptDays: number; recordDays: number },
  atMost: number,
): Promise<
  Record<
    'transcripts' | 'summaries' | 'answers' | 'recordings' | 'calls' | 'function_calls' | 'messages' | 'notices' | 'wrong_codes',
    number
  >
> {
  const count = async (query: ReturnType<typeof sql>) => Number((await query.execute(trx)).numAffectedRows ?? 0)
  const before = (days: number) => sql`now() - ${days} * interval '1 day'`
  // Nothing at all is kept, or not for so long.
  const isOver = (column: string) => sql`(${transcriptDays} = 0 or ${sql.ref(column)} < ${before(transcriptDays)})`
  const old = (table: string, column: string, days: number) => sql`
    delete from ${sql.table(table)} where clerk_user_id = ${clerkUserId} and id in (
      select id from ${sql.table(table)} where clerk_user_id = ${clerkUserId} and ${sql.ref(column)} < ${before(days)} limit ${atMost})`
  return {
    transcripts: await count(sql`
      delete from call_transcripts where clerk_user_id = ${clerkUserId} and id in (
        select t.id from call_transcripts t join calls c on c.clerk_user_id = t.clerk_user_id and c.id = t.call_id
        where t.clerk_user_id = ${clerkUserId} and ${isOver('c.last_heard_at')} limit ${atMost})`),
    // Where nothing of what is said is kept, nothing that tells of it is either; the trigger takes it out.
    summaries:
      transcriptDays > 0
        ? 0
        : await count(sql`
            update calls set updated_at = now() where clerk_user_id = ${clerkUserId} and id in (
              select id from calls where clerk_user_id = ${clerkUserId} and (summary is not null or structured_data is not null)
              limit ${atMost})`),
    answers: await count(sql`
      update tool_calls set answer = ${SETTLED_ANSWER} where clerk_user_id = ${clerkUserId} and id in (
        select id from tool_calls where clerk_user_id = ${clerkUserId} and answer <> ${SETTLED_ANSWER}
          and called_at < ${before(Math.max(transcriptDays, ANSWER_DAYS))} limit ${atMost})`),
    recordings: await count(sql`
      update calls set vapi_data = 'to_forget' where clerk_user_id = ${clerkUserId} and id in (
        select id from calls where clerk_user_id = ${clerkUserId} and vapi_data = 'kept' and reported_at is not null
          and ${isOver('last_heard_at')} limit ${atMost})`),
    // Only with its row is it known what Vapi is to forget.
    calls: await count(sql`
      delete from calls where clerk_user_id = ${clerkUserId} and id in (
        select id from calls where clerk_user_id = ${clerkUserId} and last_heard_at < ${before(recordDays)}
          and (vapi_data <> 'to_forget' or last_heard_at < ${before(recordDays + WAIT_FOR_VAPI_DAYS)}) limit ${atMost})`),
    function_calls: await count(old('tool_calls', 'called_at', recordDays)),
    messages: await count(old('caller_messages', 'created_at', recordDays)),
    notices: await count(old('notices', 'created_at', recordDays)),
    wrong_codes: await count(old('wrong_codes', 'guessed_at', WRONG_CODE_DAYS)),
  }
}

export interface ToForget {
  id: string
  vapiCallId: string
  isBelieved: boolean
  assistantId: string | null
}

/** Calls of which Vapi is to forget what was said. */
export function listToForget(trx: TenantDb, clerkUserId: string, atMost: number): Promise<ToForget[]> {
  return trx
    .selectFrom('calls')
    .select(['id', 'vapiCallId', 'isBelieved', 'assistantId'])
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiData', '=', 'to_forget')
    .orderBy('lastHeardAt')
    .limit(atMost)
    .execute()
}

/** Vapi has forgotten it, or never knew it. */
export async function markForgotten(trx: TenantDb, clerkUserId: string, id: string): Promise<void> {
  await trx.updateTable('calls').set({ vapiData: 'forgotten' }).where('clerkUserId', '=', clerkUserId).where('id', '=', id).execute()
}

/**
 * Calls of which something may lie at Vapi, as far as their assistants have proven themselves, and the ids of all that may have answered
 * them: assistants, and businesses for which one was made for the call alone.
 */
export async function listCallsAtVapi(
  trx: TenantDb,
  clerkUserId: string,
): Promise<{ over: string[]; underWay: string[]; answeredBy: string[] }> {
  const { rows } = await sql<{ over: string[]; underWay: string[]; answeredBy: string[] }>`
    with at_vapi as (
      select vapi_call_id, status = 'ended' as is_over from calls
      where clerk_user_id = ${clerkUserId} and is_believed and vapi_data <> 'forgotten')
    select
      array(select vapi_call_id from at_vapi where is_over) as over,
      array(select vapi_call_id from at_vapi where not is_over) as under_way,
      array(
        select vapi_assistant_id from vapi_agents where clerk_user_id = ${clerkUserId} and vapi_assistant_id is not null
        union select vapi_assistant_id from made_assistants where clerk_user_id = ${clerkUserId} and vapi_assistant_id is not null
        union select id::text from businesses where clerk_user_id = ${clerkUserId}) as answered_by`.execute(trx)
  return rows[0] ?? { over: [], underWay: [], answeredBy: [] }
}
