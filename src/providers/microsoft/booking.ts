import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Access, CalendarEvent, NewEvent } from '../provider.ts'
import { mailboxTimeZone, pageOf, timed, ViewTimes, wholeDays } from './calendar-view.ts'
import { graphFailure, isDuplicate, isMissing } from './failure.ts'
import { allPages, answered, type Graph, graphRequest } from './graph.ts'
import { bookingIdOf, MARK, Marked, markedBy, markOf } from './mark.ts'

const FIELDS = 'id,webLink,start,end,isAllDay,isCancelled'

export async function createEvent(graph: Graph, access: Access, calendarId: string, event: NewEvent): Promise<CalendarEvent> {
  const operation = 'events.create'
  const path = `/me/calendars/${encodeURIComponent(calendarId)}/events`
  const request = graphRequest(graph, access, { operation, budget: 'create' }, path)
  const created = await request.post({ ...eventBody(event), transactionId: event.bookingId }).catch((error: unknown) => {
    if (isDuplicate(error)) return null
    throw graphFailure(operation, error)
  })
  if (created === null) return await firstEvent(graph, access, calendarId, event.bookingId)
  return calendarEvent(graph, access, await answered(operation, Event, Promise.resolve(created)))
}

/** After a repeated transaction: our own earlier event, unless the owner has deleted it since. */
async function firstEvent(graph: Graph, access: Access, calendarId: string, bookingId: string): Promise<CalendarEvent> {
  const first = await readEvent(graph, access, calendarId, bookingId).catch((error: unknown) => {
    // There is an event already: whatever keeps us from reading it, it would be wrong to say that nothing happened.
    if (error instanceof AppError) throw new AppError('provider_unavailable', error.message)
    throw error
  })
  if (!first) throw new AppError('slot_taken', 'microsoft events.create: the event of this booking was deleted')
  return first
}

export async function readEvent(graph: Graph, access: Access, calendarId: string, bookingId: string): Promise<CalendarEvent | null> {
  const operation = 'events.find'
  const path = `/me/calendars/${encodeURIComponent(calendarId)}/events?$filter=${markedBy(bookingId)}&$select=${FIELDS}`
  const found = await allPages(graph, access, operation, path, EventPage).catch((error: unknown) => {
    throw graphFailure(operation, error)
  })
  const event = found.find(({ isCancelled }) => !isCancelled)
  return event ? calendarEvent(graph, access, event) : null
}

export async function updateEvent(
  graph: Graph,
  access: Access,
  calendarId: string,
  eventId: string,
  event: NewEvent,
): Promise<CalendarEvent> {
  const operation = 'events.update'
  const missing = (why: string) => new AppError('event_missing', `microsoft ${operation}: ${why}`)
  const found = await findEvent(graph, access, calendarId, eventId)
  if (!found || bookingIdOf(found) !== event.bookingId) throw missing('not there as the event of this booking')
  const request = graphRequest(graph, access, { operation, budget: 'create' }, pathOf(calendarId, eventId))
  const changed: unknown = await request.patch({ ...eventBody(event), isAllDay: false }).catch((error: unknown) => {
    throw isMissing(error) ? missing('deleted meanwhile') : graphFailure(operation, error)
  })
  return calendarEvent(graph, access, await answered(operation, Event, Promise.resolve(changed)))
}

export async function cancelEvent(graph: Graph, access: Access, calendarId: string, eventId: string): Promise<void> {
  const found = await findEvent(graph, access, calendarId, eventId)
  if (!found || bookingIdOf(found) === undefined) return
  // Only an organizer cancels, and only what has guests. The 202 that answers has no body: the SDK makes an unread stream of it.
  const hasGuests = found.isOrganizer && found.attendees.length > 0
  const operation = hasGuests ? 'events.cancel' : 'events.delete'
  const path = `${pathOf(calendarId, eventId)}${hasGuests ? '/cancel' : ''}`
  const request = graphRequest(graph, access, { operation, budget: 'create', takesAway: true }, path)
  await (hasGuests ? request.post({}) : request.delete()).catch((error: unknown) => {
    if (!isMissing(error)) throw graphFailure(operation, error)
  })
}

/** `null`: gone, or called off by whoever organizes it. */
async function findEvent(graph: Graph, access: Access, calendarId: string, eventId: string): Promise<z.infer<typeof FoundEvent> | null> {
  const operation = 'events.get'
  const path = `${pathOf(calendarId, eventId)}?$select=${FIELDS},isOrganizer,attendees&$expand=${MARK}`
  const found: unknown = await graphRequest(graph, access, { operation, budget: 'read' }, path)
    .get()
    .catch((error: unknown) => {
      if (isMissing(error)) return null
      throw graphFailure(operation, error)
    })
  if (found === null) return null
  const event = await answered(operation, FoundEvent, Promise.resolve(found))
  return event.isCancelled ? null : event
}

function pathOf(calendarId: string, eventId: string): string {
  return `/me/calendars/${encodeURIComponent(calendarId)}/events/${encodeURIComponent(eventId)}`
}

function eventBody(event: NewEvent) {
  return {
    subject: event.subject,
    body: { contentType: 'text', content: event.description },
    location: { displayName: event.location },
    start: graphTime(event.startsAt),
    end: graphTime(event.endsAt),
    // Whoever is an attendee is invited; there is no switch for it.
    attendees: event.attendees.map(({ name, email }) => ({ emailAddress: { address: email, name }, type: 'required' })),
    showAs: 'busy',
    singleValueExtendedProperties: markOf(event.bookingId),
  }
}

// In UTC: Graph knows only some IANA names, and its own rules for a zone may be older than ours. Outlook shows each reader her own time.
function graphTime(at: Date): { dateTime: string; timeZone: 'UTC' } {
  return { dateTime: at.toISOString().slice(0, -'.000Z'.length), timeZone: 'UTC' }
}

async function calendarEvent(graph: Graph, access: Access, event: z.infer<typeof Event>): Promise<CalendarEvent> {
  const times = event.isAllDay ? wholeDays(event, (await mailboxTimeZone(graph, access)) ?? 'UTC') : timed(event)
  return { id: event.id, link: event.webLink ?? null, ...times }
}

const Event = ViewTimes.extend({ id: z.string(), webLink: z.string().nullish() })
const EventPage = pageOf(Event)
const FoundEvent = Event.extend({ ...Marked.shape, isOrganizer: z.boolean(), attendees: z.array(z.unknown()) })
