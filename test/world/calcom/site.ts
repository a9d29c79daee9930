import type { Told } from '../guests.ts'
import type { People, Person } from '../people.ts'
import type { Schedule } from './schedule.ts'

/** Everything that this stand-in remembers but credentials. */
export interface Site {
  /** Decides about notice, windows and the past. */
  now(): Date
  /** Origin of the stand-in. */
  url(): string
  people: People
  /** Those whom a booking belongs to. */
  accounts: Account[]
  /** By uid, the oldest first. */
  bookings: Map<string, Booking>
  nextId(): number
  /** Tells the host's webhooks, and waits for none of them. */
  announce(trigger: Trigger, booking: Booking, more?: Record<string, unknown>): void
}

export type Trigger = 'BOOKING_CREATED' | 'BOOKING_REQUESTED' | 'BOOKING_RESCHEDULED' | 'BOOKING_CANCELLED' | 'BOOKING_REJECTED'

export interface Account {
  id: number
  username: string
  person: Person
  schedule: Schedule
  eventTypes: EventType[]
  webhooks: Webhook[]
}

/** What a host offers: lengths in minutes, the usual one apart. */
export interface EventType {
  id: number
  title: string
  slug: string
  minutes: number
  /** All lengths that guests may choose from; empty: only the usual one. */
  lengths: number[]
  /** Between the starts of slots; `null`: the length. */
  slotInterval: number | null
  minimumBookingNotice: number
  buffers: { before: number; after: number }
  /** How many days ahead it can be booked; `null`: any. */
  windowDays: number | null
  hidden: boolean
  /** Every booking waits until the host says yes. */
  confirmation: boolean
  seats: number | null
  recurring: boolean
  price: number
  emailVerification: boolean
  /** Without it guests are known by their phone number. */
  emailRequired: boolean
  /** Slug of a question that every guest has to answer. */
  requiredField: string | null
}

export interface Attendee {
  id: number
  name: string
  email: string
  phoneNumber: string | null
  timeZone: string
  language: string
}

export interface Booking {
  uid: string
  id: number
  account: Account
  eventType: EventType
  title: string
  description: string
  startsAt: Date
  endsAt: Date
  status: 'accepted' | 'pending' | 'cancelled' | 'rejected'
  /** The first is who booked. */
  attendees: Attendee[]
  guests: string[]
  location: string
  metadata: Record<string, unknown>
  responses: Record<string, unknown>
  cancellationReason: string | null
  reschedulingReason: string | null
  rescheduledFromUid: string | null
  rescheduledToUid: string | null
  icsUid: string
  /** Every message about it that went to a guest, the first one first. */
  told: Told[]
  createdAt: Date
  updatedAt: Date
}

export interface Webhook {
  id: number
  subscriberUrl: string
  triggers: string[]
  active: boolean
  secret: string | null
}

/** @throws Error when there is no such person */
export function accountOf(site: Site, email: string): Account {
  const { id } = site.people.get(email)
  const account = site.accounts.find(({ person }) => person.id === id)
  if (!account) throw new Error(`${email} has no account`)
  return account
}

/** Whose event type it is, too: anybody may book it. */
export function offered(site: Site, eventTypeId: number): { account: Account; eventType: EventType } | undefined {
  for (const account of site.accounts) {
    const eventType = account.eventTypes.find(({ id }) => id === eventTypeId)
    if (eventType) return { account, eventType }
  }
  return undefined
}
