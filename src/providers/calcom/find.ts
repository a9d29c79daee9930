import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { inFittingPages } from '../page-size.ts'
import type { Access, BookingRef, Interval } from '../provider.ts'
import { ask, type Vendor } from './client.ts'
import { isMissing } from './failure.ts'

const MAX_PAGES = 50
// Every move makes a new booking of the old one.
const MOST_MOVES = 50
// The ends of a filter are not described: they may count or not.
const MARGIN_MS = 1000
// Nothing that is booked lasts longer.
export const LONGEST_MS = 24 * 60 * 60_000

const ALL = 'upcoming,recurring,past,cancelled,unconfirmed'

/**
 * What became of a booking of ours, wherever it was moved to since, cancelled ones too; `null`: there never was one, or it is not ours.
 * Cal.com keeps nobody from booking twice, so this is asked before every booking that may be a repeat.
 */
export async function findBooking(
  vendor: Vendor,
  access: Access,
  { bookingId, eventId, ...agreed }: BookingRef,
): Promise<CalcomBooking | null> {
  if (eventId !== null) {
    const latest = await readLatest(vendor, access, eventId)
    return latest && isOf(latest, bookingId) ? latest : null
  }
  // It begins when it was asked for, and is as long as its event type was by then.
  const start = agreed.startsAt.getTime()
  const around = { startsAt: new Date(start - MARGIN_MS), endsAt: new Date(start + LONGEST_MS + MARGIN_MS) }
  const ours = (await listBookings(vendor, access, around, ALL)).filter((one) => isOf(one, bookingId))
  const first = ours.find(isLive) ?? ours.find(({ rescheduledToUid }) => rescheduledToUid) ?? ours[0]
  return first ? followed(vendor, access, first) : null
}

/** The booking with that uid, or what it was moved to. */
export async function readLatest(vendor: Vendor, access: Access, uid: string): Promise<CalcomBooking | null> {
  const found = await readOne(vendor, access, uid)
  return found && followed(vendor, access, found)
}

/** Every booking of the host that lies within `range` as a whole, with one of these statuses. */
export function listBookings(vendor: Vendor, access: Access, range: Interval, status: string): Promise<CalcomBooking[]> {
  return inFittingPages((pageSize) => listPages(vendor, access, range, status, pageSize))
}

async function listPages(vendor: Vendor, access: Access, range: Interval, status: string, pageSize: number): Promise<CalcomBooking[]> {
  const operation = 'bookings.list'
  const query = { status, afterStart: range.startsAt.toISOString(), beforeEnd: range.endsAt.toISOString(), sortStart: 'asc' }
  const found = new Map<string, CalcomBooking>()
  let skip = 0
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const asked = { ...query, take: String(pageSize), skip: String(skip) }
    const { data, pagination } = await ask(vendor, access, { operation, budget: 'read', resource: 'bookings', query: asked }, Page)
    for (const one of data) found.set(one.uid, one) // what moved between two pages may come twice
    skip += data.length
    if (!pagination.hasNextPage) return [...found.values()]
    if (data.length === 0) break
  }
  throw new AppError('provider_unavailable', `calcom ${operation}: pages without end`)
}

/** Does it take the host's time? One that waits for her to agree does. */
export function isLive({ status }: CalcomBooking): boolean {
  return status === 'accepted' || status === 'pending'
}

/** It bears our mark, which its moves carry on. */
export function isOf({ metadata }: CalcomBooking, bookingId: string): boolean {
  return metadata.bookingId === bookingId
}

async function followed(vendor: Vendor, access: Access, booking: CalcomBooking): Promise<CalcomBooking> {
  let latest = booking
  for (let moves = 0; moves < MOST_MOVES && !isLive(latest) && latest.rescheduledToUid; moves += 1) {
    const next = await readOne(vendor, access, latest.rescheduledToUid)
    if (!next) return latest
    latest = next
  }
  return latest
}

async function readOne(vendor: Vendor, access: Access, uid: string): Promise<CalcomBooking | null> {
  const operation = 'bookings.get'
  const request = { operation, budget: 'read', resource: 'bookings', path: `/${encodeURIComponent(uid)}` } as const
  const answer = await ask(vendor, access, request, z.object({ data: CalcomBooking })).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  return answer?.data ?? null
}

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const Person = z.object({ name: z.string().catch(''), email: z.string().catch(''), displayEmail: z.string().optional() })
export const CalcomBooking = z.object({
  uid: z.string().min(1),
  title: z.string().default(''),
  description: z.string().nullish(),
  status: z.enum(['cancelled', 'accepted', 'rejected', 'pending', 'awaiting_host']),
  start: instant,
  end: instant,
  rescheduledToUid: z.string().nullish(),
  location: z.string().nullish(),
  metadata: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((one) => one ?? {}),
  attendees: z.array(Person).default([]),
  guests: z.array(z.string()).nullish(),
})
export type CalcomBooking = z.infer<typeof CalcomBooking>
const Page = z.object({ data: z.array(CalcomBooking), pagination: z.object({ hasNextPage: z.boolean() }) })
