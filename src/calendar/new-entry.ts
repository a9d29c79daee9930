import * as z from 'zod'
import { oneLine, plainLines } from '../one-line.ts'
import { LONGEST_BODY, LONGEST_LINE } from './entry-body.ts'

const Moment = z.iso.datetime({ offset: true })
/** An instant in a body or a query string; `mended` makes it one that `Date` reads. */
export const moment = z
  .string()
  .refine((text) => Moment.safeParse(mended(text)).success, 'a time needs its offset from UTC, or Z: 2026-12-01T09:00:00-06:00')
  .meta({ format: 'date-time' })
const email = z
  .string()
  .max(254)
  .refine((text) => text.trim() === '' || z.email().safeParse(text.trim()).success, 'no e-mail address')

/** What the signed-in owner may ask to be booked. Checked only: `wishOf` makes values of it. */
export const NewEntry = z
  .object({
    subject: z.string().refine((text) => oneLine(text) !== '', 'must not be empty'),
    start_time: moment,
    end_time: moment,
    body: z.string().optional().describe('What stands in the event'),
    location: z.string().optional(),
    attendee_email: email.optional().describe('Is invited by the calendar vendor; empty is nobody'),
    attendees: z
      .array(z.union([email, z.object({ email, name: z.string().nullish() })]))
      .max(50)
      .optional()
      .describe('E-mail addresses, or objects with email and name: all are invited'),
  })
  .meta({
    examples: [
      {
        subject: 'Property viewing, 12 Elm St',
        start_time: '2026-12-01T09:00:00-06:00',
        end_time: '2026-12-01T09:30:00-06:00',
        body: 'Viewing with Kim Lee',
        location: '12 Elm St',
        attendees: ['kim@example.com', { email: 'lee@example.com', name: 'Lee' }],
      },
    ],
  })

const text = z.string().optional()
/** The same in the query string, where everything is text; the body's schema decides what is sound. */
export const NewEntryQuery = z.object({ subject: text, start_time: text, end_time: text, body: text, location: text, attendee_email: text })

/** What is asked for, as instants and texts that can be stored; everybody who is named is an attendee once. */
export function wishOf({
  subject,
  start_time,
  end_time,
  body = '',
  location = '',
  attendee_email = '',
  attendees = [],
}: z.infer<typeof NewEntry>) {
  const named = [attendee_email, ...attendees]
    .map((one) => (typeof one === 'string' ? { email: one, name: '' } : one))
    .map(({ email, name }) => ({ email: email.trim(), name: oneLine(name ?? '', LONGEST_LINE) || null }))
    .filter((one) => one.email !== '')
  // Of one who is named twice, the entry with a name counts.
  const byAddress = Map.groupBy(named, (one) => one.email.toLowerCase())
  return {
    slot: { startsAt: new Date(mended(start_time)), endsAt: new Date(mended(end_time)) },
    subject: oneLine(subject, LONGEST_LINE),
    body: plainLines(body, LONGEST_BODY) || null,
    location: oneLine(location, LONGEST_LINE) || null,
    attendees: [...byAddress.values()].flatMap((same) => same.find((one) => one.name !== null) ?? same.slice(0, 1)),
  }
}

/** In a query string that was not encoded, the plus of an offset arrives as a space. */
export function mended(time: string): string {
  return time.replace(/^(\d{4}-\d{2}-\d{2}T[\d:.]{5,18}) (\d{2}:\d{2})$/, '$1+$2')
}
