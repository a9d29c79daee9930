import { sql } from 'kysely'
import type { CalendarEvent, Interval } from '../providers/provider.ts'
import { isSettled, type Occupied, SETTLED_SECONDS } from './bookings.ts'
import type { Db, TenantDb } from './client.ts'

/** An appointment to come, as it stood when its event was looked at. */
export type ToCome = Pick<
  Occupied,
  'id' | 'startsAt' | 'endsAt' | 'providerEventId' | 'connectionId' | 'calendarId' | 'leaseNumber' | 'isSettled'
> & {
  /** It was written a moment ago, and will be settled by time alone. */
  isFresh: boolean
}

/** Appointments that are to come or are going on. */
export function listToCome(trx: TenantDb, clerkUserId: string, now: Date): Promise<ToCome[]> {
  const isFresh = sql<boolean>`updated_at >= now() - ${SETTLED_SECONDS} * interval '1 second'`
  return trx
    .selectFrom('bookings')
    .select(['id', 'startsAt', 'endsAt', 'providerEventId', 'connectionId', 'calendarId', 'leaseNumber'])
    .select([isSettled.as('isSettled'), isFresh.as('isFresh')])
    .where('clerkUserId', '=', clerkUserId)
    .where('status', '=', 'confirmed')
    .where('endsAt', '>', now)
    .execute()
}

/** An appointment, as it was when its event was read, and when that is. */
export interface Following {
  booking: Pick<ToCome, 'id' | 'leaseNumber'>
  slot: Interval
  event: CalendarEvent
}

/**
 * These appointments are from now on when their events are, and known by their ids of now: all of them at once, or none.
 * @returns the ids of those that are: on the others somebody has worked since they were read; `null`: another appointment is there, and nothing
 * is changed
 */
export async function followEvents(trx: TenantDb, all: Following[]): Promise<string[] | null> {
  const list = all.map(({ booking, slot, event }) => ({
    id: booking.id,
    lease_number: booking.leaseNumber,
    starts_at: slot.startsAt,
    ends_at: slot.endsAt,
    event_id: event.id,
    event_link: event.link,
  }))
  const { rows } = await sql<{ ids: string[] | null }>`select bookings_follow(${JSON.stringify(list)}) as ids`.execute(trx)
  return rows[0]?.ids ?? null
}

/** From now on the appointments of this connection count as looked at. */
export async function markLookedAt(trx: TenantDb, clerkUserId: string, connectionId: string): Promise<void> {
  await trx
    .updateTable('oauthTokens')
    .set({ lookedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', connectionId)
    .execute()
}

/** Connections of all tenants with appointments to come that nobody has looked at for so long, and of which no job tells. */
export async function listToLookAt(
  db: Db,
  { olderThanSeconds, now, atMost }: { olderThanSeconds: number; now: Date; atMost: number },
): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    id: string
  }>`select * from connections_to_look_at(${olderThanSeconds}, ${now}, ${atMost})`.execute(db)
  return rows
}
