import { z } from 'zod'
import { type CalendarOf, type Occurrence, occurrences, type Person, type StoredEvent } from '../people.ts'
import { instantOf, isIanaZone, localOf, offsetTime } from '../zones.ts'
import { refuse } from './errors.ts'

const Moment = z.strictObject({ dateTime: z.string().nullish(), date: z.iso.date().nullish(), timeZone: z.string().nullish() })
const Texts = z.record(z.string(), z.string())

/** The part of an event resource that may be sent here. */
const fields = {
  summary: z.string().nullish(),
  description: z.string().nullish(),
  location: z.string().nullish(),
  start: Moment,
  end: Moment,
  attendees: z
    .array(
      z.strictObject({
        email: z.email(),
        displayName: z.string().optional(),
        optional: z.boolean().optional(),
        responseStatus: z.enum(['needsAction', 'declined', 'tentative', 'accepted']).optional(),
      }),
    )
    .nullish(),
  status: z.enum(['confirmed', 'tentative', 'cancelled']).optional(),
  transparency: z.enum(['opaque', 'transparent']).nullish(),
  extendedProperties: z.strictObject({ private: Texts.optional(), shared: Texts.optional() }).nullish(),
}

/** Kept as sent and given back. */
const kept = {
  visibility: z.enum(['default', 'public', 'private', 'confidential']).nullish(),
  colorId: z.string().nullish(),
  reminders: z
    .strictObject({
      useDefault: z.boolean().optional(),
      overrides: z
        .array(z.strictObject({ method: z.enum(['email', 'popup']), minutes: z.int().min(0).max(40_320) }))
        .max(5)
        .optional(),
    })
    .nullish(),
  guestsCanInviteOthers: z.boolean().optional(),
  guestsCanModify: z.boolean().optional(),
  guestsCanSeeOtherGuests: z.boolean().optional(),
  source: z.strictObject({ title: z.string().optional(), url: z.url() }).nullish(),
}

export const NewResource = z.strictObject({
  ...fields,
  ...kept,
  // Letters of base32hex and nothing else.
  id: z
    .string()
    .regex(/^[a-v0-9]{5,1024}$/, 'Invalid resource id value.')
    .optional(),
})
export const Changes = z.strictObject({ ...fields, ...kept }).partial()

/** Puts what was sent into `event`; what was not sent stays, `null` empties. */
export function apply(sent: z.infer<typeof Changes>, event: StoredEvent, calendar: CalendarOf): void {
  if (sent.summary !== undefined) event.subject = sent.summary ?? ''
  if (sent.description !== undefined) {
    event.description = sent.description ?? ''
    event.html = null
  }
  if (sent.location !== undefined) event.location = sent.location ?? ''
  if (sent.attendees !== undefined)
    event.attendees = (sent.attendees ?? []).map(({ email, displayName }) => ({ email, name: displayName ?? '' }))
  if (sent.status !== undefined) {
    event.status = sent.status
    event.deleted = sent.status === 'cancelled'
  }
  if (sent.transparency !== undefined) event.showAs = sent.transparency === 'transparent' ? 'free' : 'busy'
  if (sent.extendedProperties !== undefined) event.properties = { ...event.properties, ...sent.extendedProperties?.private }
  if (sent.extendedProperties === null) event.properties = {}
  for (const name of Object.keys(kept)) {
    const value = Object.entries(sent).find(([key]) => key === name)
    if (value) event.extras = { ...event.extras, [name]: value[1] }
  }
  if (sent.start || sent.end) {
    const now = resource(event, calendar, undefined, '')
    // What is sent is laid over what is there, field by field: a date stays until `null` empties it, and a time beside it is refused.
    const over = (old: Sent, next: Sent | undefined) => ('allDay' in event.time ? { ...old, ...next } : (next ?? old))
    Object.assign(event, times(over(now.start, sent.start), over(now.end, sent.end), calendar))
  }
}

type Sent = z.infer<typeof Moment>

function times(start: Sent, end: Sent, calendar: CalendarOf): Pick<StoredEvent, 'time' | 'timeZone'> {
  const empty = refuse(400, 'timeRangeEmpty', 'The specified time range is empty.')
  if (start.date && end.date) {
    if (start.dateTime || end.dateTime) throw refuse(400, 'invalid', 'Invalid start time.')
    if (end.date <= start.date) throw empty
    return { time: { allDay: { from: start.date, to: end.date } }, timeZone: start.timeZone ?? null }
  }
  const startsAt = moment(start, 'start')
  const endsAt = moment(end, 'end')
  if (endsAt <= startsAt) throw empty
  return { time: { startsAt, endsAt }, timeZone: start.timeZone ?? calendar.timeZone }
}

/** A time with an offset is that instant, whatever the zone beside it; one without is read in the zone, which then must be there. */
function moment({ dateTime, date, timeZone }: Sent, which: 'start' | 'end'): Date {
  if (date || !dateTime) throw refuse(400, 'required', `Missing ${which} time.`)
  if (timeZone && !isIanaZone(timeZone)) throw refuse(400, 'invalid', `Invalid time zone definition for ${which} time.`)
  if (z.iso.datetime({ offset: true }).safeParse(dateTime).success) return new Date(dateTime)
  if (!z.iso.datetime({ local: true }).safeParse(dateTime).success) throw refuse(400, 'invalid', `Invalid value for: ${which}.dateTime`)
  if (!timeZone) throw refuse(400, 'required', `Missing time zone definition for ${which} time.`)
  return instantOf(dateTime, timeZone)
}

/** The event as the vendor answers it, in the zone asked for or else the calendar's. */
export function resource(event: StoredEvent, calendar: CalendarOf, owner: Person | undefined, url: string, zone = calendar.timeZone) {
  const [first] = occurrences(event, calendar.timeZone)
  return { ...common(event, calendar, owner, url), ...span(event, calendar, first, zone), ...series(event, calendar) }
}

/** One time of a series, with an id of its own. */
export function instance(event: StoredEvent, calendar: CalendarOf, owner: Person, url: string, one: Occurrence, zone = calendar.timeZone) {
  const single = common(event, calendar, owner, url)
  if (one.index === null) return { ...single, ...span(event, calendar, one, zone) }
  const at = one.originallyAt ?? one.startsAt
  const original = 'allDay' in event.time ? { date: localOf(at, calendar.timeZone).slice(0, 10) } : { dateTime: offsetTime(at, zone) }
  return {
    ...single,
    ...span(event, calendar, one, zone),
    id: instanceId(event, one),
    recurringEventId: event.id,
    originalStartTime: original,
  }
}

function instanceId(event: StoredEvent, { startsAt, originallyAt = startsAt }: Occurrence): string {
  const stamp = originallyAt.toISOString().replace(/[-:]|\.000/g, '')
  return `${event.id}_${'allDay' in event.time ? stamp.slice(0, 8) : stamp}`
}

function common(event: StoredEvent, calendar: CalendarOf, owner: Person | undefined, url: string) {
  const attendees = event.attendees.map(({ name, email, answer }) => ({
    email,
    ...(name ? { displayName: name } : {}),
    ...(answer === 'organizer' ? { organizer: true, responseStatus: 'accepted' } : { responseStatus: answer ?? 'needsAction' }),
  }))
  const self = { email: owner?.email ?? '', self: true, responseStatus: 'declined' }
  const everyone = event.declined ? [...attendees, self] : attendees
  return {
    ...event.extras,
    kind: 'calendar#event',
    etag: etag(event),
    id: event.id,
    status: event.deleted ? 'cancelled' : event.status,
    htmlLink: `${url}/calendar/event?eid=${Buffer.from(`${event.id} ${calendar.id}`).toString('base64url')}`,
    created: event.createdAt.toISOString(),
    updated: event.updatedAt.toISOString(),
    ...(event.subject ? { summary: event.subject } : {}),
    // As it was written, HTML or not: this vendor keeps no other form of it.
    ...((event.html ?? event.description) ? { description: event.html ?? event.description } : {}),
    ...(event.location ? { location: event.location } : {}),
    creator: { email: owner?.email, self: true },
    organizer: { email: calendar.id, ...(calendar.main ? {} : { displayName: calendar.name }), self: true },
    ...(event.showAs === 'free' || event.showAs === 'workingElsewhere' ? { transparency: 'transparent' } : {}),
    ...(event.meetingLink === null ? {} : conference(event.meetingLink)),
    iCalUID: `${event.id}@google.com`,
    sequence: event.revision - 1,
    ...(everyone.length > 0 ? { attendees: everyone } : {}),
    ...(Object.keys(event.properties).length > 0 ? { extendedProperties: { private: event.properties } } : {}),
    eventType: event.showAs === 'oof' ? 'outOfOffice' : 'default',
  }
}

function conference(uri: string) {
  const conferenceData = {
    conferenceId: 'abc-defg-hij',
    conferenceSolution: { key: { type: 'hangoutsMeet' }, name: 'Google Meet' },
    entryPoints: [{ entryPointType: 'video', uri }],
  }
  return { hangoutLink: uri, conferenceData }
}

function span(
  event: StoredEvent,
  calendar: CalendarOf,
  one: Pick<Occurrence, 'startsAt' | 'endsAt'> | undefined,
  zone: string,
): { start: Sent; end: Sent } {
  if ('allDay' in event.time) {
    const { from, to } = event.time.allDay
    const date = (at: Date | undefined, first: string) => ({ date: at ? localOf(at, calendar.timeZone).slice(0, 10) : first })
    return { start: date(one?.startsAt, from), end: date(one?.endsAt, to) }
  }
  const { startsAt, endsAt } = one ?? event.time
  const timeZone = event.timeZone ?? zone
  return { start: { dateTime: offsetTime(startsAt, zone), timeZone }, end: { dateTime: offsetTime(endsAt, zone), timeZone } }
}

function series(event: StoredEvent, calendar: CalendarOf) {
  if (!event.recurrence) return {}
  const { every, count } = event.recurrence
  return { recurrence: [`RRULE:FREQ=${every === 'day' ? 'DAILY' : 'WEEKLY'};COUNT=${count}`], timeZone: calendar.timeZone }
}

export function etag(event: StoredEvent): string {
  return `"${event.createdAt.getTime()}${event.revision}"`
}
