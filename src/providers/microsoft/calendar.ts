import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { oneLine } from '../../one-line.ts'
import { mergeIntervals } from '../intervals.ts'
import type { CalendarEvent, CalendarInfo, Interval, NewEvent } from '../provider.ts'
import { calendarView, mailboxTimeZone, pageOf, reachesInto, timed, ViewTimes, wholeDays } from './calendar-view.ts'
import { graphFailure, isDuplicate } from './failure.ts'
import { type Access, allPages, answered, type Graph, graphRequest } from './graph.ts'

/** Marks our events. Fixed for ever: events made under another one would not be found again. */
const BOOKING_ID = 'String {6f0c8f3e-5d1b-4c57-9a0e-1b6d2f7f4c21} Name bookingId'
const LONGEST_NAME = 200

export async function listCalendars(graph: Graph, access: Access): Promise<CalendarInfo[]> {
  const path = '/me/calendars?$select=id,name,canEdit,isDefaultCalendar&$top=100'
  const [calendars, timeZone] = await Promise.all([
    allPages(graph, access, 'calendars', path, CalendarPage),
    mailboxTimeZone(graph, access),
  ])
  return calendars
    .map(({ id, name, canEdit, isDefaultCalendar }) => ({
      id,
      name: oneLine(name, LONGEST_NAME),
      isMain: isDefaultCalendar,
      canWrite: canEdit,
      timeZone,
      link: 'https://outlook.office.com/calendar/',
    }))
    .sort((a, b) => Number(b.isMain) - Number(a.isMain))
}

export async function listBusy(graph: Graph, access: Access, calendarId: string, range: Interval): Promise<Interval[]> {
  if (range.startsAt >= range.endsAt) return []
  const fields = 'id,start,end,showAs,isAllDay,isCancelled,responseStatus'
  const found = await calendarView(graph, access, calendarId, { range, fields, pageSize: 1000, schema: ViewPage })
  const events = found.filter(blocks)
  const timeZone = events.some(({ isAllDay }) => isAllDay) ? await mailboxTimeZone(graph, access) : null
  // In an unknown zone the days count from their earliest to their latest place on Earth.
  const days = (event: z.infer<typeof ViewEvent>) => wholeDays(event, timeZone ?? '+14:00', timeZone ?? '-12:00')
  const busy = events.map((event) => (event.isAllDay ? days(event) : timed(event)))
  return mergeIntervals(busy.filter((one) => reachesInto(range, one)))
}

/** Tentative and unknown block: offering a time that turns out to be taken is worse than hiding a free one. */
function blocks({ isCancelled, showAs, responseStatus }: z.infer<typeof ViewEvent>): boolean {
  return !isCancelled && responseStatus?.response !== 'declined' && showAs !== 'free' && showAs !== 'workingElsewhere'
}

export async function createEvent(graph: Graph, access: Access, calendarId: string, event: NewEvent): Promise<CalendarEvent> {
  const operation = 'events.create'
  const path = `/me/calendars/${encodeURIComponent(calendarId)}/events`
  const request = graphRequest(graph, access, { operation, budget: 'create' }, path)
  const created = await request.post(eventBody(event)).catch((error: unknown) => {
    if (isDuplicate(error)) return null
    throw graphFailure(operation, error)
  })
  if (created === null) return await firstEvent(graph, access, calendarId, event.bookingId)
  return calendarEvent(await answered(operation, Event, Promise.resolve(created)))
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
  const filter = `singleValueExtendedProperties/Any(ep: ep/id eq '${BOOKING_ID}' and ep/value eq '${bookingId}')`
  const path = `/me/calendars/${encodeURIComponent(calendarId)}/events?$filter=${encodeURIComponent(filter)}&$select=id,webLink,isCancelled`
  const found = await allPages(graph, access, operation, path, FoundPage).catch((error: unknown) => {
    throw graphFailure(operation, error)
  })
  const event = found.find(({ isCancelled }) => !isCancelled)
  return event ? calendarEvent(event) : null
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
    transactionId: event.bookingId,
    singleValueExtendedProperties: [{ id: BOOKING_ID, value: event.bookingId }],
  }
}

// In UTC: Graph knows only some IANA names, and its own rules for a zone may be older than ours. Outlook shows each reader her own time.
function graphTime(at: Date): { dateTime: string; timeZone: 'UTC' } {
  return { dateTime: at.toISOString().slice(0, -'.000Z'.length), timeZone: 'UTC' }
}

function calendarEvent({ id, webLink }: z.infer<typeof Event>): CalendarEvent {
  return { id, link: webLink ?? null }
}

const ViewEvent = ViewTimes.extend({
  showAs: z.string().default('unknown'),
  responseStatus: z.object({ response: z.string().nullish() }).nullish(),
})
const ViewPage = pageOf(ViewEvent)
const CalendarPage = pageOf(
  z.object({ id: z.string(), name: z.string(), canEdit: z.boolean().default(false), isDefaultCalendar: z.boolean().default(false) }),
)
const Event = z.object({ id: z.string(), webLink: z.string().nullish() })
const FoundPage = pageOf(Event.extend({ isCancelled: z.boolean().default(false) }))
