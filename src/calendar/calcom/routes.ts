import * as z from 'zod'
import { bookAsOwner } from '../../bookings/book-as-owner.ts'
import { BookingBody, bookingBody, bookingExample } from '../../bookings/booking-body.ts'
import { deadline } from '../../deadline.ts'
import { AppError } from '../../errors.ts'
import { signedInOnly } from '../../http/auth.ts'
import { line, problems, type RoutePlugin, rowUuid, unlessEmpty } from '../../http/zod.ts'
import { plainLines } from '../../one-line.ts'
import { e164 } from '../../phone-number.ts'
import { diaryOfBusiness } from '../access.ts'
import { ownersOpenings } from '../availability.ts'
import { mapLongList } from '../long-lists.ts'
import { mended, moment } from '../new-entry.ts'
import { dayOrMoment, duration, MOST_NEXT, rangeOf, SlotBody, slotBody, slotExample, zoneName } from '../slots-body.ts'
import { MINUTE_MS } from '../zone.ts'

const CALENDARS = `Calendars belong to the signed-in user and count for all her businesses, whichever vendor they are of: \`businessId\` chooses among her businesses,
whose opening hours, time zone and usual length hold.`

const businessId = rowUuid.describe('One of her businesses, as `GET /businesses` lists them')
const BUSINESS = '8d6c0c1e-2f0b-4a55-9a55-0e6b1d6c1f4e'

const Asked = z.object({
  businessId,
  date: dayOrMoment.describe("A day of the business's calendar; of a moment with its offset, the rest of that day"),
  timePreference: unlessEmpty(
    z.enum(['morning', 'afternoon', 'evening', 'any']).describe('When each is, the business says; left out: at any time of day'),
  ),
  duration: unlessEmpty(duration),
})

const Slots = z
  .object({
    success: z.literal(true),
    businessId: z.uuid(),
    timeZone: z.string(),
    duration: z.int().describe('In minutes'),
    slots: z.array(SlotBody),
    nextSlots: z.array(SlotBody).describe('Where none is free then: the next ones after it'),
  })
  .meta({
    examples: [{ success: true, businessId: BUSINESS, timeZone: 'America/Chicago', duration: 30, slots: [slotExample], nextSlots: [] }],
  })

const NewBooking = z
  .object({
    businessId,
    name: line(100).describe('Of the customer'),
    email: z.string().trim().pipe(z.email().max(254)).meta({ format: 'email', description: 'Is invited by the calendar vendor' }),
    phone: unlessEmpty(z.string().max(40).describe("With its country code, or as a national number of the business's country")),
    start: moment,
    duration: unlessEmpty(duration),
    notes: unlessEmpty(z.string().max(4000)),
    timeZone: unlessEmpty(zoneName.describe("In which `formatted` is written; left out: the business's")),
  })
  .meta({
    examples: [
      {
        businessId: BUSINESS,
        name: 'Ana Ruiz',
        email: 'ana@example.com',
        phone: '+13125550142',
        start: '2026-12-01T15:00:00.000Z',
        notes: 'First visit',
      },
    ],
  })

const Booked = z
  .object({ success: z.literal(true), message: z.string(), formatted: z.string().describe('When it is'), booking: BookingBody })
  .meta({
    examples: [
      {
        success: true,
        message: 'Booked for Tuesday, December 01 at 09:00 AM.',
        formatted: 'Tuesday, December 01 at 09:00 AM',
        booking: { ...bookingExample, booked_by: 'owner', call_id: null },
      },
    ],
  })

/**
 * Free times and bookings of one business, under the addresses of a frontend that was made for Cal.com. There is one engine: what it looks at and
 * books in is whatever the user has connected. She is signed in, so she books by the future and overlaps alone, and what is listed she can book.
 */
export const businessBookingRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/availability',
    {
      schema: {
        operationId: 'listBusinessAvailability',
        tags: ['calendar'],
        summary: 'Free times of one day within the opening hours of one business',
        description: `${CALENDARS} The notice, buffers and daily cap that bind callers are not hers: every time that is listed can be booked.`,
        security,
        querystring: Asked,
        response: { 200: Slots, ...problems(403, 404, 409, 502) },
      },
    },
    async ({ user, query }) => {
      const diary = await diaryOfBusiness(deps, user.clerkUserId, query.businessId)
      const { timeZone, slotMinutes } = diary.rules
      const { date, timePreference, duration: minutes = slotMinutes } = query
      const partOfDay = timePreference === 'any' ? undefined : timePreference
      const wish = { range: rangeOf(date, { days: 1 }, timeZone), minutes, partOfDay }
      const { slots, others } = await ownersOpenings(deps, diary, wish, deadline(deps))
      const listed = slotBody(timeZone)
      return {
        success: true as const,
        businessId: query.businessId,
        timeZone,
        duration: minutes,
        slots: await mapLongList(slots, listed),
        nextSlots: others.slice(0, MOST_NEXT).map(listed),
      }
    },
  )

  app.post(
    '/book',
    {
      schema: {
        operationId: 'bookForBusiness',
        tags: ['calendar'],
        summary: 'Books an appointment with a customer of one business: at any time to come that is free',
        description: `${CALENDARS} Sent again within a minute, or at any time under the same \`Idempotency-Key\`, it is booked once and answered as the first time.
\`booking_held\` (502) means that the time is kept and its outcome is being found out.`,
        security,
        headers: z.object({ 'idempotency-key': z.string().max(255).optional() }),
        body: NewBooking,
        response: { 201: Booked, ...problems(403, 404, 409, 502) },
      },
    },
    async ({ user, body, headers }, reply) => {
      const diary = await diaryOfBusiness(deps, user.clerkUserId, body.businessId)
      const { name, email, duration: minutes = diary.rules.slotMinutes, timeZone = diary.rules.timeZone } = body
      const startsAt = new Date(mended(body.start))
      const written = body.phone?.trim()
      const phone = written ? e164(written, diary.region) : undefined
      if (written && phone === undefined) throw new AppError('bad_phone', 'no E.164 can be made of it')
      const wish = {
        slot: { startsAt, endsAt: new Date(startsAt.getTime() + minutes * MINUTE_MS) },
        subject: `Appointment, ${name}`,
        body: plainLines(body.notes ?? '', 4000) || null,
        location: null,
        attendees: [{ name, email }],
        idempotencyKey: headers['idempotency-key'] || null,
        ...(phone === undefined ? {} : { phone }),
      }
      const booking = await bookAsOwner(deps, diary, wish, deadline(deps))
      const { formatted } = slotBody(timeZone)(booking)
      reply.code(201)
      return { success: true as const, message: `Booked for ${formatted}.`, formatted, booking: bookingBody(booking) }
    },
  )
}
