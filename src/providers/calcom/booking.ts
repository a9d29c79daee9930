import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Access, BookingRef, CalendarEvent, NewEvent } from '../provider.ts'
import { attendeeOf } from './attendee.ts'
import { ask, type Vendor } from './client.ts'
import { idOf, lengthsOf, readEventType } from './event-types.ts'
import { bookingFailure, isMissing, Refused } from './failure.ts'
import { CalcomBooking, findBooking, isLive, isOf, readLatest } from './find.ts'
import { linkOf } from './link.ts'

const LONGEST_NOTES = 5000
const MINUTE_MS = 60_000

export async function createBooking(vendor: Vendor, access: Access, calendarId: string, event: NewEvent): Promise<CalendarEvent> {
  const ref = { ...event, eventId: null }
  const [type, first] = await Promise.all([readEventType(vendor, access, calendarId), findBooking(vendor, access, ref)])
  if (first) return standing(vendor, first)
  const lengths = lengthsOf(type)
  const minutes = minutesOf(event)
  if (!lengths.includes(minutes)) throw new AppError('length_not_offered', `calcom bookings.create: ${minutes} minutes`)
  const request = {
    operation: 'bookings.create',
    budget: 'create',
    resource: 'bookings',
    method: 'POST',
    repeatable: 'after_refusal',
    body: {
      eventTypeId: idOf(calendarId),
      start: event.startsAt.toISOString(),
      // Refused where there is only one.
      ...(lengths.length > 1 ? { lengthInMinutes: minutes } : {}),
      ...(await attendeeOf(vendor, access, event)),
      bookingFieldsResponses: { notes: notesOf(event) },
      metadata: { bookingId: event.bookingId },
    },
  } as const
  const made = await untilKnown(
    () => ask(vendor, access, request, Answer),
    () => findBooking(vendor, access, ref),
  )
  return standing(vendor, made)
}

/** @param evenOpen also one to which the host has not agreed yet */
export async function readBooking(vendor: Vendor, access: Access, ref: BookingRef, evenOpen: boolean): Promise<CalendarEvent | null> {
  const found = await findBooking(vendor, access, ref)
  if (!found || !isLive(found)) return null
  return evenOpen ? eventOf(vendor, found) : agreed(vendor, found)
}

/** Its title, length and notes are the event type's or stay as they were; guests can come, and not go. */
export async function updateBooking(
  vendor: Vendor,
  access: Access,
  calendarId: string,
  uid: string,
  event: NewEvent,
): Promise<CalendarEvent> {
  const found = await readLatest(vendor, access, uid)
  if (!found || !isLive(found) || !isOf(found, event.bookingId)) throw missing('not there as the booking of this event')
  const isThere = found.start.getTime() === event.startsAt.getTime() && found.end.getTime() === event.endsAt.getTime()
  const moved = isThere ? found : await move(vendor, access, calendarId, found, event)
  await inviteOthers(vendor, access, moved, event).catch((error: unknown) => {
    // What has just moved must not be taken for refused: who is not invited yet is when the event is told again.
    if (isThere || !(error instanceof AppError)) throw error
  })
  return agreed(vendor, moved)
}

async function move(vendor: Vendor, access: Access, calendarId: string, booking: CalcomBooking, event: NewEvent): Promise<CalcomBooking> {
  const { lengthInMinutes } = await readEventType(vendor, access, calendarId)
  if (lengthInMinutes !== minutesOf(event)) throw new AppError('length_not_offered', 'calcom bookings.reschedule: to another length')
  const request = {
    operation: 'bookings.reschedule',
    budget: 'create',
    resource: 'bookings',
    path: `/${encodeURIComponent(booking.uid)}/reschedule`,
    method: 'POST',
    repeatable: 'after_refusal',
    body: { start: event.startsAt.toISOString(), reschedulingReason: 'Moved by phone or by the host.' },
  } as const
  return untilKnown(
    () => ask(vendor, access, request, Answer),
    async () => {
      const now = await readLatest(vendor, access, booking.uid)
      if (!now || !isLive(now)) throw missing('cancelled meanwhile')
      return now.start.getTime() === event.startsAt.getTime() ? now : null
    },
  )
}

async function inviteOthers(vendor: Vendor, access: Access, booking: CalcomBooking, event: NewEvent): Promise<void> {
  const addresses = [...booking.attendees.flatMap(({ email, displayEmail = email }) => [email, displayEmail]), ...(booking.guests ?? [])]
  const known = new Set(addresses.map((email) => email.toLowerCase()))
  for (const { name, email } of event.attendees.filter((one) => !known.has(one.email.toLowerCase()))) {
    const request = {
      operation: 'bookings.attendees',
      budget: 'create',
      resource: 'bookings',
      path: `/${encodeURIComponent(booking.uid)}/attendees`,
      method: 'POST',
      body: { name, email, timeZone: event.timeZone, language: 'en' },
    } as const
    await ask(vendor, access, request, Done)
  }
}

export async function cancelBooking(vendor: Vendor, access: Access, uid: string): Promise<void> {
  const found = await readLatest(vendor, access, uid)
  if (!found || !isLive(found) || typeof found.metadata.bookingId !== 'string') return
  const request = {
    operation: 'bookings.cancel',
    budget: 'create',
    resource: 'bookings',
    path: `/${encodeURIComponent(found.uid)}/cancel`,
    method: 'POST',
    body: { cancellationReason: 'Cancelled by phone or by the host.' },
    // What is cancelled already says so.
    repeatable: true,
  } as const
  await ask(vendor, access, request, Answer).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}

/**
 * Nothing keeps Cal.com from doing the same twice, so what may have been done is looked for before it is asked for again, once: where the
 * answer was lost, and where its own outcome would look like a refusal.
 * @param look what has been done; `null`: nothing yet
 */
async function untilKnown(send: () => Promise<{ data: CalcomBooking }>, look: () => Promise<CalcomBooking | null>): Promise<CalcomBooking> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return (await send()).data
    } catch (error) {
      const failure = bookingFailure(error)
      if (!(failure instanceof AppError)) throw failure
      const isOpen = failure.code === 'provider_unavailable'
      const isTold = failure.code === 'slot_taken' || isMissing(error)
      // A no to the second request says nothing about the first.
      if (!isOpen && !isTold) throw isAgain ? new AppError('provider_unavailable', failure.message) : failure
      const done = await look().catch((unread: unknown) => {
        throw unread instanceof AppError && unread.code === 'event_missing' ? unread : new AppError('provider_unavailable', failure.message)
      })
      if (done) return done
      if (isTold || isAgain || (error instanceof Refused && error.asksToWait)) throw failure
    }
  }
}

/** @throws AppError `slot_taken` for one that the host has cancelled since */
function standing(vendor: Vendor, booking: CalcomBooking): CalendarEvent {
  if (!isLive(booking)) throw new AppError('slot_taken', 'calcom bookings.create: the booking of this event was cancelled')
  return agreed(vendor, booking)
}

/** @throws AppError `provider_unavailable` while the host has not agreed: it is not known yet whether it takes place */
function agreed(vendor: Vendor, booking: CalcomBooking): CalendarEvent {
  if (booking.status !== 'accepted') throw new AppError('provider_unavailable', 'calcom: the host has not confirmed the booking')
  return eventOf(vendor, booking)
}

function eventOf(vendor: Vendor, { uid, start, end }: CalcomBooking): CalendarEvent {
  return { id: uid, link: linkOf(vendor, uid), startsAt: start, endsAt: end }
}

function missing(why: string): AppError {
  return new AppError('event_missing', `calcom bookings.reschedule: ${why}`)
}

/** A booking's title is made by its event type, so what it is about stands here. */
function notesOf({ subject, location, description }: NewEvent): string {
  return [subject, location, description]
    .filter((text) => text !== '')
    .join('\n')
    .slice(0, LONGEST_NOTES)
}

function minutesOf({ startsAt, endsAt }: NewEvent): number {
  return (endsAt.getTime() - startsAt.getTime()) / MINUTE_MS
}

const Answer = z.object({ data: CalcomBooking })
const Done = z.object({ status: z.literal('success') })
