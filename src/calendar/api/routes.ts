import * as z from 'zod'
import { bookAsOwner } from '../../bookings/book-as-owner.ts'
import { bookedBody } from '../../bookings/booked-body.ts'
import { deadline } from '../../deadline.ts'
import { signedInOnly } from '../../http/auth.ts'
import { queryAsBody } from '../../http/query-as-body.ts'
import { problems, type RoutePlugin, unlessEmpty } from '../../http/zod.ts'
import { diaryOf } from '../access.ts'
import { ownersOpenings } from '../availability.ts'
import { Booked } from '../entry-body.ts'
import { mapLongList } from '../long-lists.ts'
import { mended, NewEntry, wishOf } from '../new-entry.ts'
import { dayOrMoment, duration, MOST_DAYS, MOST_NEXT, rangeOf, SlotBody, slotBody, slotExample, zoneName } from '../slots-body.ts'
import { DAY_MS, MINUTE_MS } from '../zone.ts'

const AskedDays = z
  .object({
    start_date: dayOrMoment.describe('From this day or moment on'),
    end_date: unlessEmpty(dayOrMoment.describe('Up to and with this day, or up to this moment; it outweighs days')),
    days: unlessEmpty(
      z.coerce.number().int().min(1).max(MOST_DAYS).describe('So many days in all; left out: as far as the business looks ahead'),
    ),
    duration: unlessEmpty(duration),
    timezone: unlessEmpty(zoneName.describe("Of days without an offset, and of the answer; left out: the business's")),
  })
  .meta({ examples: [{ start_date: '2026-12-01', end_date: '2026-12-03', duration: 30 }] })

const AskedNext = z.object({ duration: unlessEmpty(duration), timezone: unlessEmpty(zoneName.describe('Of the answer')) }).meta({
  examples: [{ duration: 60 }],
})

const shape = { success: z.literal(true), timezone: z.string(), duration: z.int().describe('In minutes') }

const Slots = z
  .object({
    ...shape,
    total_slots: z.int(),
    slots: z.array(SlotBody),
    next_slots: z.array(SlotBody).describe('Where none is free in that time: the next ones after it'),
  })
  .meta({
    examples: [{ success: true, timezone: 'America/Chicago', duration: 30, total_slots: 1, slots: [slotExample], next_slots: [] }],
  })

const NextSlots = z
  .object({
    ...shape,
    next: SlotBody.nullable().describe('null: nothing is free'),
    slots: z.array(SlotBody).describe('It, and a few more'),
  })
  .meta({ examples: [{ success: true, timezone: 'America/Chicago', duration: 60, next: slotExample, slots: [slotExample] }] })

const Meeting = z
  .object({
    title: NewEntry.shape.subject,
    start_time: NewEntry.shape.start_time,
    duration: unlessEmpty(duration),
    end_time: unlessEmpty(NewEntry.shape.end_time.describe('It outweighs duration')),
    attendee_email: unlessEmpty(NewEntry.shape.attendee_email),
    description: unlessEmpty(NewEntry.shape.body),
  })
  .meta({
    examples: [
      {
        title: 'Product demo with John Smith',
        start_time: '2026-12-01T10:00:00-06:00',
        duration: 60,
        attendee_email: 'john@example.com',
        description: 'Shows the new dashboard',
      },
    ],
  })

/**
 * Free times and meetings of the signed-in user, under the addresses of a frontend that asks for them by day and length. The times are those of
 * her first business's opening hours. She is bound by the future and by overlaps alone, as everywhere, so she can book whatever is listed, and any other free time as well.
 */
export const meetingRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['calendar']
  signedInOnly(app, deps)

  app.post(
    '/available-slots',
    {
      schema: {
        operationId: 'listAvailableSlots',
        tags,
        summary: 'Free times within the opening hours of her business, by all connected calendars and our own bookings',
        description:
          'The notice, buffers and daily cap that bind callers are not hers: every time that is listed can be booked with `schedule-meeting`.',
        security,
        body: AskedDays,
        response: { 200: Slots, ...problems(403, 409, 502) },
      },
    },
    async ({ user, body }) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const { rules } = diary
      const { timezone: timeZone = rules.timeZone, duration: minutes = rules.slotMinutes, days = rules.aheadDays } = body
      const range = rangeOf(body.start_date, { to: body.end_date, days }, timeZone)
      const { slots, others } = await ownersOpenings(deps, diary, { range, minutes }, deadline(deps))
      const listed = slotBody(timeZone)
      return {
        success: true as const,
        timezone: timeZone,
        duration: minutes,
        total_slots: slots.length,
        slots: await mapLongList(slots, listed),
        next_slots: others.slice(0, MOST_NEXT).map(listed),
      }
    },
  )

  app.post(
    '/next-available',
    {
      preValidation: queryAsBody,
      schema: {
        operationId: 'findNextAvailable',
        tags,
        summary: 'The next free time within the opening hours of her business, and a few after it; the body may be left out',
        security,
        body: AskedNext,
        response: { 200: NextSlots, ...problems(403, 409, 502) },
      },
    },
    async ({ user, body }) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const { rules } = diary
      const { timezone: timeZone = rules.timeZone, duration: minutes = rules.slotMinutes } = body
      const now = deps.clock.now()
      const range = { startsAt: now, endsAt: new Date(now.getTime() + rules.aheadDays * DAY_MS) }
      const { slots, others } = await ownersOpenings(deps, diary, { range, minutes }, deadline(deps))
      const next = [...slots, ...others].slice(0, MOST_NEXT).map(slotBody(timeZone))
      return { success: true as const, timezone: timeZone, duration: minutes, next: next[0] ?? null, slots: next }
    },
  )

  app.post(
    '/schedule-meeting',
    {
      schema: {
        operationId: 'scheduleMeeting',
        tags,
        summary: 'Books an appointment of her own: at any time to come that is free',
        description: `As \`POST /calendar/events\`: sent again within a minute, or at any time under the same \`Idempotency-Key\`, it is booked once and answered as the
first time, and \`booking_held\` (502) means that the time is kept and its outcome is being found out.`,
        security,
        headers: z.object({ 'idempotency-key': z.string().max(255).optional() }),
        body: Meeting,
        response: { 201: Booked, ...problems(403, 409, 502) },
      },
    },
    async ({ user, body, headers }, reply) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const { title: subject, start_time, attendee_email, description, duration: minutes = diary.rules.slotMinutes } = body
      const end_time = body.end_time ?? new Date(Date.parse(mended(start_time)) + minutes * MINUTE_MS).toISOString()
      const wish = wishOf({ subject, start_time, end_time, body: description, attendee_email })
      const booking = await bookAsOwner(deps, diary, { ...wish, idempotencyKey: headers['idempotency-key'] || null }, deadline(deps))
      reply.code(201)
      return bookedBody(booking, diary.rules.timeZone)
    },
  )
}
