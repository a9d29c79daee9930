import * as z from 'zod'
import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { LONGEST_LINE, localInstant } from './entry-body.ts'
import { type Reason, timeOf } from './explain.ts'
import { ruleBehind, wordsOf } from './reason-words.ts'
import type { Rules } from './slots.ts'
import { MINUTE_MS, offsetTime } from './zone.ts'

const CODES = 'past, too_soon, too_far, closed, off_grid, cap, not_offered, repeated_hour, booking, event, buffer'

const ReasonBody = z.object({
  code: z.string().describe(`One of ${CODES}; or, where a calendar cannot be read, the code of that problem`),
  text: z.string(),
  rule: z
    .object({ name: z.string(), value: z.union([z.string(), z.number()]) })
    .nullable()
    .describe('The setting behind it'),
  booking_id: z.string().nullable(),
  calendar: z.object({ connection_id: z.string(), calendar_email: z.string(), name: z.string().nullable() }).nullable(),
  subject: z.string().nullable().describe('Of the appointment or event; null where a calendar does not show it'),
  start_time: localInstant.nullable(),
  end_time: localInstant.nullable(),
})

export const Explanation = z
  .object({
    status: z.literal('success'),
    start_time: localInstant,
    end_time: localInstant,
    minutes: z.number(),
    is_offered: z.boolean(),
    reasons: z.array(ReasonBody).describe('Every one that applies; none where callers are offered the time'),
  })
  .meta({
    examples: [
      {
        status: 'success',
        start_time: '2026-12-01T09:00:00-06:00',
        end_time: '2026-12-01T09:30:00-06:00',
        minutes: 30,
        is_offered: false,
        reasons: [
          {
            code: 'event',
            text: 'An event in the calendar of dana@example.com takes that time: Dentist.',
            rule: null,
            booking_id: null,
            calendar: { connection_id: '00000000-0000-4000-8000-000000000001', calendar_email: 'dana@example.com', name: 'Calendar' },
            subject: 'Dentist',
            start_time: '2026-12-01T08:30:00-06:00',
            end_time: '2026-12-01T09:30:00-06:00',
          },
        ],
      },
    ],
  })

export function explanationBody(reasons: Reason[], rules: Rules, slot: Interval, now: Date): z.infer<typeof Explanation> {
  const { timeZone } = rules
  return {
    status: 'success',
    start_time: offsetTime(slot.startsAt, timeZone),
    end_time: offsetTime(slot.endsAt, timeZone),
    minutes: (slot.endsAt.getTime() - slot.startsAt.getTime()) / MINUTE_MS,
    is_offered: reasons.length === 0,
    reasons: reasons.map((reason) => ({
      code: reason.code,
      text: wordsOf(reason, rules, slot, now),
      rule: ruleBehind(reason, rules, slot),
      ...standingBody(reason, timeZone),
    })),
  }
}

function standingBody(reason: Reason, timeZone: string) {
  const nothing = { booking_id: null, calendar: null, subject: null, start_time: null, end_time: null }
  if ('text' in reason) return { ...nothing, calendar: reason.calendar && calendarBody(reason.calendar) }
  const one = reason.code === 'buffer' ? reason.near : reason
  if (one.code !== 'booking' && one.code !== 'event') return nothing
  const subject = one.code === 'booking' ? one.booking.subject : one.subject
  const { startsAt, endsAt } = timeOf(one)
  return {
    booking_id: one.code === 'booking' ? one.booking.id : null,
    calendar: one.code === 'event' ? calendarBody(one.calendar) : null,
    subject: subject === null ? null : oneLine(subject, LONGEST_LINE),
    start_time: offsetTime(startsAt, timeZone),
    end_time: offsetTime(endsAt, timeZone),
  }
}

function calendarBody({ connectionId, calendarEmail, name }: { connectionId: string; calendarEmail: string; name: string | null }) {
  return { connection_id: connectionId, calendar_email: calendarEmail, name }
}
