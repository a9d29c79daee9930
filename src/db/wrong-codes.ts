import { sql } from 'kysely'
import type { TenantDb } from './client.ts'

/**
 * Until the transaction ends nobody else guesses in this call or from this number, so that what is counted stays true until the next guess
 * is in.
 */
export async function lockGuesses(trx: TenantDb, clerkUserId: string, of: { call: string | null; number: string | null }): Promise<void> {
  for (const key of [`call ${of.call}`, `number ${of.number}`]) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`guesses ${clerkUserId} ${key}`}, 0))`.execute(trx)
  }
}

/** How many wrong codes were said in this call, and of which appointments too many within a day. */
export async function countWrongCodes(trx: TenantDb, clerkUserId: string, call: string | null, mostADay: number) {
  const { rows: calls } = await sql<{ guesses: number }>`
    select count(*)::int as guesses from wrong_codes where clerk_user_id = ${clerkUserId} and vapi_call_id = ${call}`.execute(trx)
  const { rows: appointments } = await sql<{ id: string }>`
    select a as id from wrong_codes, unnest(appointment_ids) a
    where clerk_user_id = ${clerkUserId} and guessed_at > now() - interval '1 day'
    group by a having count(*) >= ${mostADay}`.execute(trx)
  return { ofCall: calls[0]?.guesses ?? 0, locked: new Set(appointments.map(({ id }) => id)) }
}

/** A code that fitted none of these appointments. The same function call again is no further guess. */
export async function addWrongCode(
  trx: TenantDb,
  guess: { clerkUserId: string; operationKey: string | null; vapiCallId: string | null; appointmentIds: string[] },
): Promise<void> {
  await trx
    .insertInto('wrongCodes')
    .values(guess)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
