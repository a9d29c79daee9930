import type { Guest, NewPerson, People, Person, SeenEvent } from '../people.ts'
import { book } from './booking.ts'
import { cancel, decide, moved } from './booking-changes.ts'
import { type NewEventType, newEventType } from './event-type-resource.ts'
import { alwaysOpen, type Hours } from './schedule.ts'
import { type Account, accountOf, type Booking, type EventType, type Site } from './site.ts'

export interface GuestBooking {
  /** Default: the host's first event type. */
  eventTypeId?: number
  startsAt: Date
  minutes?: number
  name: string
  email?: string
  phone?: string
  notes?: string
  metadata?: Record<string, unknown>
}

export interface Hosts extends Pick<People, 'addEvent' | 'events' | 'deleteEvent' | 'showEventAs'> {
  addPerson(person: NewPerson): Person
  /** Of a booking its host reschedules it, and everybody else's time is no matter. @returns its id from now on */
  moveEvent(...moved: Parameters<People['moveEvent']>): string
  /** @returns its id */
  addEventType(email: string, eventType: NewEventType): number
  changeEventType(email: string, id: number, changes: Partial<Omit<EventType, 'id'>>): void
  removeEventType(email: string, id: number): void
  /** Hers, in the order in which they are answered. */
  eventTypes(email: string): Readonly<EventType>[]
  /** @param days Monday first; a day without hours is closed */
  setSchedule(email: string, schedule: { timeZone?: string; days: Hours[][] }): void
  /** A guest on her public page. @returns the booking's uid */
  book(email: string, booking: GuestBooking): string
  confirm(email: string, uid: string): void
  reject(email: string, uid: string): void
}

/** What people do in Cal.com's own pages: webhooks hear of it as of everything else. */
export function hosts(site: Site): Hosts {
  const { people } = site

  function bookingOf(email: string, id: string): Booking | undefined {
    const booking = site.bookings.get(id)
    return booking?.account === accountOf(site, email) ? booking : undefined
  }

  function existing(email: string, uid: string): Booking {
    const booking = bookingOf(email, uid)
    if (!booking) throw new Error(`${email} has no booking ${uid}`)
    return booking
  }

  function eventTypeOf(account: Account, id: number): EventType {
    const found = account.eventTypes.find((one) => one.id === id)
    if (!found) throw new Error(`${account.person.email} has no event type ${id}`)
    return found
  }

  function addEventType(account: Account, given: NewEventType): number {
    const eventType = newEventType(site.nextId(), given)
    account.eventTypes.push(eventType)
    return eventType.id
  }

  return {
    addPerson(given) {
      const person = people.add(given)
      const name = person.email.split('@')[0] ?? ''
      const account = {
        id: Number(person.id),
        username: `${name}-${person.id}`,
        person,
        schedule: alwaysOpen(person.timeZone),
        eventTypes: [],
        webhooks: [],
      }
      site.accounts.push(account)
      addEventType(account, { title: '30 Min Meeting', slug: '30min', minutes: 30 })
      return person
    },
    addEvent: people.addEvent,
    events(email, calendarId) {
      const account = accountOf(site, email)
      const isEventType = account.eventTypes.some(({ id }) => String(id) === calendarId)
      const bookings = [...site.bookings.values()].filter(
        (one) => one.account === account && (calendarId === undefined || String(one.eventType.id) === calendarId),
      )
      const isConnected = calendarId === undefined || account.person.calendars.some(({ id }) => id === calendarId)
      if (!isEventType && !isConnected) throw new Error(`${email} has no event type and no calendar ${calendarId}`)
      return [...bookings.map(seen), ...(isConnected ? people.events(email, calendarId) : [])]
    },
    deleteEvent(email, id) {
      const booking = bookingOf(email, id)
      if (booking) cancel(site, booking, undefined)
      else people.deleteEvent(email, id)
    },
    showEventAs(email, id, showAs) {
      if (bookingOf(email, id)) throw new Error('A booking takes its time, whatever its host would rather show')
      people.showEventAs(email, id, showAs)
    },
    moveEvent(email, id, time) {
      const booking = bookingOf(email, id)
      if (booking && 'startsAt' in time) return moved(site, booking, time, { byHost: true }).uid
      if (booking) throw new Error('A booking has a time of day')
      people.moveEvent(email, id, time)
      return id
    },
    addEventType: (email, given) => addEventType(accountOf(site, email), given),
    changeEventType(email, id, changes) {
      Object.assign(eventTypeOf(accountOf(site, email), id), changes)
    },
    removeEventType(email, id) {
      const account = accountOf(site, email)
      const gone = eventTypeOf(account, id)
      account.eventTypes = account.eventTypes.filter((one) => one !== gone)
    },
    eventTypes: (email) => accountOf(site, email).eventTypes,
    setSchedule(email, { timeZone, days }) {
      const account = accountOf(site, email)
      account.schedule = { timeZone: timeZone ?? account.schedule.timeZone, days }
    },
    book(email, { eventTypeId, name, email: address, phone, notes, ...asked }) {
      const { eventTypes, person } = accountOf(site, email)
      const id = eventTypeId ?? eventTypes[0]?.id
      if (id === undefined) throw new Error(`${email} offers nothing`)
      const attendee = { name, timeZone: person.timeZone, email: address, phoneNumber: phone }
      return book(site, { ...asked, eventTypeId: id, attendee, responses: notes === undefined ? {} : { notes } }).uid
    },
    confirm: (email, uid) => decide(site, existing(email, uid), true),
    reject: (email, uid) => decide(site, existing(email, uid), false),
  }
}

function seen(booking: Booking): SeenEvent {
  const { uid, title, startsAt, endsAt, description, location, told, status, metadata, account } = booking
  const guests: Guest[] = booking.guests.map((email) => ({ name: '', email }))
  return {
    id: uid,
    subject: title,
    startsAt,
    endsAt,
    timeZone: account.schedule.timeZone,
    attendees: [...booking.attendees.map(({ name, email }) => ({ name, email })), ...guests],
    description,
    location,
    invitationsSent: told.length > 0,
    told,
    status: status === 'accepted' ? 'confirmed' : status === 'pending' ? 'tentative' : 'cancelled',
    showAs: 'busy',
    properties: {
      ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, String(value)])),
      ...(booking.rescheduledFromUid === null ? {} : { movedFrom: booking.rescheduledFromUid }),
    },
  }
}
