import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/v3.js'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { oneLine } from '../../one-line.ts'
import { mergeIntervals } from '../intervals.ts'
import type { CalendarEvent, CalendarInfo, Interval, NewEvent } from '../provider.ts'
import { type Access, auth, readable, type Vendor } from './api.ts'
import { apiFailure, isDuplicate, isMissing } from './failure.ts'

// The longest range is not documented; somewhat over three months was seen to be refused.
const LONGEST_QUERY_MS = 60 * 24 * 3_600_000
const MAX_PAGES = 20
const LONGEST_NAME = 200

export async function listCalendars(vendor: Vendor, access: Access): Promise<CalendarInfo[]> {
  const operation = 'calendarList.list'
  const found: z.infer<typeof CalendarPage>['items'] = []
  let pageToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await vendor.api.calendarList
      .list({
        auth: auth(vendor, access, { operation, budget: 'read' }),
        minAccessRole: 'freeBusyReader',
        maxResults: 250,
        ...(pageToken ? { pageToken } : {}),
      })
      .catch((error: unknown) => {
        throw apiFailure(operation, error)
      })
    const { items, nextPageToken } = readable(operation, CalendarPage, answer.data)
    found.push(...items)
    if (nextPageToken === undefined) return found.map(calendarInfo).sort((a, b) => Number(b.isMain) - Number(a.isMain))
    pageToken = nextPageToken
  }
  throw new AppError('provider_unavailable', `google ${operation}: pages without end`)
}

export async function listBusy(vendor: Vendor, access: Access, calendarId: string, range: Interval): Promise<Interval[]> {
  const busy: Interval[] = []
  const end = range.endsAt.getTime()
  for (let start = range.startsAt.getTime(); start < end; start += LONGEST_QUERY_MS) {
    busy.push(...(await queryBusy(vendor, access, calendarId, start, Math.min(start + LONGEST_QUERY_MS, end))))
  }
  return mergeIntervals(busy)
}

async function queryBusy(vendor: Vendor, access: Access, calendarId: string, start: number, end: number): Promise<Interval[]> {
  const operation = 'freebusy.query'
  const answer = await vendor.api.freebusy
    .query({
      auth: auth(vendor, access, { operation, budget: 'read' }),
      requestBody: {
        timeMin: new Date(start).toISOString(),
        timeMax: new Date(end).toISOString(),
        timeZone: 'UTC',
        items: [{ id: calendarId }],
      },
    })
    .catch((error: unknown) => {
      throw apiFailure(operation, error)
    })
  const calendar = readable(operation, FreeBusy, answer.data).calendars[calendarId]
  // A 200 may still say that this calendar could not be read: that is not the same as free.
  if (calendar?.busy === undefined || calendar.errors.length > 0) {
    const why = calendar?.errors[0]?.reason ?? 'the calendar is not in the answer'
    throw new AppError(why === 'notFound' ? 'calendar_missing' : 'provider_unavailable', `google ${operation}: ${why}`)
  }
  return calendar.busy.map(({ start, end }) => ({ startsAt: start, endsAt: end }))
}

export async function createEvent(vendor: Vendor, access: Access, calendarId: string, event: NewEvent): Promise<CalendarEvent> {
  const operation = 'events.insert'
  try {
    const answer = await vendor.api.events.insert({
      auth: auth(vendor, access, { operation, budget: 'create' }),
      calendarId,
      sendUpdates: 'all', // left out, nobody is invited
      requestBody: { id: eventIdOf(event.bookingId), ...eventBody(event) },
    })
    return calendarEvent(readable(operation, Event, answer.data))
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
  const operation = 'events.get'
  const request = { auth: auth(vendor, access, { operation, budget: 'read' }), calendarId, eventId: eventIdOf(bookingId) }
  const answer = await vendor.api.events.get(request).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw apiFailure(operation, error)
  })
  if (answer === null) return null
  const found = readable(operation, Event, answer.data)
  const isOurs = found.extendedProperties?.private?.bookingId === bookingId
  return isOurs && found.status !== 'cancelled' ? calendarEvent(found) : null
}

/** Google's alphabet for own ids is a–v and 0–9. The same booking has the same id, so a second insert is refused, never doubled. */
function eventIdOf(bookingId: string): string {
  return `bk${bookingId.replaceAll('-', '').toLowerCase()}`
}

function eventBody(event: NewEvent): calendar_v3.Schema$Event {
  const time = (at: Date) => ({ dateTime: at.toISOString(), timeZone: event.timeZone })
  return {
    summary: event.subject,
    description: event.description,
    location: event.location,
    start: time(event.startsAt),
    end: time(event.endsAt),
    attendees: event.attendees.map(({ name, email }) => ({ email, displayName: name })),
    reminders: { useDefault: true },
    extendedProperties: { private: { bookingId: event.bookingId } },
  }
}

// An unknown role may write nothing: what it allows would show only when a booking fails.
const WRITING_ROLES = ['owner', 'writer', 'writerWithoutPrivateAccess']

function calendarInfo(entry: z.infer<typeof CalendarPage>['items'][number]): CalendarInfo {
  return {
    id: entry.id,
    name: oneLine(entry.summaryOverride ?? entry.summary, LONGEST_NAME),
    isMain: entry.primary,
    canWrite: WRITING_ROLES.includes(entry.accessRole),
    timeZone: entry.timeZone,
    link: 'https://calendar.google.com/calendar/r',
  }
}

function calendarEvent({ id, htmlLink }: z.infer<typeof Event>): CalendarEvent {
  return { id, link: htmlLink ?? null }
}

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const FreeBusy = z.object({
  calendars: z.record(
    z.string(),
    z.object({
      busy: z.array(z.object({ start: instant, end: instant })).optional(),
      errors: z.array(z.object({ reason: z.string().optional() })).default([]),
    }),
  ),
})
const CalendarPage = z.object({
  items: z
    .array(
      z.object({
        id: z.string(),
        summary: z.string().default(''),
        summaryOverride: z.string().optional(),
        accessRole: z.string().default(''),
        timeZone: z.string().nullable().default(null),
        primary: z.boolean().default(false),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
})
const Event = z.object({
  id: z.string(),
  status: z.string().optional(),
  htmlLink: z.string().optional(),
  extendedProperties: z.object({ private: z.record(z.string(), z.string()).optional() }).optional(),
})
