import { type CalendarOf, type Occurrence, occurrences, type Person, type StoredEvent } from '../people.ts'
import { localOf } from '../zones.ts'
import type { Preferences } from './access.ts'

// An event has two ids; which one an answer carries goes by the Prefer header. The last part is the same.
const IMMUTABLE = 'AAkALg'
const MOVABLE = 'AAMkAG'

function shownId(id: string, { immutableIds }: Preferences): string {
  return immutableIds ? id : id.replace(IMMUTABLE, MOVABLE)
}

export function storedId(id: string): string {
  return id.startsWith(MOVABLE) ? id.replace(MOVABLE, IMMUTABLE) : id
}

export function newImmutableId(random: string): string {
  return IMMUTABLE + random
}

export interface Shown {
  owner: Person
  calendar: CalendarOf
  prefer: Preferences
  /** The one extended property that $expand asks for. */
  expand: string | null
  url: string
}

/** An event, or with `one` a single time of it, as Graph answers it. */
export function resource(event: StoredEvent, { owner, calendar, prefer, expand, url }: Shown, one?: Occurrence): Record<string, unknown> {
  const [first] = occurrences(event, calendar.timeZone)
  const { startsAt, endsAt } = one ?? first ?? { startsAt: event.createdAt, endsAt: event.createdAt }
  const allDay = 'allDay' in event.time
  // Whole days float: their dates are the owner's, and come as midnight whatever the zone.
  const time = (at: Date) => ({
    dateTime: `${allDay ? `${localOf(at, calendar.timeZone).slice(0, 10)}T00:00:00` : localOf(at, prefer.iana)}.0000000`,
    timeZone: prefer.timeZone,
  })
  const isOccurrence = one !== undefined && one.index !== null
  const id = shownId(isOccurrence ? `${event.id}.${one.index}` : event.id, prefer)
  const organizer = { emailAddress: { name: owner.name, address: owner.email } }
  return {
    ...event.extras,
    '@odata.etag': etag(event),
    id,
    createdDateTime: event.createdAt.toISOString(),
    lastModifiedDateTime: event.updatedAt.toISOString(),
    changeKey: changeKey(event),
    transactionId: event.transactionId,
    originalStartTimeZone: event.timeZone ?? 'UTC',
    originalEndTimeZone: event.timeZone ?? 'UTC',
    iCalUId: `040000008200E00074C5B7101A82E008${event.id.slice(6)}`,
    subject: event.subject,
    bodyPreview: event.description.slice(0, 255),
    body: prefer.textBody
      ? { contentType: 'text', content: event.description }
      : { contentType: 'html', content: event.html ?? `<html><body>${event.description}</body></html>` },
    start: time(startsAt),
    end: time(endsAt),
    location: { displayName: event.location, locationType: 'default' },
    isAllDay: allDay,
    isCancelled: event.status === 'cancelled',
    isOrganizer: !event.declined,
    showAs: event.showAs,
    type: isOccurrence ? (one.originallyAt ? 'exception' : 'occurrence') : event.recurrence ? 'seriesMaster' : 'singleInstance',
    seriesMasterId: isOccurrence ? shownId(event.id, prefer) : null,
    responseStatus: { response: event.declined ? 'declined' : 'organizer', time: '0001-01-01T00:00:00Z' },
    attendees: event.attendees.map(({ name, email, answer }) => ({
      type: 'required',
      status: { response: answer === 'tentative' ? 'tentativelyAccepted' : (answer ?? 'none'), time: '0001-01-01T00:00:00Z' },
      emailAddress: { name: name || email, address: email },
    })),
    organizer,
    isOnlineMeeting: event.meetingLink !== null,
    onlineMeeting: event.meetingLink === null ? null : { joinUrl: event.meetingLink },
    onlineMeetingProvider: event.meetingLink === null ? 'unknown' : 'teamsForBusiness',
    webLink: `${url}/owa/?itemid=${encodeURIComponent(event.id)}&exvsurl=1&path=/calendar/item`,
    recurrence: event.recurrence && !isOccurrence ? series(event, startsAt, calendar) : null,
    ...(expand !== null && event.properties[expand] !== undefined
      ? { singleValueExtendedProperties: [{ id: expand, value: event.properties[expand] }] }
      : {}),
  }
}

function series({ recurrence }: StoredEvent, startsAt: Date, calendar: CalendarOf) {
  const startDate = localOf(startsAt, calendar.timeZone).slice(0, 10)
  return {
    pattern: { type: recurrence?.every === 'week' ? 'weekly' : 'daily', interval: 1 },
    range: { type: 'numbered', startDate, numberOfOccurrences: recurrence?.count, recurrenceTimeZone: calendar.timeZone },
  }
}

function changeKey(event: StoredEvent): string {
  return Buffer.from(`${event.createdAt.getTime()}.${event.revision}`).toString('base64')
}

export function etag(event: StoredEvent): string {
  return `W/"${changeKey(event)}"`
}
