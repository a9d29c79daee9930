import { sql } from 'kysely'
import type { Interval } from '../providers/provider.ts'
import type { Db, TenantDb } from './client.ts'

/** A time that was found free in a call. */
export interface Offer extends Interval {
  /** By which the assistant may name it: A, B, C …; `null`: not said yet. */
  slot: string | null
  /** The latest answer of the call that held it. */
  answer: number
  offeredAt: Date
}

/** Of one call, earliest first. */
export function listOffers(trx: TenantDb, clerkUserId: string, vapiCallId: string): Promise<Offer[]> {
  return trx
    .selectFrom('callOffers')
    .select(['slot', 'startsAt', 'endsAt', 'answer', 'offeredAt'])
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiCallId', '=', vapiCallId)
    .orderBy('startsAt')
    .orderBy('endsAt')
    .execute()
}

/** Until the transaction ends nobody else adds to the offers of this call: a letter is given once. */
export async function lockOffers(trx: TenantDb, clerkUserId: string, vapiCallId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`offers ${clerkUserId} ${vapiCallId}`}, 0))`.execute(trx)
}

/** A time that was offered before keeps its letter. */
export async function saveOffers(trx: TenantDb, clerkUserId: string, vapiCallId: string, offers: Offer[]): Promise<void> {
  if (offers.length === 0) return
  await trx
    .insertInto('callOffers')
    .values(
      offers.map(({ slot, startsAt, endsAt, answer, offeredAt }) => ({
        clerkUserId,
        vapiCallId,
        slot,
        startsAt,
        endsAt,
        answer,
        offeredAt,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['clerkUserId', 'vapiCallId', 'startsAt', 'endsAt']).doUpdateSet((eb) => ({
        slot: eb.fn.coalesce('callOffers.slot', 'excluded.slot'),
        answer: eb.ref('excluded.answer'),
        offeredAt: eb.ref('excluded.offeredAt'),
      })),
    )
    .execute()
}

/** Those of calls that are over, of all tenants. */
export async function dropOldOffers(db: Db, hours: number): Promise<void> {
  await sql`select call_offers_drop_old(${hours})`.execute(db)
}
