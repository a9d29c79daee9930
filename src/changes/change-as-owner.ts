import type { Diary } from '../calendar/access.ts'
import { codeOf } from '../calendar/refusals.ts'
import { findAppointmentRow, lockBooking, saveOutcome } from '../db/appointments.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { findOpenChange } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { cancelBooking } from './cancel.ts'
import type { ChangeOutcome } from './change.ts'
import { moveBooking } from './move.ts'

/** Which of the owner's appointments, and under which key she may send the same request again. */
export interface OwnersRequest {
  appointmentId: string
  idempotencyKey: string | null
}

/**
 * Moves an appointment for the signed-in owner, who is bound by the future and by overlaps alone.
 * @param to what is `null` stays: without an end it lasts as long as it did
 * @throws AppError besides those of `moveBooking`: `bad_time`, `time_past`, `slot_taken`, and `change_held` where the outcome is not known yet
 */
export async function moveAsOwner(
  deps: Deps,
  diary: Diary,
  { appointmentId, idempotencyKey }: OwnersRequest,
  to: { startsAt: Date | null; endsAt: Date | null },
  signal: AbortSignal,
): Promise<Booking> {
  const who = { by: 'owner' as const, appointmentId }
  return bookingAfter(await moveBooking(deps, diary, { who, ...to, operation: operationOf(idempotencyKey) }, signal))
}

/** Cancels an appointment for the signed-in owner. @throws AppError besides those of `cancelBooking`: `change_held` */
export async function cancelAsOwner(
  deps: Deps,
  diary: Diary,
  { appointmentId, idempotencyKey }: OwnersRequest,
  signal: AbortSignal,
): Promise<Booking> {
  const who = { by: 'owner' as const, appointmentId }
  return bookingAfter(await cancelBooking(deps, diary, { who, operation: operationOf(idempotencyKey) }, signal))
}

/** Notes what became of an appointment that has begun. @throws AppError `not_found`, `not_changeable`, `change_held` */
export function noteOutcome(
  { db, clock }: Deps,
  clerkUserId: string,
  appointmentId: string,
  status: 'completed' | 'no_show',
): Promise<Booking> {
  return inTenant(db, clerkUserId, async (trx) => {
    const found = await findAppointmentRow(trx, clerkUserId, appointmentId)
    const booking = found && (await lockBooking(trx, clerkUserId, found.id))
    if (!booking) throw new AppError('not_found', 'no such appointment')
    if (await findOpenChange(trx, clerkUserId, appointmentId)) throw new AppError('change_held', 'it is being moved or cancelled')
    const stood = ['confirmed', 'completed', 'no_show'].includes(booking.status)
    if (!stood || booking.startsAt > clock.now()) throw new AppError('not_changeable', `${booking.status}, or not begun yet`)
    await saveOutcome(trx, clerkUserId, booking.id, status)
    return (await findBooking(trx, clerkUserId, booking.id)) ?? booking
  })
}

function bookingAfter(outcome: ChangeOutcome): Booking {
  switch (outcome.kind) {
    case 'moved':
    case 'cancelled':
    case 'restored':
    case 'already':
      return outcome.booking
    case 'pending':
      throw new AppError('change_held', 'the vendor has not answered in time')
    case 'refused':
      throw new AppError(codeOf(outcome.why), outcome.why)
    case 'which':
      throw new AppError('not_found', 'the owner names one')
  }
}

function operationOf(idempotencyKey: string | null): string | null {
  return idempotencyKey === null ? null : JSON.stringify(['owner', 'idempotency-key', idempotencyKey])
}
