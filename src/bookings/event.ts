import type { Booking } from '../db/bookings.ts'
import type { NewEvent } from '../providers/provider.ts'

/** What stands in the owner's calendar for a booking. Written from the row alone: who finishes it may not be who began it. */
export function eventOf(booking: Booking): NewEvent {
  const { customerName, customerEmail, customerPhone, guests } = booking
  const customer = customerEmail === null ? [] : [{ name: customerName ?? customerEmail, email: customerEmail }]
  return {
    bookingId: booking.id,
    subject: booking.subject,
    description: booking.bookedBy === 'owner' ? ownersDetails(booking) : callersDetails(booking),
    location: booking.address ?? '',
    startsAt: booking.startsAt,
    endsAt: booking.endsAt,
    timeZone: booking.timeZone,
    attendees: [...customer, ...guests],
    customer:
      booking.bookedBy === 'owner' && customerEmail === null ? null : { name: customerName, email: customerEmail, phone: customerPhone },
  }
}

/** Her own words, and what she will want to have at hand. */
function ownersDetails({ notes, customerPhone }: Booking): string {
  return [notes, customerPhone && `Phone: ${customerPhone}`].filter((line) => line).join('\n')
}

function callersDetails({ startsAt, timeZone, customerName, customerPhone, customerEmail, notes }: Booking): string {
  const lines = [
    // Readers in another zone, and programs that show UTC, still find the time that was agreed on the phone.
    `When: ${writtenTime(startsAt, timeZone)}`,
    customerName && `Name: ${customerName}`,
    customerPhone && `Phone: ${customerPhone}`,
    customerEmail && `E-mail: ${customerEmail}`,
    notes,
    'Booked by phone.',
  ]
  return lines.filter((line) => line).join('\n')
}

/** "Tuesday, December 1, 2026 at 10:00 AM (America/Chicago)". */
function writtenTime(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, dateStyle: 'full', timeStyle: 'short' })
  return `${format.format(at).replaceAll(/\s/g, ' ')} (${timeZone})`
}
