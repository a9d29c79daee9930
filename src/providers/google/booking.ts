import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/v3.js'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { isTimeZone } from '../../time-zone.ts'
import type { Access, CalendarEvent, NewEvent } from '../provider.ts'
import { auth, readable, type Vendor } from './api.ts'
import { Cancelled, intervalOf, Times } from './event-pages.ts'
import { apiFailure, isDuplicate, isMissing } from './failure.ts'

export async function createEvent(vendor: Vendor, access: Access, calendarId: string, event: NewEvent): Promise<CalendarEvent> {
  const operation = 'events.insert'
  try {
    const answer = await vendor.api.events.insert({
      auth: auth(vendor, access, { operation, budget: 'create' }),
      calendarId,
      sendUpdates: 'all', // left out, nobody is invited
      requestBody: { id: eventIdOf(event.bookingId), ...eventBody(event) },
    })
    return await calendarEvent(vendor, access, calendarId, readable(operation, Event, answer.data))
  } catch (error) {
    if (error instanceof AppError) throw error
    if (!isDuplicate(error)) throw apiFailure(operation, error)
  }
  const first = await readEvent(vendor, access, calendarId, event.bookingId).catch((error: unknown) => {
    // There is an event already: whatever keeps us from reading it, it would be wrong to say that nothing happened.
    if (error instanceof AppError) throw new AppError('provider_unavailable', error.message)
    throw error
  })
  // A deleted event keeps its id.
  if (!first) throw new AppError('slot_taken', `google ${operation}: the id of this booking is not its event's any more`)
  return first
}

export async function readEvent(vendor: Vendor, access: Access, calendarId: string, bookingId: string): Promise<CalendarEvent | null> {
  const found = await findEvent(vendor, access, calendarId, eventIdOf(bookingId))
  return found && isEventOf(found, bookingId) ? calendarEvent(vendor, access, calendarId, found) : null
}

export async function updateEvent(
  vendor: Vendor,
  access: Access,
  calendarId: string,
  eventId: string,
  event: NewEvent,
): Promise<CalendarEvent> {
  const operation = 'events.patch'
  const missing = (why: string) => new AppError('event_missing', `google ${operation}: ${why}`)
  const found = await findEvent(vendor, access, calendarId, eventId)
  if (!found || !isEventOf(found, event.bookingId)) throw missing('not there as the event of this booking')
  const answer = await vendor.api.events
    .patch({
      auth: auth(vendor, access, { operation, budget: 'create' }),
      calendarId,
      eventId,
      sendUpdates: 'all',
      requestBody: { ...eventBody(event), ...timesInPlaceOf(found, event) },
    })
    .catch((error: unknown) => {
      throw isMissing(error) ? missing('deleted meanwhile') : apiFailure(operation, error)
    })
  // A deleted event can be changed all the same, and stays deleted.
  const changed = readable(operation, EventOrCancelled, answer.data)
  if (changed === null) throw missing('deleted meanwhile')
  return calendarEvent(vendor, access, calendarId, changed)
}

export async function cancelEvent(vendor: Vendor, access: Access, calendarId: string, eventId: string): Promise<void> {
  const operation = 'events.delete'
  const found = await findEvent(vendor, access, calendarId, eventId)
  const bookingId = found?.extendedProperties?.private?.bookingId
  if (!found || bookingId === undefined || !isEventOf(found, bookingId)) return
  const call = { operation, budget: 'create', takesAway: true } as const
  await vendor.api.events.delete({ auth: auth(vendor, access, call), calendarId, eventId, sendUpdates: 'all' }).catch((error: unknown) => {
    if (!isMissing(error)) throw apiFailure(operation, error)
  })
}

async function findEvent(vendor: Vendor, access: Access, calendarId: string, eventId: string): Promise<z.infer<typeof Event> | null> {
  const operation = 'events.get'
  const request = { auth: auth(vendor, access, { operation, budget: 'read' }), calendarId, eventId }
  const answer = await vendor.api.events.get(request).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw apiFailure(operation, error)
  })
  return answer && readable(operation, EventOrCancelled, answer.data)
}

/** Google's alphabet for own ids is a–v and 0–9. The same booking has the same id, so a second insert is refused, never doubled. */
function eventIdOf(bookingId: string): string {
  return `bk${bookingId.replaceAll('-', '').toLowerCase()}`
}

/** Both its id and our mark: somebody else may have the id, and a copy that the owner makes carries the mark. */
export function isEventOf({ id, extendedProperties }: z.infer<typeof Tagged>, bookingId: string): boolean {
  return id === eventIdOf(bookingId) && extendedProperties?.private?.bookingId === bookingId
}

function eventBody(event: NewEvent): calendar_v3.Schema$Event {
  return {
    summary: event.subject,
    description: event.description,
    location: event.location,
    start: timeOf(event.startsAt, event),
    end: timeOf(event.endsAt, event),
    attendees: event.attendees.map(({ name, email }) => ({ email, displayName: name })),
    reminders: { useDefault: true },
    extendedProperties: { private: { bookingId: event.bookingId } },
  }
}

function timeOf(at: Date, { timeZone }: NewEvent): calendar_v3.Schema$EventDateTime {
  return { dateTime: at.toISOString(), timeZone }
}

/** A change is laid over what is there, and a time cannot stand beside a date: one that is there has to be emptied by name. */
function timesInPlaceOf({ start, end }: z.infer<typeof Event>, event: NewEvent): calendar_v3.Schema$Event {
  const over = (old: object) => ('date' in old ? { date: null } : {})
  return { start: { ...timeOf(event.startsAt, event), ...over(start) }, end: { ...timeOf(event.endsAt, event), ...over(end) } }
}

async function calendarEvent(vendor: Vendor, access: Access, calendarId: string, event: z.infer<typeof Event>): Promise<CalendarEvent> {
  // Its owner has made it a matter of whole days, which float in the calendar's zone: the event itself does not name it.
  const timeZone = 'date' in event.start || 'date' in event.end ? await zoneOf(vendor, access, calendarId) : 'UTC'
  return { id: event.id, link: event.htmlLink ?? null, ...intervalOf(event, timeZone) }
}

async function zoneOf(vendor: Vendor, access: Access, calendarId: string): Promise<string> {
  const operation = 'events.list'
  const request = { auth: auth(vendor, access, { operation, budget: 'read' }), calendarId, maxResults: 1, fields: 'timeZone' }
  const answer = await vendor.api.events.list(request).catch((error: unknown) => {
    throw apiFailure(operation, error)
  })
  return readable(operation, Zoned, answer.data).timeZone
}

/** What tells whose event it is. */
export const Tagged = z.object({
  id: z.string(),
  extendedProperties: z.object({ private: z.record(z.string(), z.string()).optional() }).optional(),
})
const Event = Times.extend({ ...Tagged.shape, htmlLink: z.string().optional() })
const EventOrCancelled = z.union([Cancelled, Event])
const Zoned = z.object({ timeZone: z.string().refine(isTimeZone) })
