import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** Notes, in the transaction of its effect, that this event took place. False when it has been here before. The user must be there. */
export async function recordEvent(trx: TenantDb, clerkUserId: string, eventId: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('clerkEvents')
    .values({ clerkUserId, eventId })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Events so old that Clerk does not send them again. */
export async function dropOldEvents(db: Db): Promise<void> {
  await sql`select clerk_events_drop_old()`.execute(db)
}
