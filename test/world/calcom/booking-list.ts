import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type Api, enter, instant, inVersion, parse, whole } from './access.ts'
import { bookingResource } from './booking-resource.ts'
import type { Booking } from './site.ts'

const STATUSES = ['upcoming', 'recurring', 'past', 'cancelled', 'unconfirmed'] as const
const order = z.enum(['asc', 'desc']).optional()
const several = z.string().transform((text) => text.split(','))
const Query = z.strictObject({
  status: several.pipe(z.array(z.enum(STATUSES))).optional(),
  attendeeEmail: z.string().optional(),
  attendeeName: z.string().optional(),
  bookingUid: z.string().optional(),
  eventTypeId: z.string().optional(),
  eventTypeIds: several.optional(),
  afterStart: instant.optional(),
  beforeEnd: instant.optional(),
  afterCreatedAt: instant.optional(),
  beforeCreatedAt: instant.optional(),
  afterUpdatedAt: instant.optional(),
  beforeUpdatedAt: instant.optional(),
  sortStart: order,
  sortEnd: order,
  sortCreated: order,
  sortUpdatedAt: order,
  take: whole.pipe(z.int().min(1).max(250, 'take must not be greater than 250')).default(100),
  skip: whole.default(0),
})
type Asked = z.infer<typeof Query>

/** `GET /v2/bookings`: the caller's own, page by page. Without a status all of them come, cancelled ones too. */
export function bookingListRoute(app: FastifyInstance, api: Api, pageSize: () => number): void {
  app.get('/v2/bookings', inVersion('2024-08-13'), async (request) => {
    const account = enter(api, request, 'BOOKING_READ')
    const asked = parse(Query, request.query)
    const now = api.site.now()
    const found = [...api.site.bookings.values()].filter((one) => one.account === account && matches(one, asked, now))
    const sorted = found.sort(inOrder(asked))
    const take = Math.min(asked.take, pageSize())
    const page = sorted.slice(asked.skip, asked.skip + take)
    return { status: 'success', data: page.map(bookingResource), pagination: pagination(sorted.length, page.length, take, asked.skip) }
  })
}

function matches(booking: Booking, asked: Asked, now: Date): boolean {
  const { uid, eventType, attendees, startsAt, endsAt, createdAt, updatedAt } = booking
  const typeId = String(eventType.id)
  return (
    (!asked.status || asked.status.some((status) => hasStatus(booking, status, now))) &&
    (asked.attendeeEmail === undefined || attendees.some(({ email }) => email === asked.attendeeEmail)) &&
    (asked.attendeeName === undefined || attendees.some(({ name }) => name === asked.attendeeName)) &&
    (asked.bookingUid === undefined || uid === asked.bookingUid) &&
    (asked.eventTypeId === undefined || typeId === asked.eventTypeId) &&
    (!asked.eventTypeIds || asked.eventTypeIds.includes(typeId)) &&
    (!asked.afterStart || startsAt >= asked.afterStart) &&
    (!asked.beforeEnd || endsAt <= asked.beforeEnd) &&
    (!asked.afterCreatedAt || createdAt >= asked.afterCreatedAt) &&
    (!asked.beforeCreatedAt || createdAt <= asked.beforeCreatedAt) &&
    (!asked.afterUpdatedAt || updatedAt >= asked.afterUpdatedAt) &&
    (!asked.beforeUpdatedAt || updatedAt <= asked.beforeUpdatedAt)
  )
}

/** What is over is past, and what the host has still to confirm is not upcoming. */
function hasStatus({ status, endsAt }: Booking, wanted: (typeof STATUSES)[number], now: Date): boolean {
  if (wanted === 'cancelled') return status === 'cancelled' || status === 'rejected'
  if (wanted === 'upcoming') return status === 'accepted' && endsAt >= now
  if (wanted === 'unconfirmed') return status === 'pending' && endsAt >= now
  if (wanted === 'past') return (status === 'accepted' || status === 'pending') && endsAt <= now
  return false
}

function inOrder({ sortStart, sortEnd, sortCreated, sortUpdatedAt }: Asked) {
  const by = (at: (booking: Booking) => Date, direction: 'asc' | 'desc') => (a: Booking, b: Booking) =>
    (at(a).getTime() - at(b).getTime()) * (direction === 'asc' ? 1 : -1)
  if (sortStart) return by(({ startsAt }) => startsAt, sortStart)
  if (sortEnd) return by(({ endsAt }) => endsAt, sortEnd)
  if (sortCreated) return by(({ createdAt }) => createdAt, sortCreated)
  if (sortUpdatedAt) return by(({ updatedAt }) => updatedAt, sortUpdatedAt)
  return by(({ startsAt }) => startsAt, 'asc')
}

function pagination(totalItems: number, returnedItems: number, itemsPerPage: number, skip: number) {
  const remainingItems = Math.max(0, totalItems - (skip + itemsPerPage))
  return {
    totalItems,
    remainingItems,
    returnedItems,
    itemsPerPage,
    currentPage: Math.floor(skip / itemsPerPage) + 1,
    totalPages: Math.ceil(totalItems / itemsPerPage),
    hasNextPage: remainingItems > 0,
    hasPreviousPage: skip > 0,
  }
}
