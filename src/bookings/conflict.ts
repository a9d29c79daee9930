import { calendarOf, openDiary, refOf } from '../calendar/access.ts'
import { takingTime } from '../calendar/busy.ts'
import { overlapsAny } from '../calendar/slots.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { tellOfConflict } from '../notices/tell.ts'
import { busyOf } from '../oauth/use-calendar.ts'
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
  if (booking?.status !== 'confirmed' || !calendarOf(diary, booking)) return
  const slot = { startsAt: booking.startsAt, endsAt: booking.endsAt }
  const looks = diary.connections.map((one) => busyOf(deps, one, slot, signal, refOf(booking)))
  const busy = await Promise.all(looks).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
    deps.log.warn({ err: error, bookingId }, 'whether another event lies at that time could not be seen now')
  })
  if (!busy) return lookAgain(deps, booking)
  if (!overlapsAny(slot, takingTime(diary.rules, busy.flat()))) return
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await findBooking(trx, clerkUserId, bookingId)
    // Moved or cancelled while we looked: that has a look of its own.
    if (now?.status !== 'confirmed' || now.startsAt.getTime() !== slot.startsAt.getTime()) return
    deps.log.warn({ bookingId }, 'another event lies at the time that was just booked: the owner is told')
    await tellOfConflict(deps, trx, now)
  })
}

/** A vendor that is away, or a consent that has ended, is nobody's alarm: what is to come is looked at until it could be. */
async function lookAgain(deps: Deps, booking: Booking): Promise<void> {
  if (booking.startsAt <= deps.clock.now()) return
  await inTenant(deps.db, booking.clerkUserId, (trx) => lookForConflictLater(deps, trx, booking, LOOK_AGAIN_SECONDS))
}
