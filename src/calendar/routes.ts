import * as z from 'zod'
import { bookAsOwner } from '../bookings/book-as-owner.ts'
import { bookedBody } from '../bookings/booked-body.ts'
import { deadline } from '../deadline.ts'
import { signedInOnly } from '../http/auth.ts'
import { queryAsBody } from '../http/query-as-body.ts'
import { problems, type RoutePlugin } from '../http/zod.ts'
import { diaryOf } from './access.ts'
import { ownersSlots } from './availability.ts'
import { listEntries } from './entries.ts'
import { Booked, EntryList, entryBody, localInstant } from './entry-body.ts'
import { explain } from './explain.ts'
import { Explanation, explanationBody } from './explain-body.ts'
import { mapLongList } from './long-lists.ts'
import { mended, moment, NewEntry, NewEntryQuery, wishOf } from './new-entry.ts'
import { slotLabels } from './slot-label.ts'
import { MINUTE_MS, offsetTime } from './zone.ts'

const days = z.coerce.number().int().min(1).max(365)

const Hours = z
  .object({
    days_ahead: days.default(7).describe('Today and the days after it, so many in all'),
    start_hour: z.coerce.number().int().min(0).max(23).default(9),
    end_hour: z.coerce.number().int().min(1).max(24).default(17),
  })
  .refine(({ start_hour, end_hour }) => start_hour < end_hour, { path: ['end_hour'], error: 'must be later than start_hour' })

// Far enough for every calendar that anybody keeps, and within what vendors and the database can be asked.
const [EARLIEST, LATEST] = [Date.parse('2000-01-01T00:00:00Z'), Date.parse('2100-01-01T00:00:00Z')]
const Asked = z.object({
  at: moment
    .transform((text) => new Date(mended(text)))
    .refine((at) => at.getTime() >= EARLIEST && at.getTime() < LATEST, 'must lie between the years 2000 and 2100')
    .describe('When the appointment would begin, with its offset from UTC'),
  minutes: z.coerce.number().int().min(1).max(1440).optional().describe('How long it would last; else the usual length'),
})

const Slots = z
  .object({
    status: z.literal('success'),
    total_slots: z.int(),
    days_checked: z.int(),
    user_email: z.string().min(1),
    available_slots: z.array(z.object({ start_time: localInstant, end_time: localInstant, formatted_time: z.string(), day: z.string() })),
  })
  .meta({
    examples: [
      {
        status: 'success',
        total_slots: 1,
        days_checked: 7,
        user_email: 'dana@example.com',
        available_slots: [
          {
            start_time: '2026-12-01T09:00:00-06:00',
            end_time: '2026-12-01T09:30:00-06:00',
            formatted_time: 'Tuesday, December 01 at 09:00 AM',
            day: 'Tuesday',
          },
        ],
      },
    ],
  })

/** The signed-in user's own calendar: what stands in it, what is free, and an appointment that she makes herself. */
export const calendarRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  for (const [path, operationId] of [
    ['/events', 'listEvents'],
    ['/events/list', 'listEventsByOlderName'],
  ] as const) {
    app.get(
      path,
      {
        schema: {
          operationId,
          tags: ['calendar'],
          summary: 'What stands in the connected calendar, from the beginning of today in her time zone',
          security,
          querystring: z.object({ days_ahead: days.default(14).describe('Today and the days after it, so many in all') }),
          response: { 200: EntryList, ...problems(403, 409, 502) },
        },
      },
      async ({ user, query }) => {
        const diary = await diaryOf(deps, user.clerkUserId)
        const entries = await listEntries(deps, diary, query.days_ahead, deadline(deps))
        const events = await mapLongList(entries, (entry) => entryBody(entry, diary.rules.timeZone))
        return { status: 'success' as const, total_events: events.length, events }
      },
    )
  }

  app.get(
    '/availability',
    {
      schema: {
        operationId: 'listAvailability',
        tags: ['calendar'],
        summary: 'Free half hours from Monday to Friday, by all connected calendars and our own bookings',
        security,
        querystring: Hours,
        response: { 200: Slots, ...problems(403, 409, 502) },
      },
    },
    async ({ user, query }) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const { timeZone } = diary.rules
      const hours = { days: query.days_ahead, startHour: query.start_hour, endHour: query.end_hour }
      const slots = await ownersSlots(deps, diary, hours, deadline(deps))
      const label = slotLabels(timeZone)
      const named = await mapLongList(slots, ({ startsAt, endsAt }) => {
        const { formatted, day } = label(startsAt)
        return { start_time: offsetTime(startsAt, timeZone), end_time: offsetTime(endsAt, timeZone), formatted_time: formatted, day }
      })
      return {
        status: 'success' as const,
        total_slots: slots.length,
        days_checked: query.days_ahead,
        user_email: user.email || (diary.connections[0]?.calendarEmail ?? user.clerkUserId),
        available_slots: named,
      }
    },
  )

  app.get(
    '/explain',
    {
      schema: {
        operationId: 'explainAvailability',
        tags: ['calendar'],
        summary: 'Why callers are, or are not, offered a certain time: every rule, appointment and event that stands against it',
        security,
        querystring: Asked,
        response: { 200: Explanation },
      },
    },
    async ({ user, query: { at: startsAt, minutes } }) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const slot = { startsAt, endsAt: new Date(startsAt.getTime() + (minutes ?? diary.rules.slotMinutes) * MINUTE_MS) }
      const reasons = await explain(deps, diary, slot, deadline(deps))
      return explanationBody(reasons, diary.rules, slot, deps.clock.now())
    },
  )

  app.post(
    '/events',
    {
      preValidation: queryAsBody,
      schema: {
        operationId: 'createEvent',
        tags: ['calendar'],
        summary: 'Books an appointment of her own: at any time to come that is free',
        description: `Everything may stand in the JSON body, or, as the frontend sends it, in the query string with an empty body; what stands in both is
taken from the body. Sent again within a minute, or while its outcome is not known, or at any time under the same \`Idempotency-Key\`, the same
appointment is booked once and answered as the first time. \`booking_held\` (502) means that the time is kept and its outcome is being found out: look at the calendar
before sending it again.`,
        security,
        headers: z.object({ 'idempotency-key': z.string().max(255).optional() }),
        querystring: NewEntryQuery,
        body: NewEntry,
        response: { 201: Booked, ...problems(403, 409, 502) },
      },
    },
    async ({ user, body, headers }, reply) => {
      const diary = await diaryOf(deps, user.clerkUserId)
      const wish = { ...wishOf(body), idempotencyKey: headers['idempotency-key'] || null }
      const booking = await bookAsOwner(deps, diary, wish, deadline(deps))
      reply.code(201)
      return bookedBody(booking, diary.rules.timeZone)
    },
  )
}
