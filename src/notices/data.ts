import * as z from 'zod'
import type { Booking } from '../db/bookings.ts'
import type { CallerMessage } from '../db/caller-messages.ts'
import type { Connection } from '../db/connections.ts'
import { detail, oneLine, plainLines } from '../one-line.ts'

// What notices carry for programs: `data` of a webhook, in the names of the wire. Fields may be added; none goes or changes its meaning.

const instant = z.iso.datetime()
const Customer = z.object({ name: z.string().nullable(), phone: z.string().nullable(), email: z.string().nullable() })

export const BookingData = z.object({
  booking: z
    .object({
      id: z.uuid().describe('Of the appointment, as GET /bookings/{id} has it; it stays when the appointment is moved'),
      subject: z.string(),
      address: z.string().nullable(),
      start_time: instant,
      end_time: instant,
      time_zone: z.string().describe('IANA name: the zone in which it was agreed'),
      customer: Customer,
    })
    .describe('As it was right after what is told'),
  made_by: z.enum(['caller', 'owner']),
  previous_start_time: instant.optional().describe('booking_moved: when it was to begin before'),
  failure: z.string().optional().describe('booking_failed: a code of errors'),
  wanted: z.enum(['move', 'cancel']).optional().describe('change_failed: what the caller had asked for'),
})

export type BookingData = z.infer<typeof BookingData>

export const MessageData = z.object({
  message: z.object({
    id: z.uuid(),
    caller_name: z.string().nullable(),
    phone: z.string().nullable(),
    email: z.string().nullable(),
    message: z.string(),
    wished_time: z.string().nullable(),
  }),
})

export const ConnectionData = z.object({
  connection: z.object({ id: z.uuid(), provider: z.string(), calendar_email: z.string(), role: z.string() }),
})

type BookingPart = Pick<
  Booking,
  'appointmentId' | 'subject' | 'address' | 'startsAt' | 'endsAt' | 'timeZone' | 'customerName' | 'customerPhone' | 'customerEmail'
>

export function bookingData(booking: BookingPart): Pick<z.infer<typeof BookingData>, 'booking'> {
  const { appointmentId, subject, address, startsAt, endsAt, timeZone, customerName, customerPhone, customerEmail } = booking
  return {
    booking: {
      id: appointmentId,
      subject: oneLine(subject, 200),
      address: address === null ? null : oneLine(address, 300),
      start_time: startsAt.toISOString(),
      end_time: endsAt.toISOString(),
      time_zone: timeZone,
      customer: { name: customerName === null ? null : detail(customerName), phone: customerPhone, email: customerEmail },
    },
  }
}

type MessagePart = Pick<CallerMessage, 'id' | 'callerName' | 'phone' | 'callNumber' | 'email' | 'words' | 'wishedTime'>

export function messageData({ id, callerName, phone, callNumber, email, words, wishedTime }: MessagePart): z.infer<typeof MessageData> {
  const message = plainLines(words, 4000)
  return { message: { id, caller_name: callerName, phone: phone ?? callNumber, email, message, wished_time: wishedTime } }
}

type ConnectionPart = Pick<Connection, 'id' | 'provider' | 'calendarEmail' | 'role'>

export function connectionData({ id, provider, calendarEmail, role }: ConnectionPart): z.infer<typeof ConnectionData> {
  return { connection: { id, provider, calendar_email: oneLine(calendarEmail, 254), role } }
}
