import windowsIana from 'windows-iana'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { isTimeZone } from '../../time-zone.ts'
import { mergeIntervals } from '../intervals.ts'
import type { CalendarEvent, CalendarInfo, Interval, NewEvent } from '../provider.ts'
import { graphFailure, isDuplicate } from './failure.ts'
import { type Access, allPages, answered, type Graph, graphRequest } from './graph.ts'

/** Marks our events. Fixed for ever: events made under another one would not be found again. */
const BOOKING_ID = 'String {6f0c8f3e-5d1b-4c57-9a0e-1b6d2f7f4c21} Name bookingId'
const DAY_MS = 24 * 3_600_000

export async function listCalendars(graph: Graph, access: Access): Promise<CalendarInfo[]> {
  const path = '/me/calendars?$select=id,name,canEdit,isDefaultCalendar&$top=100'
  const [calendars, timeZone] = await Promise.all([
    allPages(graph, access, 'calendars', path, CalendarPage),
    mailboxTimeZone(graph, access),
  ])
  return calendars
    .filter(({ canEdit }) => canEdit)
    .sort((a, b) => Number(b.isDefaultCalendar) - Number(a.isDefaultCalendar))
    .map(({ id, name }) => ({ id, name, timeZone, link: 'https://outlook.office.com/calendar/' }))
}

/** `null` when the user has not allowed us to ask, or the mailbox has a zone of its own making. */
async function mailboxTimeZone(graph: Graph, access: Access): Promise<string | null> {
  const operation = 'mailboxSettings'
  try {
    const request = graphRequest(graph, access, { operation, budget: 'read' }, '/me/mailboxSettings?$select=timeZone')
    const { timeZone } = await answered(operation, MailboxSettings, request.get())
    return [windowsIana.findIana(timeZone)[0], timeZone].find((name) => name !== undefined && isTimeZone(name)) ?? null
  } catch (error) {
    if (error instanceof AppError && (error.code === 'scope_missing' || error.code === 'provider_refused')) return null
    throw error
  }
}

export async function listBusy(graph: Graph, access: Access, calendarId: string, range: Interval): Promise<Interval[]> {
  if (range.startsAt >= range.endsAt) return []
  // Graph places all-day events by its own idea of midnight: a day more on both sides finds those that reach into the range.
  const start = new Date(range.startsAt.getTime() - DAY_MS).toISOString()
  const end = new Date(range.endsAt.getTime() + DAY_MS).toISOString()
  const query = `startDateTime=${start}&endDateTime=${end}&$select=id,start,end,showAs,isAllDay,isCancelled,responseStatus&$top=1000`
  const path = `/me/calendars/${encodeURIComponent(calendarId)}/calendarView?${query}`
  const events = (await allPages(graph, access, 'calendarView', path, EventPage)).filter(blocks)
  const timeZone = events.some(({ isAllDay }) => isAllDay) ? await mailboxTimeZone(graph, access) : null
  const busy = events.map((event) => (event.isAllDay ? wholeDays(event, timeZone) : timed(event)))
  return mergeIntervals(busy.filter(({ startsAt, endsAt }) => startsAt < range.endsAt && endsAt > range.startsAt))
}

/** Tentative and unknown block: offering a time that turns out to be taken is worse than hiding a free one. */
function blocks({ isCancelled, showAs, responseStatus }: z.infer<typeof ViewEvent>): boolean {
  return !isCancelled && responseStatus?.response !== 'declined' && showAs !== 'free' && showAs !== 'workingElsewhere'
}

/** Asked for in UTC, times come without saying so. */
function timed({ start, end }: z.infer<typeof ViewEvent>): Interval {
  return { startsAt: new Date(`${start.dateTime}Z`), endsAt: new Date(`${end.dateTime}Z`) }
}

/** Dates without a zone belong to wherever the owner is. Unknown, the days count from their earliest to their latest place on Earth. */
function wholeDays({ start, end }: z.infer<typeof ViewEvent>, timeZone: string | null): Interval {
  const midnight = (dateTime: string, zone: string) =>
    new Date(Temporal.PlainDate.from(dateTime.slice(0, 10)).toZonedDateTime(zone).epochMilliseconds)
  return { startsAt: midnight(start.dateTime, timeZone ?? '+14:00'), endsAt: midnight(end.dateTime, timeZone ?? '-12:00') }
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
  const first = await findEvent(graph, access, calendarId, bookingId).catch((error: unknown) => {
    // There is an event already: whatever keeps us from reading it, it would be wrong to say that nothing happened.
    if (error instanceof AppError) throw new AppError('provider_unavailable', error.message)
    throw error
  })
  if (!first) throw new AppError('slot_taken', 'microsoft events.create: the event of this booking was deleted')
  return first
}

export async function findEvent(graph: Graph, access: Access, calendarId: string, bookingId: string): Promise<CalendarEvent | null> {
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
    attendees: event.attendee ? [{ emailAddress: { address: event.attendee.email, name: event.attendee.name }, type: 'required' }] : [],
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

const pageOf = <T extends z.ZodType>(item: T) => z.object({ value: z.array(item), '@odata.nextLink': z.string().optional() })
const utc = z.object({ dateTime: z.iso.datetime({ local: true }), timeZone: z.literal('UTC') })
const ViewEvent = z.object({
  start: utc,
  end: utc,
  isAllDay: z.boolean().default(false),
  isCancelled: z.boolean().default(false),
  showAs: z.string().default('unknown'),
  responseStatus: z.object({ response: z.string().nullish() }).nullish(),
})
const EventPage = pageOf(ViewEvent)
const CalendarPage = pageOf(
  z.object({ id: z.string(), name: z.string(), canEdit: z.boolean().default(false), isDefaultCalendar: z.boolean().default(false) }),
)
const MailboxSettings = z.object({ timeZone: z.string() })
const Event = z.object({ id: z.string(), webLink: z.string().nullish() })
const FoundPage = pageOf(Event.extend({ isCancelled: z.boolean().default(false) }))
