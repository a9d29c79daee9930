import { sql } from 'kysely'
import { type Booking, bookingOf, bookingsOf, OCCUPYING, untold } from './bookings.ts'
import type { TenantDb } from './client.ts'

/** The booking as it stands, and as it stays until the transaction ends. */
export async function lockBooking(trx: TenantDb, clerkUserId: string, id: string): Promise<Booking | undefined> {
  const found = await bookingsOf(trx, clerkUserId).where('id', '=', id).forUpdate().executeTakeFirst()
  return found && bookingOf(found)
}

/** The booking by which an appointment stands, if it does. */
export async function findStanding(trx: TenantDb, clerkUserId: string, appointmentId: string): Promise<Booking | undefined> {
  const found = await bookingsOf(trx, clerkUserId)
    .where('appointmentId', '=', appointmentId)
    .where('status', 'in', OCCUPYING)
    .executeTakeFirst()
  return found && bookingOf(found)
}

/** Appointments to come that were booked in this call or with this number: those that a caller may have proven. Earliest first. */
export async function listClaimable(trx: TenantDb, clerkUserId: string, of: { call: string | null; number: string | null }, now: Date) {
  const found = await bookingsOf(trx, clerkUserId)
    .where('status', 'in', ['held', 'confirmed'])
    .where('startsAt', '>', now)
    .where((eb) => eb.or([eb('vapiCallId', '=', of.call), eb('customerPhone', '=', of.number), eb('callerNumber', '=', of.number)]))
    .orderBy('startsAt')
    .execute()
  return found.map(bookingOf)
}

/** Appointments to come that were cancelled in this call, or just are, and do not stand again; latest first. */
export async function listCancelledInCall(trx: TenantDb, clerkUserId: string, vapiCallId: string, now: Date): Promise<Booking[]> {
  const found = await bookingsOf(trx, clerkUserId)
    .where('status', '=', 'cancelled')
    .where('startsAt', '>', now)
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('changes')
        .select('bookingId')
        .where('clerkUserId', '=', clerkUserId)
        .where('vapiCallId', '=', vapiCallId)
        .where('madeBy', '=', 'caller')
        .where('kind', '=', 'cancel')
        .where('state', 'in', ['open', 'done']),
    )
    .where('appointmentId', 'not in', (eb) =>
      eb.selectFrom('bookings').select('appointmentId').where('clerkUserId', '=', clerkUserId).where('status', 'in', OCCUPYING),
    )
    .orderBy('cancelledAt', 'desc')
    .execute()
  return found.map(bookingOf)
}

/** The appointment as it stands or ended: of its bookings the latest, since one that is restored is a booking of its own; where restoring failed, the one before. */
export async function findAppointmentRow(trx: TenantDb, clerkUserId: string, appointmentId: string): Promise<Booking | undefined> {
  const found = await bookingsOf(trx, clerkUserId)
    .where('appointmentId', '=', appointmentId)
    .orderBy(sql`status = 'failed'`)
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst()
  return found && bookingOf(found)
}

/** These appointments, each by its latest booking as `findAppointmentRow` has it, in the order in which they were made. */
export async function listAppointments(trx: TenantDb, clerkUserId: string, appointmentIds: string[]): Promise<Booking[]> {
  const found = await latestOf(bookingsOf(trx, clerkUserId), clerkUserId)
    .where((eb) => eb('appointmentId', '=', eb.fn.any(eb.val(appointmentIds))))
    .orderBy('createdAt')
    .execute()
  return found.map(bookingOf)
}

/** Appointments with this number, as it was said or as the call came from it; latest first. */
export async function listAppointmentsWith(trx: TenantDb, clerkUserId: string, number: string, atMost: number): Promise<Booking[]> {
  const found = await latestOf(bookingsOf(trx, clerkUserId), clerkUserId)
    .where('status', '<>', 'failed')
    .where((eb) => eb.or([eb('customerPhone', '=', number), eb('callerNumber', '=', number)]))
    .orderBy('startsAt', 'desc')
    .limit(atMost)
    .execute()
  return found.map(bookingOf)
}

/** Of each appointment the latest booking alone; where restoring failed, the one before. */
function latestOf(bookings: ReturnType<typeof bookingsOf>, clerkUserId: string): ReturnType<typeof bookingsOf> {
  return bookings.where((eb) =>
    eb.not(
      eb.exists(
        eb
          .selectFrom('bookings as later')
          .select('later.id')
          .where('later.clerkUserId', '=', clerkUserId)
          .whereRef('later.appointmentId', '=', 'bookings.appointmentId')
          .where(sql<boolean>`(later.status <> 'failed', later.created_at) > (bookings.status <> 'failed', bookings.created_at)`)
          .where('later.moves', 'is', null),
      ),
    ),
  )
}

/** Where a list of bookings goes on. */
export interface Place {
  startsAt: Date
  id: string
}

/**
 * Appointments that reach into a range, earliest first, each by its latest booking, as `findAppointmentRow` has it. Those that failed were
 * never appointments, and are told only when asked for.
 */
export async function listBookings(
  trx: TenantDb,
  clerkUserId: string,
  {
    from,
    to,
    status,
    after,
    limit,
  }: { from?: Date | undefined; to?: Date | undefined; status?: string | undefined; after?: Place | undefined; limit: number },
): Promise<Booking[]> {
  const found = await latestOf(bookingsOf(trx, clerkUserId), clerkUserId)
    .$if(from !== undefined, (query) => query.where('endsAt', '>', from ?? new Date(0)))
    .$if(to !== undefined, (query) => query.where('startsAt', '<', to ?? new Date(0)))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
    .$if(status === undefined, (query) => query.where('status', '<>', 'failed'))
    .$if(after !== undefined, (query) => query.where(sql<boolean>`(starts_at, id) > (${after?.startsAt}, ${after?.id})`))
    .orderBy('startsAt')
    .orderBy('id')
    .limit(limit)
    .execute()
  return found.map(bookingOf)
}

/** Takes back a booking of which it is not known whether the vendor has its event: that one is taken away as soon as it can be seen. */
export async function withdrawHeld(trx: TenantDb, { clerkUserId, id, askedAt }: Booking): Promise<void> {
  await trx
    .updateTable('bookings')
    .set({
      status: 'cancelled',
      cancelledAt: sql<Date>`now()`,
      ...(askedAt === null ? {} : untold('cancel')),
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('status', '=', 'held')
    .execute()
}

/** What became of an appointment that took place, or did not because nobody came. */
export async function saveOutcome(trx: TenantDb, clerkUserId: string, id: string, status: 'completed' | 'no_show'): Promise<void> {
  await trx
    .updateTable('bookings')
    .set({ status, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .execute()
}

/** For how long the vendor has been to be told something, by the database's clock. */
export async function untoldSeconds(trx: TenantDb, clerkUserId: string, id: string): Promise<number> {
  const found = await trx
    .selectFrom('bookings')
    .select(sql<number>`extract(epoch from now() - to_tell_since)::double precision`.as('seconds'))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .executeTakeFirst()
  return found?.seconds ?? 0
}

/** The vendor's event is as this row had it; where somebody has worked on the booking since, it stays to be told. */
export async function markTold(trx: TenantDb, { clerkUserId, id, toTell, leaseNumber }: Booking): Promise<void> {
  await trx
    .updateTable('bookings')
    .set({ toTell: null, toTellSince: null })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('toTell', '=', toTell)
    .where('leaseNumber', '=', leaseNumber)
    .execute()
}
