import { findAppointmentRow, listBookings, type Place } from '../db/appointments.ts'
import type { Booking } from '../db/bookings.ts'
import { type Change, listChanges } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { confirmationCode } from './code.ts'

/** One page of the owner's appointments, earliest first, and where the next one begins. */
export async function pageOfBookings(
  { db }: Deps,
  clerkUserId: string,
  wish: { from?: Date | undefined; to?: Date | undefined; status?: string | undefined; after?: Place | undefined; limit: number },
): Promise<{ bookings: Booking[]; next: Place | undefined }> {
  const found = await inTenant(db, clerkUserId, (trx) => listBookings(trx, clerkUserId, { ...wish, limit: wish.limit + 1 }))
  const bookings = found.slice(0, wish.limit)
  return { bookings, next: found.length > wish.limit ? bookings.at(-1) : undefined }
}

/** One appointment with all that its owner may know of it. @throws AppError `not_found` */
export async function bookingWithChanges(
  deps: Deps,
  clerkUserId: string,
  appointmentId: string,
): Promise<{ booking: Booking; changes: Change[]; code: string }> {
  const found = await inTenant(deps.db, clerkUserId, async (trx) => ({
    booking: await findAppointmentRow(trx, clerkUserId, appointmentId),
    changes: await listChanges(trx, clerkUserId, appointmentId),
  }))
  if (!found.booking) throw new AppError('not_found', 'no such appointment')
  return { booking: found.booking, changes: found.changes, code: confirmationCode(deps, found.booking) }
}
