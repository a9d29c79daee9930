import type { Diary } from '../calendar/access.ts'
import { codeOf } from '../calendar/refusals.ts'
import { DAY_MS } from '../calendar/zone.ts'
import type { Booking } from '../db/bookings.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Interval } from '../providers/provider.ts'
import { book } from './book.ts'

/** Of an appointment that the owner makes or moves. */
export const LONGEST_MS = DAY_MS

/** What the signed-in owner wants in her own calendar. */
export interface OwnersWish {
  slot: Interval
  subject: string
  body: string | null
  location: string | null
  /** The first is whom the appointment is with. */
  attendees: { name: string | null; email: string }[]
  /** Under which the first can be reached, E.164. */
  phone?: string
  /** Under the same key the same wish is the same booking, whenever it comes. `null`: only within a minute. */
  idempotencyKey: string | null
}

/**
 * Books for the signed-in owner: the one way to book, without the rules that bind callers.
 * @returns the booking, once the calendar has its event; for a repeat the first one
 * @throws AppError besides those of `book`: `bad_time`, `time_past`, `slot_taken`, and `booking_held` where the outcome is not known yet
 */
export async function bookAsOwner(deps: Deps, diary: Diary, wish: OwnersWish, signal: AbortSignal): Promise<Booking> {
  const lengthMs = wish.slot.endsAt.getTime() - wish.slot.startsAt.getTime()
  if (!(lengthMs > 0 && lengthMs <= LONGEST_MS)) throw new AppError('bad_time', `${lengthMs} ms long`)
  const [customer, ...guests] = wish.attendees
  const request = {
    bookedBy: 'owner' as const,
    slot: wish.slot,
    timeZone: diary.rules.timeZone,
    subject: wish.subject,
    address: wish.location,
    notes: wish.body,
    customer: { name: customer?.name ?? null, email: customer?.email ?? null, phone: wish.phone ?? null },
    guests: guests.map(({ name, email }) => ({ name: name ?? email, email })),
    operation: wish.idempotencyKey === null ? null : JSON.stringify(['owner', 'idempotency-key', wish.idempotencyKey]),
    callerNumber: null,
    vapiCallId: null,
  }
  const outcome = await book(deps, diary, request, signal)
  deps.metrics.bookingOutcome(outcome.kind === 'refused' ? outcome.why : outcome.kind)
  switch (outcome.kind) {
    case 'booked':
    case 'already':
      return outcome.booking
    case 'pending':
      throw new AppError('booking_held', 'the vendor has not answered in time')
    case 'refused':
      throw new AppError(codeOf(outcome.why), outcome.why)
  }
}
