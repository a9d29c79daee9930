import { admit, newUid, tell } from './booking.ts'
import { refuse } from './errors.ts'
import type { Interval } from './schedule.ts'
import type { Booking, Site } from './site.ts'

const MINUTE_MS = 60_000

interface Change {
  reason?: string | undefined
  /** Who moves it is the host herself: nothing waits for her confirmation. */
  byHost?: boolean
}

/** Like a guest: at another time that is free, for the event type's usual length, whatever the booking's was. */
export function reschedule(site: Site, booking: Booking, startsAt: Date, change: Change = {}): Booking {
  const { uid, account, eventType, rescheduledToUid } = booking
  const again = 'Please provide a booking that is not cancelled.'
  if (rescheduledToUid !== null) {
    const where = `has been cancelled and rescheduled already to booking with uid=${rescheduledToUid}`
    throw refuse(400, `Can't reschedule booking with uid=${uid} because it ${where}. ${again}`)
  }
  if (booking.status === 'cancelled' || booking.status === 'rejected') {
    throw refuse(400, `Can't reschedule booking with uid=${uid} because it has been ${booking.status}. ${again}`)
  }
  if (!account.eventTypes.includes(eventType)) throw refuse(404, `Event type with id ${eventType.id} not found.`)
  const time = { startsAt, endsAt: new Date(startsAt.getTime() + eventType.minutes * MINUTE_MS) }
  admit(site, account, eventType, time, uid)
  return moved(site, booking, time, change)
}

/** The old booking ends and a new one stands in its place, with an identity of its own. */
export function moved(site: Site, booking: Booking, time: Interval, { reason, byHost = false }: Change): Booking {
  const now = site.now()
  const next: Booking = {
    ...booking,
    ...time,
    uid: newUid(),
    id: site.nextId(),
    status: booking.eventType.confirmation && !byHost ? 'pending' : 'accepted',
    attendees: booking.attendees.map((one) => ({ ...one, id: site.nextId() })),
    reschedulingReason: reason ?? null,
    rescheduledFromUid: booking.uid,
    createdAt: now,
    updatedAt: now,
  }
  // To its guests it is the same appointment, and they have been told of it before.
  Object.assign(booking, { status: 'cancelled', rescheduledToUid: next.uid, told: [], updatedAt: now })
  site.bookings.set(next.uid, next)
  if (next.status === 'accepted') tell(next, 'changed')
  const from = { rescheduleId: booking.id, rescheduleUid: booking.uid, rescheduleStartTime: booking.startsAt.toISOString() }
  site.announce(next.status === 'accepted' ? 'BOOKING_RESCHEDULED' : 'BOOKING_REQUESTED', next, from)
  return next
}

/** @param reason is mailed to everybody */
export function cancel(site: Site, booking: Booking, reason: string | undefined): void {
  if (booking.status === 'cancelled' || booking.status === 'rejected') throw refuse(400, 'This booking has already been cancelled.')
  end(site, booking, 'cancelled', reason)
  site.announce('BOOKING_CANCELLED', booking, { cancellationReason: reason ?? null })
}

/** The host says yes or no to one that waits. */
export function decide(site: Site, booking: Booking, yes: boolean): void {
  if (booking.status !== 'pending') throw refuse(400, `Booking with uid=${booking.uid} does not wait for confirmation.`)
  if (!yes) {
    end(site, booking, 'rejected', undefined)
    site.announce('BOOKING_REJECTED', booking)
    return
  }
  Object.assign(booking, { status: 'accepted', updatedAt: site.now() })
  tell(booking, booking.told.length === 0 ? 'invited' : 'changed')
  site.announce('BOOKING_CREATED', booking)
}

function end(site: Site, booking: Booking, status: 'cancelled' | 'rejected', reason: string | undefined): void {
  Object.assign(booking, { status, cancellationReason: reason ?? null, updatedAt: site.now() })
  tell(booking, 'cancelled')
}
