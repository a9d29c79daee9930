import type { Told } from '../guests.ts'
import { randomText } from '../people.ts'
import { inTime, isAvailable } from './availability.ts'
import { refuse } from './errors.ts'
import { checkAnswers } from './event-type-resource.ts'
import type { Interval } from './schedule.ts'
import { type Account, type Attendee, type Booking, type EventType, offered, type Site } from './site.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const MINUTE_MS = 60_000
const PHONE_ONLY = '@sms.cal.com'

export interface NewAttendee {
  name: string
  timeZone: string
  email?: string | undefined
  phoneNumber?: string | undefined
  language?: string | undefined
}

export interface NewBooking {
  eventTypeId: number
  startsAt: Date
  minutes?: number | undefined
  attendee: NewAttendee
  guests?: string[]
  responses?: Record<string, unknown>
  metadata?: Record<string, unknown>
}

/** Books like a guest. Nothing tells a repeated request from a second wish: both are booked where there is room. */
export function book(site: Site, asked: NewBooking): Booking {
  const found = offered(site, asked.eventTypeId)
  if (!found) throw refuse(404, `Event type with id ${asked.eventTypeId} not found.`)
  const { account, eventType } = found
  const { attendee, responses = {}, guests = [], metadata = {} } = asked
  onlyPlain(eventType)
  checkAnswers(eventType, attendee, responses)
  const minutes = lengthOf(eventType, asked.minutes)
  const time = { startsAt: asked.startsAt, endsAt: new Date(asked.startsAt.getTime() + minutes * MINUTE_MS) }
  admit(site, account, eventType, time)
  const uid = newUid()
  const booking: Booking = {
    uid,
    id: site.nextId(),
    account,
    eventType,
    title: `${eventType.title} between ${account.person.name} and ${attendee.name}`,
    description: typeof responses.notes === 'string' ? responses.notes : '',
    ...time,
    status: eventType.confirmation ? 'pending' : 'accepted',
    attendees: [newAttendee(site, attendee)],
    guests,
    location: `${site.url()}/video/${uid}`,
    metadata,
    responses: { name: attendee.name, ...(attendee.email === undefined ? {} : { email: attendee.email }), ...responses },
    cancellationReason: null,
    reschedulingReason: null,
    rescheduledFromUid: null,
    rescheduledToUid: null,
    icsUid: `${uid}@Cal.com`,
    told: [],
    createdAt: site.now(),
    updatedAt: site.now(),
  }
  site.bookings.set(uid, booking)
  if (booking.status === 'accepted') tell(booking, 'invited')
  site.announce(booking.status === 'accepted' ? 'BOOKING_CREATED' : 'BOOKING_REQUESTED', booking)
  return booking
}

export function newAttendee(site: Site, { name, timeZone, email, phoneNumber, language = 'en' }: NewAttendee): Attendee {
  const address = email ?? `${(phoneNumber ?? '').replace(/\D/g, '')}${PHONE_ONLY}`
  return { id: site.nextId(), name, email: address, phoneNumber: phoneNumber ?? null, timeZone, language }
}

/** Is there room for a guest at this time? Of several reasons against it the first is said. */
export function admit(site: Site, account: Account, eventType: EventType, time: Interval, except?: string): void {
  if (time.startsAt < site.now()) throw refuse(400, 'Attempting to book a meeting in the past.')
  if (!inTime(site, account, eventType, time.startsAt)) {
    const why = 'It is either too soon for the minimum booking notice or beyond the booking window.'
    throw refuse(400, `The event type can't be booked at the "start" time provided. ${why}`)
  }
  if (!isAvailable(site, { account, eventType, except }, time)) {
    throw refuse(400, 'User either already has booking at this time or is not available')
  }
}

function lengthOf({ minutes, lengths }: EventType, asked: number | undefined): number {
  if (asked === undefined) return minutes
  if (lengths.length === 0) {
    const why = 'event type does not have multiple possible lengths'
    throw refuse(400, `Can't specify 'lengthInMinutes' because ${why}. Please, remove the 'lengthInMinutes' field from the request.`)
  }
  if (lengths.includes(asked)) return asked
  const possible = `The possible lengths are: ${lengths.join(', ')}`
  throw refuse(400, `Provided 'lengthInMinutes' is not one of the possible lengths for the event type. ${possible}`)
}

/** Whoever books these without looking at the event type has made a mistake. */
function onlyPlain({ seats, recurring, price, emailVerification }: EventType): void {
  if (recurring) throw refuse(400, 'Recurring event types are booked with recurrenceCount, and not in this stand-in.')
  if (seats !== null) throw refuse(400, 'Seats are not sold in this stand-in.')
  if (price > 0) throw refuse(400, 'Nothing is paid in this stand-in.')
  if (emailVerification) throw refuse(400, 'Email verification code is required for this event type.')
}

export function newUid(): string {
  return randomText(BASE58, 22)
}

/** Mails everybody who has an address: who booked, and her guests. The host's own mail is nobody's business here. */
export function tell(booking: Booking, what: Told['what']): void {
  const addresses = [...booking.attendees.map(({ email }) => email), ...booking.guests]
  const reachable = addresses.filter((email) => !email.endsWith(PHONE_ONLY))
  booking.told.push(...reachable.map((email) => ({ email, what, startsAt: booking.startsAt })))
}
