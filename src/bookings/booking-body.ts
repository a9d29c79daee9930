import * as z from 'zod'
import { localInstant } from '../calendar/entry-body.ts'
import { offsetTime } from '../calendar/zone.ts'
import { shownCallId } from '../call-id.ts'
import type { Booking } from '../db/bookings.ts'
import type { Change } from '../db/changes.ts'
import { instant } from '../http/zod.ts'

/** What becomes of an appointment, as it is called outside. */
export const STATUSES = ['pending', 'confirmed', 'cancelled', 'completed', 'no_show', 'failed'] as const
export type Status = (typeof STATUSES)[number]

export const bookingExample = {
  id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
  status: 'confirmed' as const,
  subject: 'Viewing, 12 Elm St, Ana Ruiz',
  start_time: '2026-12-01T09:00:00-06:00',
  end_time: '2026-12-01T09:30:00-06:00',
  time_zone: 'America/Chicago',
  address: '12 Elm St',
  notes: null,
  customer: { name: 'Ana Ruiz', email: null, phone: '+13125550142' },
  guests: [],
  booked_by: 'caller' as const,
  call_id: '0f3c1b1e-7a52-4a8e-9a51-1f7f0d2c6e11',
  event_id: 'bk5a1c7a529d2b4f3a8f0e6b1d6c1f4e21',
  calendar_link: 'https://www.google.com/calendar/event?eid=YmsxMjM0',
  created_at: '2026-11-29T23:00:00.000Z',
  cancelled_at: null,
}

export const changeExample = {
  id: '7c0e7a52-1d2b-4f3a-8f0e-6b1d6c1f4e99',
  kind: 'move' as const,
  state: 'done' as const,
  failure: null,
  made_by: 'caller' as const,
  call_id: '0f3c1b1e-7a52-4a8e-9a51-1f7f0d2c6e11',
  old_start_time: '2026-12-01T08:00:00-06:00',
  old_end_time: '2026-12-01T08:30:00-06:00',
  new_start_time: '2026-12-01T09:00:00-06:00',
  new_end_time: '2026-12-01T09:30:00-06:00',
  created_at: '2026-11-29T23:05:00.000Z',
}

const person = { name: z.string(), email: z.string() }
const shape = {
  id: z.uuid().describe('Of the appointment; stays the same when it is moved, or cancelled and restored'),
  status: z.enum(STATUSES).describe('pending: the time is kept, and whether the calendar has the event is being found out'),
  subject: z.string(),
  start_time: localInstant,
  end_time: localInstant,
  time_zone: z.string().describe('IANA name; the zone in which it was agreed'),
  address: z.string().nullable(),
  notes: z.string().nullable(),
  customer: z.object({ name: z.string().nullable(), email: z.string().nullable(), phone: z.string().nullable() }),
  guests: z.array(z.object(person)),
  booked_by: z.enum(['caller', 'owner']),
  call_id: z.string().nullable().describe("In which call it was booked, by Vapi's id: `/calls/{id}` takes it"),
  event_id: z.string().nullable().describe("The calendar vendor's id of the event"),
  calendar_link: z.string().nullable(),
  created_at: instant,
  cancelled_at: instant.nullable(),
}

export const BookingBody = z.object(shape).meta({ id: 'Booking', examples: [bookingExample] })

export const BookingPage = z
  .object({
    bookings: z.array(BookingBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ bookings: [bookingExample], next_cursor: null }] })

export const ChangeBody = z.object({
  id: z.uuid(),
  kind: z.enum(['move', 'cancel']),
  state: z.enum(['open', 'done', 'failed']).describe('open: whether the calendar has done it is being found out'),
  failure: z.string().nullable().describe('The code of what went wrong'),
  made_by: z.enum(['caller', 'owner']),
  call_id: z.string().nullable().describe('In which call it was asked for'),
  old_start_time: localInstant,
  old_end_time: localInstant,
  new_start_time: localInstant.nullable(),
  new_end_time: localInstant.nullable(),
  created_at: instant,
})

export const BookingDetail = z
  .object({
    ...shape,
    confirmation_code: z.string().describe('What the caller was told, and proves the appointment with'),
    changes: z.array(ChangeBody).describe('Every move and cancel that was asked for, latest first'),
  })
  .meta({ id: 'BookingDetail', examples: [{ ...bookingExample, confirmation_code: '471926', changes: [changeExample] }] })

export function bookingBody(booking: Booking): z.infer<typeof BookingBody> {
  const { timeZone } = booking
  return {
    id: booking.appointmentId,
    status: z.enum(STATUSES).parse(booking.status === 'held' ? 'pending' : booking.status),
    subject: booking.subject,
    start_time: offsetTime(booking.startsAt, timeZone),
    end_time: offsetTime(booking.endsAt, timeZone),
    time_zone: timeZone,
    address: booking.address,
    notes: booking.notes,
    customer: { name: booking.customerName, email: booking.customerEmail, phone: booking.customerPhone },
    guests: booking.guests,
    booked_by: booking.bookedBy === 'owner' ? 'owner' : 'caller',
    call_id: shownCallId(booking.vapiCallId),
    event_id: booking.providerEventId,
    calendar_link: booking.providerEventLink,
    created_at: booking.createdAt.toISOString(),
    cancelled_at: booking.cancelledAt?.toISOString() ?? null,
  }
}

export function changeBody(change: Change, timeZone: string): z.infer<typeof ChangeBody> {
  return {
    id: change.id,
    kind: change.kind === 'move' ? 'move' : 'cancel',
    state: z.enum(['open', 'done', 'failed']).parse(change.state),
    failure: change.failure,
    made_by: change.madeBy === 'owner' ? 'owner' : 'caller',
    call_id: shownCallId(change.vapiCallId),
    old_start_time: offsetTime(change.oldStartsAt, timeZone),
    old_end_time: offsetTime(change.oldEndsAt, timeZone),
    new_start_time: change.newStartsAt && offsetTime(change.newStartsAt, timeZone),
    new_end_time: change.newEndsAt && offsetTime(change.newEndsAt, timeZone),
    created_at: change.createdAt.toISOString(),
  }
}
