import { z } from 'zod'
import { textOfHtml } from '../html-text.ts'
import { inFittingPages } from '../page-size.ts'
import type { Access, Attendee, CalendarEntry, Interval } from '../provider.ts'
import { busyAs, ShownEvent } from './busy.ts'
import { calendarView, mailboxTimeZone, pageOf, reachesInto, timed, wholeDays } from './calendar-view.ts'
import type { Graph } from './graph.ts'

const FIELDS = 'id,subject,start,end,isAllDay,isCancelled,showAs,responseStatus,location,attendees,isOnlineMeeting,webLink,body'

export async function listEvents(
  graph: Graph,
  access: Access,
  calendarId: string,
  range: Interval,
  timeZone: string,
): Promise<CalendarEntry[]> {
  if (range.startsAt >= range.endsAt) return []
  const found = await inFittingPages((pageSize) =>
    calendarView(graph, access, calendarId, { range, fields: FIELDS, pageSize, schema: EntryPage }),
  )
  const entries = found.filter(({ isCancelled }) => !isCancelled)
  const zone = (entries.some(({ isAllDay }) => isAllDay) ? await mailboxTimeZone(graph, access) : null) ?? timeZone
  // Pages are read one after the other: what moved in between may have come twice.
  const unique = new Map(entries.map((entry) => [entry.id, entryOf(entry, zone)]))
  return [...unique.values()].filter((entry) => reachesInto(range, entry)).sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

function entryOf(entry: z.infer<typeof Entry>, timeZone: string): CalendarEntry {
  const { id, subject, isAllDay, location, isOnlineMeeting, webLink, body } = entry
  return {
    id,
    subject: subject ?? '',
    ...(isAllDay ? wholeDays(entry, timeZone) : timed(entry)),
    isAllDay,
    busy: busyAs(entry),
    location: location?.displayName ?? '',
    attendees: (entry.attendees ?? []).map(attendeeOf),
    isOnlineMeeting: isOnlineMeeting ?? false,
    link: webLink ?? null,
    // Asked for as text, a body may come as HTML all the same.
    body: body?.contentType === 'html' ? textOfHtml(body.content ?? '') : (body?.content ?? '').trim(),
  }
}

function attendeeOf({ emailAddress, status }: z.infer<typeof Person>): Attendee {
  const email = emailAddress?.address ?? ''
  return { name: emailAddress?.name || email, email, status: STATUS.get(status?.response ?? '') ?? 'none' }
}

const STATUS = new Map<string, Attendee['status']>([
  ['accepted', 'accepted'],
  ['declined', 'declined'],
  ['tentativelyAccepted', 'tentative'],
  ['organizer', 'organizer'],
])

const Person = z.object({
  emailAddress: z.object({ name: z.string().nullish(), address: z.string().nullish() }).nullish(),
  status: z.object({ response: z.string().nullish() }).nullish(),
})
const Entry = ShownEvent.extend({
  id: z.string(),
  subject: z.string().nullish(),
  location: z.object({ displayName: z.string().nullish() }).nullish(),
  attendees: z.array(Person).nullish(),
  isOnlineMeeting: z.boolean().nullish(),
  webLink: z.string().nullish(),
  body: z.object({ contentType: z.string().nullish(), content: z.string().nullish() }).nullish(),
})
const EntryPage = pageOf(Entry)
