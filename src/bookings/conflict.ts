import { calendarOf, openDiary } from '../calendar/access.ts'
import { takingTime } from '../calendar/busy.ts'
import { overlapsAny } from '../calendar/slots.ts'
import { findBooking } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { JobData } from '../jobs/jobs.ts'
import { tellOfConflict } from '../notices/tell.ts'
import { busyOf } from '../oauth/use-calendar.ts'

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
  const busy = await Promise.all(diary.connections.map((one) => busyOf(deps, one, slot, signal, bookingId)))
  if (!overlapsAny(slot, takingTime(diary.rules, busy.flat()))) return
  deps.log.warn({ bookingId }, 'another event lies at the time that was just booked: the owner is told')
  await inTenant(deps.db, clerkUserId, (trx) => tellOfConflict(trx, booking))
}
