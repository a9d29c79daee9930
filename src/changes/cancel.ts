import { settleChangeLater, tellVendorLater } from '../bookings/later.ts'
import { calendarOf, type Diary, refOf } from '../calendar/access.ts'
import { lockBooking, withdrawHeld } from '../db/appointments.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { type Change, completeCancel, failChange, findOpenChange, markChangeAsked, openChange } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { tellOfCancel } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CancelRequest, ChangeOutcome, Claimant, Found } from './change.ts'
import { afterOthers, outcomeByNow, outcomeOfEarlierChange, type Repeatable, repeatable } from './change-repeats.ts'
import { meantBy } from './meant.ts'
import { chooseProven, proven } from './proof.ts'
import { findTarget } from './target.ts'

interface Cancel extends Repeatable {
  madeBy: 'caller' | 'owner'
  vapiCallId: string | null
}

/** Cancels an appointment: the vendor takes the event away and tells the guests, then the time is free. */
export async function cancelBooking(deps: Deps, diary: Diary, request: CancelRequest, signal: AbortSignal): Promise<ChangeOutcome> {
  const { who, operation } = request
  const same = repeatable('cancel', request, [])
  const earlier = await outcomeOfEarlierChange(deps, diary.clerkUserId, same, signal)
  if (earlier) return earlier
  const found = who.by === 'owner' ? await findTarget(deps, diary, who, operation) : await standingOrCancelled(deps, diary, who, operation)
  if (found.kind === 'which') return found
  const cancel = { ...same, madeBy: who.by, vapiCallId: who.by === 'caller' ? who.vapiCallId : null }
  return afterOthers(deps, found.booking, same, signal, (booking) => cancelOnce(deps, diary, booking, cancel, signal))
}

/** What was cancelled in this call is asked for again when nothing else can be meant. @throws AppError `not_proven` */
async function standingOrCancelled(deps: Deps, diary: Diary, who: Claimant, operation: string | null): Promise<Found> {
  const { standing, cancelled } = await proven(deps, diary, who, operation)
  const meantOf = (bookings: Booking[]) => (who.at === null ? undefined : meantBy(who.at, bookings, diary, deps.clock.now())) ?? bookings
  const [last] = meantOf(cancelled)
  return last && meantOf(standing).length === 0 ? { kind: 'found', booking: last } : chooseProven(deps, diary, standing, who)
}

/** @returns `again` when another change of the appointment was opened meanwhile */
async function cancelOnce(
  deps: Deps,
  diary: Diary,
  booking: Booking,
  cancel: Cancel,
  signal: AbortSignal,
): Promise<ChangeOutcome | 'again'> {
  if (booking.status === 'cancelled') return { kind: 'already', booking }
  if (booking.status !== 'held' && booking.status !== 'confirmed') throw new AppError('not_changeable', `it is ${booking.status}`)
  const change = await openCancel(deps, booking, cancel)
  if (change === 'again') return change
  // Nobody knows yet whether its event exists, or there is no calendar any more to take it from: it is off here, and there as soon as may be.
  if (booking.status === 'held' || !calendarOf(diary, booking)) return closeCancel(deps, change, true)
  return carryOut(deps, diary, booking, change, signal)
}

function openCancel(deps: Deps, booking: Booking, cancel: Cancel): Promise<Change | 'again'> {
  const { clerkUserId, id, appointmentId, startsAt, endsAt, status } = booking
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await lockBooking(trx, clerkUserId, id)
    if (!now || now.status !== status || (await findOpenChange(trx, clerkUserId, appointmentId))) return 'again'
    const change = await openChange(trx, {
      ...cancel,
      clerkUserId,
      appointmentId,
      bookingId: id,
      kind: 'cancel',
      oldStartsAt: startsAt,
      oldEndsAt: endsAt,
      newStartsAt: null,
      newEndsAt: null,
      undoes: null,
      leaseMs: deps.config.timeouts.settleLeaseMs,
    })
    if (!change) throw new AppError('repeat_differs', 'the same operation was sent for another appointment')
    if (now.status === 'held') {
      await withdrawHeld(trx, now)
      await tellVendorLater(deps, trx, { clerkUserId, id })
    }
    await settleChangeLater(deps, trx, change)
    return change
  })
}

/** The open change's way to the vendor; only the request that opened it goes it. */
async function carryOut(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<ChangeOutcome> {
  try {
    if (!(await inTenant(deps.db, booking.clerkUserId, (trx) => markChangeAsked(trx, change)))) return await outcomeByNow(deps, change)
    const isGone = await askToCancel(deps, diary, booking, signal)
    const outcome = isGone
      ? await closeCancel(deps, change, false).catch((error: unknown) => {
          deps.log.error({ err: error, bookingId: booking.id }, 'the event is gone, but that could not be written here yet')
        })
      : undefined
    return outcome ?? { kind: 'pending', booking, change }
  } catch (error) {
    const failure = error instanceof AppError ? error.code : 'internal'
    const isOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => failChange(trx, change, failure, false))
    if (!isOurs) return outcomeByNow(deps, change)
    throw error
  }
}

/**
 * @returns `false` when it is not known whether the vendor has taken the event away
 * @throws AppError only where it is certain that this request took nothing away
 */
export async function askToCancel(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<boolean> {
  const connection = calendarOf(diary, booking)
  if (!connection) throw new AppError('calendar_not_connected', 'disconnected before the event was taken away')
  return useCalendar(deps, connection, signal, async (calendar) => {
    const eventId = booking.providerEventId ?? (await calendar.read(refOf(booking), { toCancel: true }))?.id
    if (eventId !== undefined) await calendar.cancel(eventId)
    return true
  }).catch((error: unknown) => {
    if (error instanceof AppError && error.code !== 'provider_unavailable') throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event was taken away is not known yet')
    return false
  })
}

/** @param tell whether the vendor is still to be told */
export async function closeCancel(deps: Deps, change: Change, tell: boolean): Promise<ChangeOutcome> {
  const { clerkUserId, bookingId } = change
  const booking = await inTenant(deps.db, clerkUserId, async (trx) => {
    await completeCancel(trx, change, tell)
    if (tell) await tellVendorLater(deps, trx, { clerkUserId, id: bookingId })
    const cancelled = await findBooking(trx, clerkUserId, bookingId)
    if (cancelled) await tellOfCancel(deps, trx, cancelled, change)
    return cancelled
  })
  if (!booking) throw new AppError('not_found', 'the booking is gone')
  return { kind: 'cancelled', booking }
}
