import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type Api, asPublished, enter, instant, inVersion, parse, phone, zone } from './access.ts'
import { book, newAttendee, tell } from './booking.ts'
import { cancel, reschedule } from './booking-changes.ts'
import { attendeeResource, bookingResource } from './booking-resource.ts'
import { refuse } from './errors.ts'
import type { Account, Booking } from './site.ts'

const metadata = z
  .record(z.string().max(40), z.unknown())
  .refine((all) => Object.keys(all).length <= 50, 'metadata must have at most 50 keys')
  .refine(
    (all) => Object.values(all).every((one) => typeof one !== 'string' || one.length <= 500),
    'metadata values: at most 500 characters',
  )
const person = { name: z.string().min(1), timeZone: zone, phoneNumber: phone.optional(), language: z.string().optional() }
const NewBooking = z.strictObject({
  start: instant,
  eventTypeId: z.int(),
  lengthInMinutes: z.int().optional(),
  attendee: z.strictObject({ ...person, email: z.email().optional() }),
  guests: z.array(z.email()).optional(),
  bookingFieldsResponses: z.record(z.string(), z.unknown()).optional(),
  metadata: metadata.optional(),
  // The only place that event types have here.
  location: z.strictObject({ type: z.literal('integration'), integration: z.literal('cal-video') }).optional(),
})
const Rescheduling = z.strictObject({ start: instant, reschedulingReason: z.string().optional(), rescheduledBy: z.email().optional() })
const Cancellation = z.strictObject({ cancellationReason: z.string().optional(), cancelSubsequentBookings: z.boolean().optional() })
const AddedAttendee = z.strictObject({ ...person, email: z.email() })
const OneBooking = z.object({ bookingUid: z.string() })

/** A single booking: made, read, moved, called off, joined. */
export function bookingRoutes(app: FastifyInstance, api: Api): void {
  const { site } = api
  const version = inVersion('2024-08-13')
  const path = '/v2/bookings/:bookingUid'

  app.post('/v2/bookings', version, async (request, reply) => {
    // Anybody may book; who says who she is must be right.
    if (request.headers.authorization === undefined) asPublished(api, request)
    else enter(api, request, 'BOOKING_WRITE')
    const { start: startsAt, lengthInMinutes: minutes, bookingFieldsResponses: responses, ...sent } = parse(NewBooking, request.body)
    const { eventTypeId, attendee, guests = [], metadata = {} } = sent
    const booking = book(site, { eventTypeId, startsAt, minutes, attendee, guests, metadata, responses: responses ?? {} })
    return reply.code(201).send({ status: 'success', data: bookingResource(booking) })
  })

  app.get(path, version, async (request) => {
    const booking = find(enter(api, request, 'BOOKING_READ'), request)
    return { status: 'success', data: bookingResource(booking) }
  })

  app.post(`${path}/reschedule`, version, async (request, reply) => {
    const account = enter(api, request, 'BOOKING_WRITE')
    const booking = find(account, request)
    const { start, reschedulingReason: reason, rescheduledBy } = parse(Rescheduling, request.body)
    const next = reschedule(site, booking, start, { reason, byHost: rescheduledBy === account.person.email })
    return reply.code(201).send({ status: 'success', data: bookingResource(next) })
  })

  app.post(`${path}/cancel`, version, async (request, reply) => {
    const booking = find(enter(api, request, 'BOOKING_WRITE'), request)
    cancel(site, booking, parse(Cancellation, request.body).cancellationReason)
    return reply.code(200).send({ status: 'success', data: bookingResource(booking) })
  })

  app.post(`${path}/attendees`, version, async (request, reply) => {
    const booking = find(enter(api, request, 'BOOKING_WRITE'), request)
    const attendee = newAttendee(site, parse(AddedAttendee, request.body))
    booking.attendees.push(attendee)
    booking.updatedAt = site.now()
    tell({ ...booking, attendees: [attendee], guests: [] }, 'invited')
    const data = { ...attendeeResource(attendee), id: attendee.id, bookingId: booking.id }
    return reply.code(201).send({ status: 'success', data })
  })

  /** Somebody else's is as unknown as none. */
  function find(account: Account, request: FastifyRequest): Booking {
    const { bookingUid } = parse(OneBooking, request.params)
    const booking = site.bookings.get(bookingUid)
    if (booking?.account !== account) throw refuse(404, `Booking with uid=${bookingUid} was not found in the database`)
    return booking
  }
}
