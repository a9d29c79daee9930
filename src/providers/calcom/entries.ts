import { mergeIntervals } from '../intervals.ts'
import type { Access, BookingRef, BusyTime, CalendarEntry, Interval } from '../provider.ts'
import type { Vendor } from './client.ts'
import { type CalcomBooking, isLive, isOf, LONGEST_MS, listBookings } from './find.ts'
import { linkOf } from './link.ts'

const TAKING_TIME = 'upcoming,recurring,past,unconfirmed'

/** What is booked with the host at Cal.com, by whomever. What stands in the calendars that she connected there shows in the slots alone. */
export async function listEntries(vendor: Vendor, access: Access, range: Interval): Promise<CalendarEntry[]> {
  return (await liveWithin(vendor, access, range)).map((one) => entryOf(vendor, one))
}

export async function listBusy(vendor: Vendor, access: Access, range: Interval, except: BookingRef | undefined): Promise<BusyTime[]> {
  const isExcepted = (one: CalcomBooking) => except !== undefined && (one.uid === except.eventId || isOf(one, except.bookingId))
  const busy = (await liveWithin(vendor, access, range)).filter((one) => !isExcepted(one))
  return mergeIntervals(busy.map(({ start, end }) => ({ startsAt: start, endsAt: end })))
}

async function liveWithin(vendor: Vendor, access: Access, range: Interval): Promise<CalcomBooking[]> {
  if (range.startsAt >= range.endsAt) return []
  // Filters ask for what lies within as a whole.
  const around = { startsAt: new Date(range.startsAt.getTime() - LONGEST_MS), endsAt: new Date(range.endsAt.getTime() + LONGEST_MS) }
  const bookings = await listBookings(vendor, access, around, TAKING_TIME)
  return bookings
    .filter((one) => isLive(one) && one.start < range.endsAt && one.end > range.startsAt)
    .sort((a, b) => a.start.getTime() - b.start.getTime())
}

function entryOf(vendor: Vendor, booking: CalcomBooking): CalendarEntry {
  const { uid, title, start, end, location, description, attendees } = booking
  return {
    id: uid,
    subject: title,
    startsAt: start,
    endsAt: end,
    isAllDay: false,
    busy: {},
    location: location ?? '',
    attendees: attendees.map(({ name, email, displayEmail = email }) => ({
      name: name || displayEmail,
      email: displayEmail,
      status: 'none',
    })),
    isOnlineMeeting: /^https?:/.test(location ?? ''),
    link: linkOf(vendor, uid),
    body: description ?? '',
  }
}
