import { cancelBooking, listOccupied, type Occupied } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { busyOf, useCalendar } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'
import { calendarOf, type Diary, requireDestination } from './access.ts'
import { overlapping, overlapsAny } from './slots.ts'

/**
 * When the owner has no time within `range`: in any of her calendars, or by bookings of ours that no calendar may show yet. A booking whose
 * event she has deleted in her calendar is cancelled on the way.
 * In any order; intervals may overlap. A calendar that cannot be read is an error: its time is unknown, never free.
 * @param options `except` is an appointment that is not in its own way
 * @throws AppError `calendar_not_connected`, `consent_revoked`, `calendar_missing`, `provider_off`, `provider_unavailable`, `provider_busy`, `provider_refused`
 */
export async function busyTimes(
  deps: Deps,
  diary: Diary,
  range: Interval,
  { signal, except }: { signal: AbortSignal; except?: string },
): Promise<Interval[]> {
  requireDestination(diary) // nothing can be offered without one
  const [ours, ...theirs] = await Promise.all([
    inTenant(deps.db, diary.clerkUserId, (trx) => listOccupied(trx, diary.clerkUserId, range, except)),
    ...diary.connections.map((one) => busyOf(deps, one, range, signal)),
  ])
  const busy = theirs.flat()
  const isShown = overlapping(busy)
  const kept = ours.map(async (booking) => {
    // Only where no calendar shows anything at its time is there a reason to ask.
    const isInDoubt = booking.isSettled && !isShown(booking)
    return isInDoubt && (await wasDeleted(deps, diary, booking, signal)) ? [] : [booking]
  })
  return [...busy, ...(await Promise.all(kept)).flat()]
}

/**
 * Did only bookings take this time whose events the owner has deleted since? They are cancelled then. The calendars are not asked where it
 * was taken a moment ago.
 * @throws AppError as `busyTimes`
 */
export async function isGivenBack(deps: Deps, diary: Diary, slot: Interval, signal: AbortSignal): Promise<boolean> {
  const ours = await inTenant(deps.db, diary.clerkUserId, (trx) => listOccupied(trx, diary.clerkUserId, slot))
  return ours.every((one) => one.isSettled) && !overlapsAny(slot, await busyTimes(deps, diary, slot, { signal }))
}

/** The owner has nothing else to cancel with than her own calendar, so an event that is gone from it is off. */
async function wasDeleted(deps: Deps, diary: Diary, booking: Occupied, signal: AbortSignal): Promise<boolean> {
  const calendar = calendarOf(diary, booking)
  if (!calendar) return false // nobody can tell any more; the appointment was made, so its time stays taken
  const event = await useCalendar(deps, calendar, signal, (opened) => opened.read(booking.id))
  if (event) return false // she shows it as free, or has moved it
  await inTenant(deps.db, diary.clerkUserId, (trx) => cancelBooking(trx, diary.clerkUserId, booking.id))
  deps.log.info({ bookingId: booking.id }, 'its event was deleted in the calendar: the booking is cancelled')
  return true
}
