import * as z from 'zod'
import { diaryOf } from '../calendar/access.ts'
import { cancelAsOwner, moveAsOwner, noteOutcome } from '../changes/change-as-owner.ts'
import type { Place } from '../db/appointments.ts'
import { deadline } from '../deadline.ts'
import { signedInOnly } from '../http/auth.ts'
import { problems, type RoutePlugin, rowUuid } from '../http/zod.ts'
import { BookingBody, BookingDetail, BookingPage, bookingBody, changeBody, STATUSES } from './booking-body.ts'
import { bookingWithChanges, pageOfBookings } from './listing.ts'

const moment = z.iso
  .datetime({ offset: true, error: 'a time needs its offset from UTC, or Z: 2026-12-01T09:00:00-06:00' })
  .transform((text) => new Date(text))

const PlaceParts = z.tuple([z.iso.datetime(), z.uuid()])
const cursor = z
  .string()
  .max(200)
  .transform((text, context): Place => {
    const parts = PlaceParts.safeParse(Buffer.from(text, 'base64url').toString().split(' '))
    if (parts.success) return { startsAt: new Date(parts.data[0]), id: parts.data[1] }
    context.addIssue({ code: 'custom', message: 'must be next_cursor of the page before' })
    return z.NEVER
  })

const Query = z.object({
  from: moment.optional().describe('Those that end after this; ISO 8601 with Z or an offset, whose + is written %2B in an address'),
  to: moment.optional().describe('Those that begin before this'),
  status: z.enum(STATUSES).optional().describe('Left out: all but failed, which never were appointments'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: cursor.optional().describe('next_cursor of the page before'),
})

const Wish = z
  .object({
    start_time: moment.optional().describe('Moves it; without end_time it lasts as long as it did'),
    end_time: moment.optional(),
    status: z.enum(['cancelled', 'completed', 'no_show']).optional().describe('completed and no_show only once it has begun'),
  })
  .refine(({ start_time, end_time, status }) => (status === undefined) !== (start_time === undefined && end_time === undefined), {
    error: 'send either a status, or a new start_time or end_time',
  })
  .meta({ examples: [{ start_time: '2026-12-02T10:00:00-06:00' }] })

const params = z.object({ id: rowUuid })
const headers = z.object({ 'idempotency-key': z.string().max(255).optional() })

/** The signed-in user's appointments, whoever booked them. New ones she makes at `/calendar/events`. */
export const bookingRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listBookings',
        tags: ['bookings'],
        summary: 'Appointments that were booked here, earliest first',
        security,
        querystring: Query,
        response: { 200: BookingPage },
      },
    },
    async ({ user, query }) => {
      const { from, to, status, cursor: after, limit } = query
      const wish = { from, to, status: status === 'pending' ? 'held' : status, after, limit }
      const { bookings, next } = await pageOfBookings(deps, user.clerkUserId, wish)
      return { bookings: bookings.map(bookingBody), next_cursor: next ? cursorOf(next) : null }
    },
  )

  app.get(
    '/:id',
    {
      schema: {
        operationId: 'getBooking',
        tags: ['bookings'],
        summary: 'One appointment, with its confirmation code and every change that was asked for',
        security,
        params,
        response: { 200: BookingDetail },
      },
    },
    async ({ user, params }) => {
      const { booking, changes, code } = await bookingWithChanges(deps, user.clerkUserId, params.id)
      const { timeZone } = booking
      return { ...bookingBody(booking), confirmation_code: code, changes: changes.map((change) => changeBody(change, timeZone)) }
    },
  )

  app.patch(
    '/:id',
    {
      schema: {
        operationId: 'changeBooking',
        tags: ['bookings'],
        summary: 'Moves an appointment to any time to come that is free, cancels it, or notes what became of it',
        description: `The event is changed in place and its guests are told by the calendar. The old time is kept until the new one is secured, and stays where
that fails. Under the same \`Idempotency-Key\` the same change is made once. \`change_held\` (502) means that the calendar has not answered and the
outcome is being found out: look at the appointment before sending it again.`,
        security,
        params,
        headers,
        body: Wish,
        response: { 200: BookingBody, ...problems(403, 409, 502) },
      },
    },
    async ({ user, params, headers, body }) => {
      const { start_time: startsAt = null, end_time: endsAt = null, status } = body
      if (status === 'completed' || status === 'no_show') return bookingBody(await noteOutcome(deps, user.clerkUserId, params.id, status))
      const diary = await diaryOf(deps, user.clerkUserId)
      const request = { appointmentId: params.id, idempotencyKey: headers['idempotency-key'] || null }
      if (status === 'cancelled') return bookingBody(await cancelAsOwner(deps, diary, request, deadline(deps)))
      return bookingBody(await moveAsOwner(deps, diary, request, { startsAt, endsAt }, deadline(deps)))
    },
  )

  app.delete(
    '/:id',
    {
      schema: {
        operationId: 'cancelBooking',
        tags: ['bookings'],
        summary: 'Cancels an appointment: the calendar takes its event away and tells the guests. It stays to be read',
        security,
        params,
        headers,
        response: { 200: BookingBody, ...problems(403, 409, 502) },
      },
    },
    async ({ user, params, headers }) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const request = { appointmentId: params.id, idempotencyKey: headers['idempotency-key'] || null }
      return bookingBody(await cancelAsOwner(deps, diary, request, deadline(deps)))
    },
  )
}

function cursorOf({ startsAt, id }: Place): string {
  return Buffer.from(`${startsAt.toISOString()} ${id}`).toString('base64url')
}
