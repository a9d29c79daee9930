import * as z from 'zod'
import { oneLine, plainLines } from '../one-line.ts'
import type { CalendarEntry } from '../providers/provider.ts'
import { offsetTime } from './zone.ts'

/** Of what stands in a calendar: long enough for everything that people write by hand, and an end to what programs do. */
export const LONGEST_LINE = 300
export const LONGEST_BODY = 8000

/** An instant with the offset of the owner's zone, so that whoever reads it sees the wall clock too. */
export const localInstant = z.iso.datetime({ offset: true }).meta({ description: "ISO 8601 with the offset of the owner's time zone" })

const EXAMPLE = {
  id: 'evt_1',
  subject: 'Property viewing, 12 Elm St',
  start_time: '2026-12-01T09:00:00-06:00',
  end_time: '2026-12-01T09:30:00-06:00',
  is_all_day: false,
  location: '12 Elm St',
  attendees: [{ name: 'Kim Lee', email: 'kim@example.com', status: 'none' as const }],
  is_online_meeting: false,
  web_link: 'https://outlook.office365.com/owa/?itemid=evt_1',
  body: 'Viewing with Kim Lee',
}

export const EntryBody = z
  .object({
    id: z.string(),
    subject: z.string(),
    start_time: localInstant,
    end_time: localInstant,
    is_all_day: z.boolean(),
    location: z.string(),
    attendees: z.array(
      z.object({ name: z.string(), email: z.string(), status: z.enum(['none', 'accepted', 'declined', 'tentative', 'organizer']) }),
    ),
    is_online_meeting: z.boolean(),
    web_link: z.string().describe('Where the owner sees it; empty when the vendor names no address'),
    body: z.string().describe('Plain text'),
  })
  .meta({ id: 'CalendarEvent', examples: [EXAMPLE] })

export const EntryList = z
  .object({ status: z.literal('success'), total_events: z.int(), events: z.array(EntryBody) })
  .meta({ examples: [{ status: 'success', total_events: 1, events: [EXAMPLE] }] })

export const Booked = z
  .object({
    status: z.literal('success'),
    success: z.literal(true),
    message: z.string(),
    event_id: z.string(),
    calendar_link: z.string(),
    event: EntryBody,
  })
  .meta({
    examples: [
      {
        status: 'success',
        success: true,
        message: 'Appointment created.',
        event_id: EXAMPLE.id,
        calendar_link: EXAMPLE.web_link,
        event: EXAMPLE,
      },
    ],
  })

/** A calendar entry as the frontend reads it. @param timeZone IANA name of the owner's zone */
export function entryBody(entry: Omit<CalendarEntry, 'busy'>, timeZone: string): z.infer<typeof EntryBody> {
  return {
    id: entry.id,
    // The frontend shows a line for each entry; an empty one could not be told from a fault.
    subject: oneLine(entry.subject, LONGEST_LINE) || '(No title)',
    start_time: offsetTime(entry.startsAt, timeZone),
    end_time: offsetTime(entry.endsAt, timeZone),
    is_all_day: entry.isAllDay,
    location: oneLine(entry.location, LONGEST_LINE),
    attendees: entry.attendees.map(({ name, email, status }) => ({
      name: oneLine(name, LONGEST_LINE),
      email: oneLine(email, LONGEST_LINE),
      status,
    })),
    is_online_meeting: entry.isOnlineMeeting,
    web_link: entry.link ?? '',
    body: plainLines(entry.body, LONGEST_BODY),
  }
}
