import { z } from 'zod'
import { textOfHtml } from '../html-text.ts'
import { inFittingPages } from '../page-size.ts'
import type { Access, Attendee, CalendarEntry, Interval } from '../provider.ts'
import type { Vendor } from './api.ts'
import { blocks } from './busy.ts'
import { eventsWithin, intervalOf, Times } from './event-pages.ts'

export async function listEvents(vendor: Vendor, access: Access, calendarId: string, range: Interval): Promise<CalendarEntry[]> {
  if (range.startsAt >= range.endsAt) return []
  const { items, timeZone } = await inFittingPages((pageSize) =>
    eventsWithin(vendor, access, calendarId, { range, pageSize, schema: Entry }),
  )
  const unique = new Map(items.map((entry) => [entry.id, entryOf(entry, timeZone)]))
  return [...unique.values()].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

function entryOf(entry: z.infer<typeof Entry>, timeZone: string): CalendarEntry {
  return {
    id: entry.id,
    subject: entry.summary,
    ...intervalOf(entry, timeZone),
    isAllDay: 'date' in entry.start,
    busy: blocks(entry) ? {} : null,
    location: entry.location,
    attendees: entry.attendees.map(attendeeOf),
    isOnlineMeeting: entry.hangoutLink !== undefined || (entry.conferenceData?.entryPoints.length ?? 0) > 0,
    link: entry.htmlLink ?? null,
    body: textOfHtml(entry.description),
  }
}

function attendeeOf({ displayName, email, organizer, responseStatus }: z.infer<typeof Person>): Attendee {
  return { name: displayName || email, email, status: organizer ? 'organizer' : (STATUS.get(responseStatus) ?? 'none') }
}

const STATUS = new Map<string, Attendee['status']>([
  ['accepted', 'accepted'],
  ['declined', 'declined'],
  ['tentative', 'tentative'],
])

const Person = z.object({
  displayName: z.string().default(''),
  email: z.string().default(''),
  organizer: z.boolean().default(false),
  self: z.boolean().default(false),
  responseStatus: z.string().default('needsAction'),
})
const Entry = Times.extend({
  id: z.string(),
  summary: z.string().default(''),
  transparency: z.string().default('opaque'),
  description: z.string().default(''),
  location: z.string().default(''),
  attendees: z.array(Person).default([]),
  hangoutLink: z.string().optional(),
  conferenceData: z.object({ entryPoints: z.array(z.unknown()).default([]) }).optional(),
  htmlLink: z.string().optional(),
})
