import { eventOf } from '../bookings/event.ts'
import { connectionOf } from '../bookings/finish.ts'
import { lookForConflictLater, tellVendorLater } from '../bookings/later.ts'
import { callKeyOf } from '../bookings/repeats.ts'
import { calendarOf, type Diary, refOf } from '../calendar/access.ts'
import { type Look, refuseUnfree } from '../calendar/busy.ts'
import { refusalOf } from '../calendar/refusals.ts'
import { withBuffers } from '../calendar/slots.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { type Change, completeMove, endAsMissing, failChange, markChangeAsked } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { tellOfMove } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CalendarEvent, Interval } from '../providers/provider.ts'
import type { ChangeOutcome } from './change.ts'
import { outcomeByNow } from './change-repeats.ts'

/** The open change's way to the vendor; only the request that opened it goes it. */
export async function carryOutMove(
  deps: Deps,
  diary: Diary,
  booking: Booking,
  change: Change,
  signal: AbortSignal,
): Promise<ChangeOutcome> {
  try {
    await refuseTakenMove(deps, diary, booking, change, signal)
    if (!(await inTenant(deps.db, booking.clerkUserId, (trx) => markChangeAsked(trx, change)))) return await outcomeByNow(deps, change)
    const event = await askToMove(deps, diary, booking, change, signal)
    return (event && (await closeMove(deps, change, event))) ?? { kind: 'pending', booking, change }
  } catch (error) {
    if (error instanceof AppError && error.code === 'event_missing') {
      await inTenant(deps.db, booking.clerkUserId, (trx) => endAsMissing(trx, change))
      throw error
    }
    const failure = error instanceof AppError ? error.code : 'internal'
    const isOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => failChange(trx, change, failure, false))
    if (!isOurs) return outcomeByNow(deps, change)
    const why = refusalOf(failure)
    if (why) return { kind: 'refused', why, booking }
    throw error
  }
}

/** Whether the new time can be had by the live calendars, where the appointment itself is not in its way. @throws AppError as `refuseUnfree` */
export async function refuseTakenMove(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<void> {
  const slot = slotAfter(change)
  await refuseUnfree(deps, diary, slot, occupied(diary, booking, slot, change.madeBy), lookFor(diary, booking, signal))
}

/**
 * @returns the event as it stands now; `undefined` when it is not known whether the vendor has moved it
 * @throws AppError `event_missing`; others only where it is certain that this request moved nothing
 */
export async function askToMove(
  deps: Deps,
  diary: Diary,
  booking: Booking,
  change: Change,
  signal: AbortSignal,
): Promise<CalendarEvent | undefined> {
  const event = eventOf({ ...booking, ...slotAfter(change) })
  return useCalendar(deps, connectionOf(diary, booking), signal, async (calendar) => {
    const eventId = booking.providerEventId ?? (await calendar.read(refOf(booking)))?.id
    if (eventId === undefined) throw new AppError('event_missing', 'no event to move')
    return calendar.update(eventId, event)
  }).catch((error: unknown) => {
    if (error instanceof AppError && error.code !== 'provider_unavailable') throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event was moved is not known yet')
    return undefined
  })
}

/** The booking at its new time; `undefined` when that could not be written, or the move was given up, in the meantime. */
export async function closeMove(deps: Deps, change: Change, event: CalendarEvent): Promise<ChangeOutcome | undefined> {
  const { clerkUserId, bookingId, vapiCallId, newStartsAt } = change
  const callKey = vapiCallId === null || newStartsAt === null ? null : callKeyOf(vapiCallId, newStartsAt)
  const booking = await inTenant(deps.db, clerkUserId, async (trx) => {
    const completed = await completeMove(trx, change, { callKey, event })
    if (completed === 'given_up') return tellVendorLater(deps, trx, { clerkUserId, id: bookingId })
    const moved = await findBooking(trx, clerkUserId, bookingId)
    if (completed === 'before') return moved
    if (!moved) return undefined
    await tellOfMove(deps, trx, moved, change.oldStartsAt, change)
    await lookForConflictLater(deps, trx, moved)
    return moved
  }).catch((error: unknown) => {
    deps.log.error({ err: error, bookingId }, 'the event is moved, but that could not be written here yet')
    return undefined
  })
  return booking ? { kind: 'moved', booking } : undefined
}

/** An appointment that moves is in its own way neither here nor in the calendar. */
export function lookFor(diary: Diary, booking: Booking, signal: AbortSignal): Look {
  return { signal, into: calendarOf(diary, booking), except: booking.appointmentId, exceptEvent: refOf(booking) }
}

/** What the appointment occupies at its new time. The owner may put hers, and move any, as close as she likes. */
export function occupied({ rules }: Diary, { bookedBy }: Booking, slot: Interval, madeBy: string): Interval {
  return withBuffers(rules, slot, bookedBy === 'owner' || madeBy === 'owner' ? 'owner' : 'caller')
}

/** When the appointment is to be. */
export function slotAfter({ newStartsAt, newEndsAt, oldStartsAt, oldEndsAt }: Change): Interval {
  return { startsAt: newStartsAt ?? oldStartsAt, endsAt: newEndsAt ?? oldEndsAt }
}
