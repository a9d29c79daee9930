import { randomBytes } from 'node:crypto'
import type { Told } from './guests.ts'
import { instantOf, type LocalRange } from './zones.ts'

export type ShowAs = 'busy' | 'free' | 'tentative' | 'oof' | 'workingElsewhere'

/** What a person keeps at a calendar vendor. `id` is the vendor's stable id of the account. */
export interface Person {
  id: string
  email: string
  name: string
  /** IANA name. */
  timeZone: string
  /** The main one first. */
  calendars: CalendarOf[]
}

export interface CalendarOf {
  id: string
  name: string
  main: boolean
  writable: boolean
  /** Somebody else's, who shows only when she is busy. */
  busyOnly: boolean
  timeZone: string
  events: Map<string, StoredEvent>
}

export interface StoredEvent {
  id: string
  subject: string
  description: string
  /** The description as its author's program marked it up; `null`: it is plain text. */
  html: string | null
  location: string
  /** A whole-day event has no instants of its own: its dates float in the zone of the calendar. */
  time: { startsAt: Date; endsAt: Date } | { allDay: LocalRange }
  /** As it was sent: IANA or Windows name; `null` when none was. */
  timeZone: string | null
  attendees: Guest[]
  /** Where people meet by video; `null`: they do not. */
  meetingLink: string | null
  showAs: ShowAs
  status: 'confirmed' | 'tentative' | 'cancelled'
  /** The owner said no to it. */
  declined: boolean
  recurrence: Recurrence | null
  properties: Record<string, string>
  invitationsSent: boolean
  /** Every message about it that went to a guest, the first one first. */
  told: Told[]
  transactionId: string | null
  /** Gone for its owner; some vendors keep its id taken. */
  deleted: boolean
  /** What the vendor keeps and we give no meaning to, as it was sent. */
  extras: Record<string, unknown>
  createdAt: Date
  updatedAt: Date
  /** Counts changes; becomes the etag. */
  revision: number
}

export interface Guest {
  name: string
  email: string
  /** What the guest has said to the invitation; none: nothing yet. */
  answer?: 'accepted' | 'declined' | 'tentative' | 'organizer'
}

export interface Recurrence {
  every: 'day' | 'week'
  count: number
  /** Single times of the series, counted from 0, that were called off or moved. */
  exceptions?: { index: number; to: 'cancelled' | { startsAt: Date; endsAt: Date } }[]
}

export interface NewPerson {
  name: string
  email: string
  /** IANA name. */
  timeZone: string
  /** The first is the main one unless another says so. Default: one, writable. */
  calendars?: { id?: string; name: string; main?: boolean; writable?: boolean; busyOnly?: boolean; timeZone?: string }[]
}

export type NewEntry = {
  /** Default: the main calendar. */
  calendarId?: string
  subject: string
  description?: string
  html?: string
  location?: string
  timeZone?: string
  attendees?: Guest[]
  meetingLink?: string
  /** Default `busy`. */
  showAs?: ShowAs
  cancelled?: boolean
  declined?: boolean
  recurrence?: Recurrence
  properties?: Record<string, string>
} & ({ startsAt: Date; endsAt: Date } | { allDay: LocalRange })

/** An event as a test looks at it, whatever the vendor. One that was deleted stays in sight, as `cancelled`. */
export interface SeenEvent {
  id: string
  subject: string
  startsAt: Date
  endsAt: Date
  timeZone: string | null
  attendees: Guest[]
  description: string
  location: string
  invitationsSent: boolean
  told: Told[]
  status: StoredEvent['status']
  showAs: ShowAs
  properties: Record<string, string>
}

export interface People {
  add(person: NewPerson): Person
  find(email: string): Person | undefined
  /** @throws Error when there is no such person */
  get(email: string): Person
  byId(id: string): Person | undefined
  list(): Person[]
  addEvent(email: string, entry: NewEntry): string
  events(email: string, calendarId?: string): SeenEvent[]
  deleteEvent(email: string, id: string): void
  /** As its owner changes it in her calendar: whether others see the time as taken. */
  showEventAs(email: string, id: string, showAs: ShowAs): void
  /** As its owner drags it to another time in her calendar. */
  moveEvent(email: string, id: string, time: StoredEvent['time']): void
}

/** @param ids how this vendor names accounts, calendars and events */
export function peopleOf(ids: { person(): string; calendar(main: boolean, email: string): string; event(): string }): People {
  const everyone = new Map<string, Person>()

  function get(email: string): Person {
    const person = everyone.get(email.toLowerCase())
    if (!person) throw new Error(`nobody here is called ${email}`)
    return person
  }

  function existing(email: string, id: string) {
    const found = eventOf(get(email), id)
    if (!found) throw new Error(`${email} has no event ${id}`)
    return found
  }

  return {
    get,
    find: (email) => everyone.get(email.toLowerCase()),
    byId: (id) => [...everyone.values()].find((person) => person.id === id),
    list: () => [...everyone.values()],
    add({ name, email, timeZone, calendars = [{ name: 'Calendar' }] }) {
      const main = Math.max(
        0,
        calendars.findIndex((one) => one.main),
      )
      const made = calendars.map((one, index) => ({
        id: one.id ?? ids.calendar(index === main, email),
        name: one.name,
        main: index === main,
        writable: one.writable ?? !one.busyOnly,
        busyOnly: one.busyOnly ?? false,
        timeZone: one.timeZone ?? timeZone,
        events: new Map<string, StoredEvent>(),
      }))
      const person = { id: ids.person(), email, name, timeZone, calendars: made.sort((a, b) => Number(b.main) - Number(a.main)) }
      everyone.set(email.toLowerCase(), person)
      return person
    },
    addEvent(email, entry) {
      const calendar = calendarOf(get(email), entry.calendarId)
      const event: StoredEvent = {
        ...newEvent(ids.event()),
        subject: entry.subject,
        description: entry.description ?? '',
        html: entry.html ?? null,
        location: entry.location ?? '',
        time: 'allDay' in entry ? { allDay: entry.allDay } : { startsAt: entry.startsAt, endsAt: entry.endsAt },
        timeZone: entry.timeZone ?? calendar.timeZone,
        attendees: entry.attendees ?? [],
        meetingLink: entry.meetingLink ?? null,
        showAs: entry.showAs ?? 'busy',
        status: entry.cancelled ? 'cancelled' : 'confirmed',
        declined: entry.declined ?? false,
        recurrence: entry.recurrence ?? null,
        properties: entry.properties ?? {},
      }
      calendar.events.set(event.id, event)
      return event.id
    },
    events(email, calendarId) {
      const person = get(email)
      const calendars = calendarId === undefined ? person.calendars : [calendarOf(person, calendarId)]
      return calendars.flatMap((calendar) => [...calendar.events.values()].map((event) => seen(event, calendar.timeZone)))
    },
    deleteEvent(email, id) {
      const { event } = existing(email, id)
      event.deleted = true
      changed(event)
    },
    showEventAs(email, id, showAs) {
      const { event } = existing(email, id)
      event.showAs = showAs
      changed(event)
    },
    moveEvent(email, id, time) {
      const { event } = existing(email, id)
      event.time = time
      changed(event)
    },
  }
}

function calendarOf(person: Person, id: string | undefined): CalendarOf {
  const calendar = person.calendars.find((one) => (id === undefined ? one.main : one.id === id))
  if (!calendar) throw new Error(`${person.email} has no calendar ${id}`)
  return calendar
}

export function eventOf(person: Person, id: string): { event: StoredEvent; calendar: CalendarOf } | undefined {
  for (const calendar of person.calendars) {
    const event = calendar.events.get(id)
    if (event) return { event, calendar }
  }
  return undefined
}

export function changed(event: StoredEvent): void {
  event.updatedAt = new Date()
  event.revision += 1
}

export function newEvent(id: string): StoredEvent {
  const now = new Date()
  return {
    id,
    subject: '',
    description: '',
    html: null,
    location: '',
    time: { startsAt: now, endsAt: now },
    timeZone: null,
    attendees: [],
    meetingLink: null,
    showAs: 'busy',
    status: 'confirmed',
    declined: false,
    recurrence: null,
    properties: {},
    invitationsSent: false,
    told: [],
    transactionId: null,
    deleted: false,
    extras: {},
    createdAt: now,
    updatedAt: now,
    revision: 1,
  }
}

export interface Occurrence {
  startsAt: Date
  endsAt: Date
  /** `null` unless it is one of a series; counts from 0. */
  index: number | null
  /** When the series has it, where it was moved from there. */
  originallyAt?: Date
}

/** Every time an event takes place, earliest first. A series keeps its wall time over a clock change. */
export function occurrences(event: StoredEvent, calendarZone: string): Occurrence[] {
  const first =
    'allDay' in event.time
      ? { startsAt: instantOf(event.time.allDay.from, calendarZone), endsAt: instantOf(event.time.allDay.to, calendarZone) }
      : event.time
  const { recurrence } = event
  if (!recurrence) return [{ ...first, index: null }]
  const days = recurrence.every === 'week' ? 7 : 1
  const later = (at: Date, index: number) => {
    const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(calendarZone)
    return new Date(local.add({ days: days * index }).epochMilliseconds)
  }
  const times = Array.from({ length: recurrence.count }, (_, index) => {
    const exception = recurrence.exceptions?.find((one) => one.index === index)
    if (exception?.to === 'cancelled') return []
    if (exception) return [{ ...exception.to, index, originallyAt: later(first.startsAt, index) }]
    return [{ startsAt: later(first.startsAt, index), endsAt: later(first.endsAt, index), index }]
  })
  return times.flat().sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

function seen(event: StoredEvent, calendarZone: string): SeenEvent {
  const [first = { startsAt: event.createdAt, endsAt: event.createdAt }] = occurrences(event, calendarZone)
  const { id, subject, timeZone, attendees, description, location, invitationsSent, told, showAs, properties } = event
  const status = event.deleted ? 'cancelled' : event.status
  const { startsAt, endsAt } = first
  return { id, subject, startsAt, endsAt, timeZone, attendees, description, location, invitationsSent, told, status, showAs, properties }
}

export function randomText(alphabet: string, length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('')
}
