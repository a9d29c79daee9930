import { listCallersStarts, listOccupied, type Occupied } from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { busyOf, slotsOf } from '../oauth/use-calendar.ts'
import type { BookingRef, BusyTime, Interval } from '../providers/provider.ts'
import { calendarOf, type Diary, requireDestination } from './access.ts'
import { follow } from './follow.ts'
import { overlapping, overlapsAny, type Rules, type Taken, withBuffers } from './slots.ts'
import { localDay, MINUTE_MS } from './zone.ts'

/** How to look. */
export interface Look {
  signal: AbortSignal
  /** The calendar that the appointment is in, or is to go to; left out: the destination. */
  into?: Connection | undefined
  /** An appointment that is not in its own way. */
  except?: string | undefined
  /** The booking whose event is not. */
  exceptEvent?: BookingRef | undefined
}

/**
 * Whether an appointment can stand there by what the calendars show now.
 * @param during what it occupies: the slot with its buffers
 * @throws AppError `slot_taken`, `slot_not_offered`, and as `busyTimes`
 */
export async function refuseUnfree(deps: Deps, diary: Diary, slot: Interval, during: Interval, look: Look): Promise<void> {
  const minutes = (slot.endsAt.getTime() - slot.startsAt.getTime()) / MINUTE_MS
  const [busy, offered] = await Promise.all([
    busyTimes(deps, diary, during, look),
    slotsOf(deps, look.into ?? requireDestination(diary), slot, minutes, look.signal, look.exceptEvent),
  ])
  if (overlapsAny(during, busy)) throw new AppError('slot_taken', 'by an event in a calendar')
  const isOffered = offered === null || offered.some(({ startsAt }) => startsAt.getTime() === slot.startsAt.getTime())
  if (!isOffered) throw new AppError('slot_not_offered', 'the calendar takes no appointment then')
}

/**
 * When the owner has no time within `range`: in any of her calendars, by what is read of them now, or by bookings of ours that no calendar may
 * show yet. A booking whose event she has deleted or moved in her calendar follows it on the way.
 * In any order; intervals may overlap. A calendar that cannot be read is an error: its time is unknown, never free.
 * @param range with the buffers of whatever is to stand there
 * @throws AppError `calendar_not_connected`, `consent_revoked`, `calendar_missing`, `provider_off`, `provider_unavailable`,
 * `provider_busy`, `provider_refused`
 */
async function busyTimes(deps: Deps, diary: Diary, range: Interval, { signal, except, exceptEvent }: Look): Promise<Interval[]> {
  requireDestination(diary) // nothing can be offered without one
  const [ours, ...theirs] = await Promise.all([
    inTenant(deps.db, diary.clerkUserId, (trx) => listOccupied(trx, diary.clerkUserId, range, except)),
    ...diary.connections.map((one) => busyOf(deps, one, range, signal, exceptEvent)),
  ])
  return together(deps, diary, { range, ours, theirs: theirs.flat() }, signal)
}

/**
 * The same, for offers of so many minutes within `range`: what was read of a calendar in the last half minute may serve once more. Nothing is booked by it.
 * @throws AppError as `busyTimes`
 */
export async function takenTimes(deps: Deps, diary: Diary, range: Interval, minutes: number, signal: AbortSignal): Promise<Taken> {
  const destination = requireDestination(diary)
  const around = withBuffers(diary.rules, range)
  const [{ ours, appointments }, offered, ...theirs] = await Promise.all([
    inTenant(deps.db, diary.clerkUserId, async (trx) => ({
      ours: await listOccupied(trx, diary.clerkUserId, around),
      appointments: await countedAppointments(trx, diary, range),
    })),
    deps.recentReadings.of(destination, `slots of ${minutes}`, range, () => slotsOf(deps, destination, range, minutes, signal)),
    ...diary.connections.map((one) => deps.recentReadings.of(one, 'busy', around, () => busyOf(deps, one, around, signal))),
  ])
  const busy = await together(deps, diary, { range: around, ours, theirs: theirs.flatMap((one) => one ?? []) }, signal)
  return { busy, appointments, offered }
}

/**
 * Did only bookings take this time whose events the owner has deleted or moved since? They follow then. The calendars are not asked where it
 * was taken a moment ago.
 * @param range with the buffers of whatever is to stand there
 * @throws AppError as `busyTimes`
 */
export async function isGivenBack(deps: Deps, diary: Diary, range: Interval, look: Look): Promise<boolean> {
  const ours = await inTenant(deps.db, diary.clerkUserId, (trx) => listOccupied(trx, diary.clerkUserId, range, look.except))
  return ours.every((one) => one.isSettled) && !overlapsAny(range, await busyTimes(deps, diary, range, look))
}

/** Those of an event's kinds that the owner lets callers book over do not take her time. */
export function takingTime({ blocking }: Rules, busy: BusyTime[]): BusyTime[] {
  return busy.filter(({ kind }) => kind === undefined || blocking[kind])
}

/** All appointments that count to the cap of a day that `range` touches. */
export function countedAppointments(trx: TenantDb, { clerkUserId, rules }: Diary, range: Interval): Promise<Date[]> {
  if (rules.dailyCap === null) return Promise.resolve([])
  const startsAt = localDay(range.startsAt, rules.timeZone).startsAt
  return listCallersStarts(trx, clerkUserId, { startsAt, endsAt: localDay(range.endsAt, rules.timeZone).endsAt })
}

/** What the calendars show and what we have booked; of ours without those that turn out to be off. */
async function together(
  deps: Deps,
  diary: Diary,
  { range, ours, theirs }: { range: Interval; ours: Occupied[]; theirs: BusyTime[] },
  signal: AbortSignal,
): Promise<Interval[]> {
  const isShown = overlapping(theirs)
  const kept = ours.map(async (booking) => {
    // Only where its own time was looked at, and no calendar shows anything there, is there a reason to ask.
    const isInDoubt = booking.isSettled && overlapsAny(booking, [range]) && !isShown(booking)
    return isInDoubt && (await hasLeft(deps, diary, booking, signal)) ? [] : [booking.during]
  })
  return [...takingTime(diary.rules, theirs), ...(await Promise.all(kept)).flat()]
}

/** The calendar shows nothing there: it is asked about that event, and the booking follows. One that she shows as free stays. */
async function hasLeft(deps: Deps, diary: Diary, booking: Occupied, signal: AbortSignal): Promise<boolean> {
  const calendar = calendarOf(diary, booking)
  if (!calendar) return false // nobody can tell any more; the appointment was made, so its time stays taken
  return (await follow(deps, calendar, booking, signal)) !== 'stays'
}
