import { logEvent, system } from '../audit/log.ts'
import { type Booking, cancelAsDeleted, findBooking, OCCUPYING } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import { followEvent, type ToCome } from '../db/following.ts'
import type { Deps } from '../deps.ts'
import { tellOfDeletedEvent, tellOfImpossibleMove, tellOfMovedEvent } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CalendarEvent, Interval } from '../providers/provider.ts'
import { refOf } from './access.ts'

type Known = Pick<ToCome, 'id' | 'startsAt' | 'endsAt' | 'providerEventId' | 'leaseNumber'>

/** What became of a booking whose event was looked at. */
type Followed = 'stays' | 'moved' | 'gone'

/**
 * Lets a settled booking follow what its owner has done with its event in her calendar: moved, it is when the event is, however long and
 * however soon that is; deleted, it is off. Where it would lie on another appointment nothing is changed, and she is told.
 * @returns what became of it, also where somebody else was faster
 * @throws AppError as `useCalendar` and `read` of a calendar: then nothing is known, and nothing changed
 */
export async function follow(deps: Deps, calendar: Connection, booking: Known, signal: AbortSignal): Promise<Followed> {
  const { clerkUserId } = calendar
  const event = await useCalendar(deps, calendar, signal, (opened) => opened.read(refOf(booking)))
  await (event ? moveTo(deps, clerkUserId, booking, event) : cancelWithEvent(deps, clerkUserId, booking))
  const now = await inTenant(deps.db, clerkUserId, (trx) => findBooking(trx, clerkUserId, booking.id))
  if (!now || !OCCUPYING.includes(now.status)) return 'gone'
  return timesOf(now, booking).isSame ? 'stays' : 'moved'
}

/** The owner has nothing else to cancel with than her own calendar, so an appointment whose event is gone from it is off. */
export async function cancelWithEvent(deps: Deps, clerkUserId: string, booking: Pick<Booking, 'id' | 'leaseNumber'>): Promise<void> {
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const cancelled = await cancelAsDeleted(trx, clerkUserId, booking)
    if (!cancelled) return
    await tellOfDeletedEvent(deps, trx, cancelled)
    deps.log.info({ bookingId: booking.id }, 'its event was deleted in the calendar: the booking is cancelled')
  })
}

/** Is the event at another time than the booking? One without any length says when it begins, and no more. */
export function timesOf(event: Interval, { startsAt, endsAt }: Interval): { slot: Interval; isSame: boolean } {
  const lengthMs = endsAt.getTime() - startsAt.getTime()
  const isLong = event.endsAt > event.startsAt
  const slot = { startsAt: event.startsAt, endsAt: isLong ? event.endsAt : new Date(event.startsAt.getTime() + lengthMs) }
  return { slot, isSame: slot.startsAt.getTime() === startsAt.getTime() && slot.endsAt.getTime() === endsAt.getTime() }
}

async function moveTo(deps: Deps, clerkUserId: string, booking: Known, event: CalendarEvent): Promise<void> {
  const { slot, isSame } = timesOf(event, booking)
  if (isSame && event.id === booking.providerEventId) return
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const outcome = await followEvent(trx, booking, slot, event)
    const now = await findBooking(trx, clerkUserId, booking.id)
    if (!now || outcome === 'stale' || isSame) return
    if (outcome === 'taken') return tellOfImpossibleMove(deps, trx, now, slot.startsAt)
    const { startsAt: from, id: bookingId } = booking
    await tellOfMovedEvent(deps, trx, now, from, `followed/${bookingId}/${now.leaseNumber}`)
    const details = { booking_id: bookingId, kind: 'followed', old_start_time: from, new_start_time: slot.startsAt }
    const subject = { kind: 'booking', id: now.appointmentId } as const
    await logEvent(trx, { clerkUserId, actor: system, action: 'booking.moved', subject, details })
    deps.log.info({ bookingId }, 'its event was moved in the calendar: the booking follows')
  })
}
