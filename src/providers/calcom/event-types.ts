import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { oneLine } from '../../one-line.ts'
import { isTimeZone } from '../../time-zone.ts'
import type { Access, CalendarInfo } from '../provider.ts'
import { ask, type Vendor } from './client.ts'
import { Refused } from './failure.ts'
import { readMe } from './oauth.ts'

const LONGEST_NAME = 200
// Slugs of the fields that a booking of ours fills in, or that Cal.com does itself.
const ANSWERED = ['name', 'email', 'attendeePhoneNumber', 'notes', 'location', 'guests', 'rescheduleReason']

/** Cal.com books event types, so they are what an owner chooses between: the first that callers can be booked into is the main one. */
export async function listEventTypes(vendor: Vendor, access: Access): Promise<CalendarInfo[]> {
  const operation = 'event-types.list'
  const [{ data: types }, { timeZone }] = await Promise.all([
    ask(vendor, access, { operation, budget: 'read', resource: 'event-types' }, EventTypes),
    readMe(vendor, access),
  ])
  // Hidden ones are not for the public, but work when they are named.
  const sorted = types.toSorted((a, b) => Number(isForCallers(b)) - Number(isForCallers(a)) || Number(a.hidden) - Number(b.hidden))
  return sorted.map((type, index) => ({
    id: String(type.id),
    name: oneLine(type.title, LONGEST_NAME),
    isMain: index === 0,
    canWrite: isForCallers(type),
    timeZone: isTimeZone(timeZone) ? timeZone : null,
    link: new URL(`/event-types/${type.id}`, vendor.settings.appUrl).href,
    minutes: lengthsOf(type),
  }))
}

/** @throws AppError `calendar_missing` */
export async function readEventType(vendor: Vendor, access: Access, calendarId: string): Promise<EventType> {
  const operation = 'event-types.get'
  const request = { operation, budget: 'read', resource: 'event-types', path: `/${idOf(calendarId)}` } as const
  const { data } = await ask(vendor, access, request, z.object({ data: EventType })).catch((error: unknown) => {
    throw error instanceof Refused && error.httpStatus === 404 ? new AppError('calendar_missing', error.message) : error
  })
  return data
}

/** Lengths that it takes, its usual one first. */
export function lengthsOf({ lengthInMinutes, lengthInMinutesOptions }: EventType): number[] {
  return [...new Set([lengthInMinutes, ...lengthInMinutesOptions])]
}

/** @throws AppError `calendar_missing`: what we did not get from here was never an event type */
export function idOf(calendarId: string): number {
  if (!/^\d{1,15}$/.test(calendarId)) throw new AppError('calendar_missing', 'calcom: no id of an event type')
  return Number(calendarId)
}

/**
 * Whoever is told "You are booked" must be: not where the owner still has to agree, somebody has to pay, a code has to be typed in, or a
 * question has to be answered that we never ask.
 */
function isForCallers(type: EventType): boolean {
  const { recurrence, seats, seatsPerTimeSlot, price, isInstantEvent, requiresBookerEmailVerification, confirmationPolicy, bookingFields } =
    type
  const asksOwner = confirmationPolicy != null && confirmationPolicy.disabled !== true
  const isForMany = recurrence !== null || seatsPerTimeSlot !== null || (seats != null && seats.disabled !== true)
  const asksMore = bookingFields.some(({ slug, required, hidden }) => required && !hidden && !ANSWERED.includes(slug))
  return !asksOwner && !asksMore && !isForMany && price === 0 && !isInstantEvent && !requiresBookerEmailVerification
}

const Switch = z.object({ disabled: z.boolean().optional() })
const EventType = z.object({
  id: z.number(),
  title: z.string(),
  lengthInMinutes: z.number().positive(),
  lengthInMinutesOptions: z.array(z.number().positive()).default([]),
  hidden: z.boolean().default(false),
  price: z.number().default(0),
  isInstantEvent: z.boolean().default(false),
  requiresBookerEmailVerification: z.boolean().default(false),
  recurrence: z
    .unknown()
    .nullish()
    .transform((one) => one ?? null),
  seatsPerTimeSlot: z
    .unknown()
    .nullish()
    .transform((one) => one ?? null),
  seats: Switch.nullish(),
  confirmationPolicy: Switch.nullish(),
  // Fields that Cal.com does not describe are left alone.
  bookingFields: z
    .array(z.object({ slug: z.string().catch(''), required: z.boolean().catch(false), hidden: z.boolean().catch(false) }))
    .catch([]),
})
export type EventType = z.infer<typeof EventType>
const EventTypes = z.object({ data: z.array(EventType) })
