import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { isTimeZone } from '../../time-zone.ts'
import { textOfHtml } from '../html-text.ts'
import { inFittingPages } from '../page-size.ts'
import type { Attendee, CalendarEntry, Interval } from '../provider.ts'
import { type Access, auth, readable, type Vendor } from './api.ts'
import { apiFailure } from './failure.ts'

const MAX_PAGES = 50

export async function listEvents(vendor: Vendor, access: Access, calendarId: string, range: Interval): Promise<CalendarEntry[]> {
  if (range.startsAt >= range.endsAt) return []
  return inFittingPages((pageSize) => readPages(vendor, access, calendarId, range, pageSize))
}

async function readPages(vendor: Vendor, access: Access, calendarId: string, range: Interval, pageSize: number): Promise<CalendarEntry[]> {
  const operation = 'events.list'
  const found = new Map<string, CalendarEntry>()
  let pageToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await vendor.api.events
      .list({
        auth: auth(vendor, access, { operation, budget: 'read' }),
        calendarId,
        singleEvents: true,
        orderBy: 'startTime',
        timeMin: range.startsAt.toISOString(),
        timeMax: range.endsAt.toISOString(),
        maxResults: pageSize,
        ...(pageToken ? { pageToken } : {}),
      })
      .catch((error: unknown) => {
        throw apiFailure(operation, error)
      })
    const { items, timeZone, nextPageToken } = readable(operation, EntryPage, answer.data)
    // Pages are read one after the other: what moved in between may have come twice.
    for (const entry of items) if (entry !== null) found.set(entry.id, entryOf(entry, timeZone))
    if (nextPageToken === undefined) return [...found.values()].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
    pageToken = nextPageToken
  }
  throw new AppError('provider_unavailable', `google ${operation}: pages without end`)
}

function entryOf(entry: z.infer<typeof Entry>, timeZone: string): CalendarEntry {
  const { id, start, end } = entry
  return {
    id,
    subject: entry.summary,
    startsAt: momentOf(start, timeZone),
    endsAt: momentOf(end, timeZone),
    isAllDay: 'date' in start,
    location: entry.location,
    attendees: entry.attendees.map(attendeeOf),
    isOnlineMeeting: entry.hangoutLink !== undefined || (entry.conferenceData?.entryPoints.length ?? 0) > 0,
    link: entry.htmlLink ?? null,
    body: textOfHtml(entry.description),
  }
}

/** A date without a zone floats in the calendar's. */
function momentOf(moment: z.infer<typeof Moment>, timeZone: string): Date {
  if ('dateTime' in moment) return moment.dateTime
  return new Date(Temporal.PlainDate.from(moment.date).toZonedDateTime(timeZone).epochMilliseconds)
}

function attendeeOf({ displayName, email, organizer, responseStatus }: z.infer<typeof Person>): Attendee {
  return { name: displayName || email, email, status: organizer ? 'organizer' : (STATUS.get(responseStatus) ?? 'none') }
}

const STATUS = new Map<string, Attendee['status']>([
  ['accepted', 'accepted'],
  ['declined', 'declined'],
  ['tentative', 'tentative'],
])

const Moment = z.union([
  z.object({ dateTime: z.iso.datetime({ offset: true }).transform((text) => new Date(text)) }),
  z.object({ date: z.iso.date() }),
])
const Person = z.object({
  displayName: z.string().default(''),
  email: z.string().default(''),
  organizer: z.boolean().default(false),
  responseStatus: z.string().default('needsAction'),
})
const Entry = z.object({
  id: z.string(),
  summary: z.string().default(''),
  description: z.string().default(''),
  location: z.string().default(''),
  start: Moment,
  end: Moment,
  attendees: z.array(Person).default([]),
  hangoutLink: z.string().optional(),
  conferenceData: z.object({ entryPoints: z.array(z.unknown()).default([]) }).optional(),
  htmlLink: z.string().optional(),
})
// Of a cancelled entry nothing but its id is certain.
const Cancelled = z.object({ status: z.literal('cancelled') }).transform(() => null)
const EntryPage = z.object({
  kind: z.literal('calendar#events'), // so that an empty object is not taken for an empty calendar
  timeZone: z.string().refine(isTimeZone),
  items: z.array(z.union([Cancelled, Entry])).default([]),
  nextPageToken: z.string().optional(),
})
