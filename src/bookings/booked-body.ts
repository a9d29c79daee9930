import type * as z from 'zod'
import { type Booked, entryBody } from '../calendar/entry-body.ts'
import type { Booking } from '../db/bookings.ts'
import { eventOf } from './event.ts'

/** An appointment that the owner has just made, as the entry that now stands in her calendar. @param timeZone IANA name of her zone */
export function bookedBody(booking: Booking, timeZone: string): z.infer<typeof Booked> {
  const { subject, startsAt, endsAt, location, attendees, description } = eventOf(booking)
  const id = booking.providerEventId ?? ''
  const link = booking.providerEventLink
  const invited = attendees.map((one) => ({ ...one, status: 'none' as const }))
  const entry = {
    id,
    subject,
    startsAt,
    endsAt,
    isAllDay: false,
    location,
    attendees: invited,
    isOnlineMeeting: false,
    link,
    body: description,
  }
  return {
    status: 'success',
    success: true,
    message: 'Appointment created.',
    event_id: id,
    calendar_link: link ?? '',
    event: entryBody(entry, timeZone),
  }
}
