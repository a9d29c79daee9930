import type { Attendee, Booking } from './site.ts'

/** `BookingOutput_2024_08_13`. */
export function bookingResource(booking: Booking) {
  const { uid, id, title, description, status, eventType, startsAt, endsAt, guests, location, metadata, icsUid } = booking
  const { account, cancellationReason, reschedulingReason, rescheduledFromUid, rescheduledToUid } = booking
  const { person, username } = account
  const { email, name } = person
  return {
    id,
    uid,
    title,
    description,
    hosts: [{ id: account.id, name, email, displayEmail: email, username, timeZone: account.schedule.timeZone }],
    status,
    ...known({ cancellationReason, reschedulingReason, rescheduledFromUid, rescheduledToUid }),
    start: startsAt.toISOString(),
    end: endsAt.toISOString(),
    duration: (endsAt.getTime() - startsAt.getTime()) / 60_000,
    eventTypeId: eventType.id,
    eventType: { id: eventType.id, slug: eventType.slug },
    meetingUrl: location,
    location,
    absentHost: false,
    createdAt: booking.createdAt.toISOString(),
    updatedAt: booking.updatedAt.toISOString(),
    metadata,
    icsUid,
    attendees: booking.attendees.map(attendeeResource),
    guests,
    bookingFieldsResponses: booking.responses,
  }
}

export function attendeeResource({ name, email, phoneNumber, timeZone, language }: Attendee) {
  return { name, email, displayEmail: email, timeZone, language, absent: false, ...known({ phoneNumber }) }
}

/** What is not there is left out. */
function known(values: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}
