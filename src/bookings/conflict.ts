import { calendarOf, type Diary, openDiary, refOf } from '../calendar/access.ts'
import { takingTime } from '../calendar/busy.ts'
import { lookInto } from '../calendar/look-into.ts'
import { overlapsAny } from '../calendar/slots.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { tellOfConflict } from '../notices/tell.ts'
import { busyOf } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'
import { lookForConflictLater } from './later.ts'

const LOOK_AGAIN_SECONDS = 60

/**
 * A job: looks at the live calendars once more after a booking was made or moved. Somebody may have put an event there between our last look
 * and that: then the owner is told, and nothing is undone.
 */
export async function lookForConflict(
  deps: Deps,
  { clerkUserId, bookingId }: JobData['look-for-conflict'],
  signal: AbortSignal,
): Promise<void> {
  const { booking, diary } = await inTenant(deps.db, clerkUserId, async (trx) => ({
    booking: await findBooking(trx, clerkUserId, bookingId),
    diary: await openDiary(deps, trx, clerkUserId),
  }))
  const home = booking && calendarOf(diary, booking)
  if (booking?.status !== 'confirmed' || !home) return
  const slot = { startsAt: booking.startsAt, endsAt: booking.endsAt }
  const looks = diary.connections.map(async (one) => {
    const busy = takingTime(diary.rules, await busyOf(deps, one, slot, signal, refOf(booking)))
    const isOther = overlapsAny(slot, busy) && one.id !== home.id && isScheduler(home)
    return isOther && (await showsCopyAlone(deps, diary, one, slot, signal)) ? [] : busy
  })
  const busy = await Promise.all(looks).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
    deps.log.warn({ err: error, bookingId }, 'whether another event lies at that time could not be seen now')
  })
  if (!busy) return lookAgain(deps, booking)
  if (!overlapsAny(slot, busy.flat())) return
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await findBooking(trx, clerkUserId, bookingId)
    // Moved or cancelled while we looked: that has a look of its own.
    if (now?.status !== 'confirmed' || now.startsAt.getTime() !== slot.startsAt.getTime()) return
    deps.log.warn({ bookingId }, 'another event lies at the time that was just booked: the owner is told')
    await tellOfConflict(deps, trx, now)
  })
}

/** Only such a calendar says itself how long appointments last. It writes them into the further calendars of their host, too. */
function isScheduler({ appointmentMinutes }: Connection): boolean {
  return appointmentMinutes.length > 0
}

/** Is all that stands there one event at exactly that time? We have just seen it free: it is the copy of the appointment. */
async function showsCopyAlone(deps: Deps, diary: Diary, connection: Connection, slot: Interval, signal: AbortSignal): Promise<boolean> {
  const seen = await lookInto(deps, connection, slot, diary.rules.timeZone, signal)
  const standing = seen.flatMap(({ entries }) => entries).filter((one) => one.busy !== null && overlapsAny(slot, [one]))
  const [first, ...more] = standing
  const isThen = first?.startsAt.getTime() === slot.startsAt.getTime() && first.endsAt.getTime() === slot.endsAt.getTime()
  return isThen && more.length === 0 && seen.every(({ failure }) => failure === undefined)
}

/** A vendor that is away, or a consent that has ended, is nobody's alarm: what is to come is looked at until it could be. */
async function lookAgain(deps: Deps, booking: Booking): Promise<void> {
  if (booking.startsAt <= deps.clock.now()) return
  await inTenant(deps.db, booking.clerkUserId, (trx) => lookForConflictLater(deps, trx, booking, LOOK_AGAIN_SECONDS))
}
