import { calendarOf, type Diary, openDiary, refOf } from '../calendar/access.ts'
import { cancelWithEvent, timesOf } from '../calendar/follow.ts'
import { markTold, untoldSeconds } from '../db/appointments.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { type Change, findOpenChange, listChanges } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { Calendar, Interval } from '../providers/provider.ts'
import { eventOf } from './event.ts'
import { tellVendorLater } from './later.ts'

// What a vendor has not made by then of a request without an answer, it will not make any more.
const LATEST_EVENT_SECONDS = 5 * 60
const GIVE_UP_SECONDS = 7 * 24 * 60 * 60
const SOONEST_SECONDS = 30

/**
 * A job: makes the vendor's event what the booking is, however long it did not answer: takes away that of a booking that is off, brings
 * back that of a move that was given up, and invites who gave an address afterwards. The longer it takes, the rarer it is tried.
 */
export async function tellVendor(deps: Deps, { clerkUserId, bookingId }: JobData['tell-vendor'], stop: AbortSignal): Promise<void> {
  const { booking, diary, seconds, isChanging, changes } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const booking = await findBooking(trx, clerkUserId, bookingId)
    return {
      booking,
      diary: await openDiary(deps, trx, clerkUserId),
      seconds: await untoldSeconds(trx, clerkUserId, bookingId),
      isChanging: booking !== undefined && (await findOpenChange(trx, clerkUserId, booking.appointmentId)) !== undefined,
      changes: booking ? await listChanges(trx, clerkUserId, booking.appointmentId) : [],
    }
  })
  if (!booking || booking.toTell === null) return
  const signal = AbortSignal.any([stop, AbortSignal.timeout(deps.config.timeouts.providerCreateMs * 3)])
  const isTold = !isChanging && (await tell(deps, diary, { booking, changes }, seconds, signal))
  if (!isTold && seconds > GIVE_UP_SECONDS) {
    deps.log.error({ bookingId, toTell: booking.toTell }, 'the vendor could not be told for a week: its event may differ from the booking')
  }
  await inTenant(deps.db, clerkUserId, async (trx) => {
    if (isTold || seconds > GIVE_UP_SECONDS) await markTold(trx, booking)
    const now = await findBooking(trx, clerkUserId, bookingId)
    if (now && now.toTell !== null) await tellVendorLater(deps, trx, now, Math.max(SOONEST_SECONDS, Math.ceil(seconds / 10)))
  })
}

/** @returns whether the event is known to be as the booking has it */
async function tell(
  deps: Deps,
  diary: Diary,
  { booking, changes }: { booking: Booking; changes: Change[] },
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const connection = calendarOf(diary, booking)
  if (!connection) return false // the account may be connected again
  const work = booking.toTell === 'cancel' ? takeAway(booking, seconds) : bringBack(deps, booking, changes)
  return useCalendar(deps, connection, signal, work).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'the vendor could not be told now; it is tried again')
    return false
  })
}

function takeAway(booking: Booking, seconds: number) {
  return async (calendar: Calendar): Promise<boolean> => {
    const event = await calendar.read(refOf(booking), { toCancel: true })
    if (!event) return booking.providerEventId !== null || seconds > LATEST_EVENT_SECONDS
    await calendar.cancel(event.id)
    return true
  }
}

function bringBack(deps: Deps, booking: Booking, changes: Change[]) {
  return async (calendar: Calendar): Promise<boolean> => {
    if (booking.status !== 'confirmed') return true
    const event = await calendar.read(refOf(booking))
    // The owner has deleted it meanwhile.
    if (!event) await cancelWithEvent(deps, booking.clerkUserId, booking)
    // Who is invited cannot be seen by its times, and to say all of it again changes nothing. Where its owner has moved it, it stays there.
    else await calendar.update(event.id, eventOf(isByUs(event, changes) ? booking : { ...booking, ...timesOf(event, booking).slot }))
    return true
  }
}

/** Is it where we have put it at some time, or may have? */
function isByUs({ startsAt, endsAt }: Interval, changes: Change[]): boolean {
  const isThen = (from: Date | null, to: Date | null) => from?.getTime() === startsAt.getTime() && to?.getTime() === endsAt.getTime()
  return changes.some((one) => isThen(one.oldStartsAt, one.oldEndsAt) || isThen(one.newStartsAt, one.newEndsAt))
}
