import * as z from 'zod'
import { instant } from '../http/zod.ts'
import type { SeenConnection } from './connections.ts'
import { Role } from './start-query.ts'

const OneCalendar = z.object({
  id: z.string(),
  name: z.string(),
  time_zone: z.string().nullable(),
  is_primary: z.boolean(),
  can_write: z.boolean().describe('Only such a calendar can take bookings'),
  appointment_minutes: z.array(z.number()).describe('The lengths of appointments that it takes, the usual one first; none: any'),
  selected: Role.nullable().describe('destination: bookings go there. busy: its busy times count. null: it is not looked at'),
})

/** For the documentation. */
export const connectionExample = {
  id: '5f0c8f3e-5d1b-4c57-9a0e-1b6d2f7f4c21',
  provider: 'google',
  role: 'destination',
  calendar_email: 'dana.viewings@gmail.com',
  calendar_id: 'viewings@group.calendar.google.com',
  calendar_name: 'Viewings',
  calendar_link: 'https://calendar.google.com/calendar/r',
  time_zone: 'America/Chicago',
  busy_calendar_ids: ['dana.viewings@gmail.com'],
  state: 'active',
  token_refreshed_at: '2025-11-01T15:00:00.000Z',
  expires_at: '2025-11-01T16:00:00.000Z',
  last_checked_at: '2025-11-01T15:20:00.000Z',
  last_error: null,
  last_error_text: null,
  calendars: [
    {
      id: 'dana.viewings@gmail.com',
      name: 'Dana',
      time_zone: 'America/Chicago',
      is_primary: true,
      can_write: true,
      appointment_minutes: [],
      selected: 'busy',
    },
    {
      id: 'viewings@group.calendar.google.com',
      name: 'Viewings',
      time_zone: 'America/Chicago',
      is_primary: false,
      can_write: true,
      appointment_minutes: [],
      selected: 'destination',
    },
  ],
}

export const ConnectionBody = z
  .object({
    id: z.uuid(),
    provider: z.string(),
    role: Role.describe('destination: bookings go there. busy: only its busy times count'),
    calendar_email: z.string().describe('Of the account'),
    calendar_id: z.string(),
    calendar_name: z.string(),
    calendar_link: z.string(),
    time_zone: z.string().nullable(),
    busy_calendar_ids: z.array(z.string()).describe('Further calendars of the account whose busy times count'),
    state: z.string().describe('active, or reconnect: only connecting it again helps'),
    token_refreshed_at: instant.describe('When the vendor last gave tokens'),
    expires_at: instant.describe('Of the access token, which is renewed before'),
    last_checked_at: instant.nullable().describe('The last time that its calendars could be read'),
    last_error: z.string().nullable().describe('Code of what is wrong now'),
    last_error_text: z.string().nullable().describe('The same for people, with what to do'),
    calendars: z.array(OneCalendar).nullable().describe('All that the account has; null when the vendor does not tell now'),
  })
  .meta({ id: 'Connection', examples: [connectionExample] })

export function connectionBody({ connection, problem, calendars }: SeenConnection): z.infer<typeof ConnectionBody> {
  const role = connection.role === 'destination' ? 'destination' : 'busy'
  const selected = (id: string) => (id === connection.calendarId ? role : connection.busyCalendarIds.includes(id) ? 'busy' : null)
  return {
    id: connection.id,
    provider: connection.provider,
    role,
    calendar_email: connection.calendarEmail,
    calendar_id: connection.calendarId,
    calendar_name: connection.calendarName,
    calendar_link: connection.calendarLink,
    time_zone: connection.timeZone,
    busy_calendar_ids: connection.busyCalendarIds,
    state: connection.state,
    token_refreshed_at: connection.tokenRefreshedAt.toISOString(),
    expires_at: connection.expiresAt.toISOString(),
    last_checked_at: connection.verifiedAt?.toISOString() ?? null,
    last_error: problem?.code ?? null,
    last_error_text: problem?.text ?? null,
    calendars:
      calendars?.map(({ id, name, timeZone, isMain, canWrite, minutes }) => ({
        id,
        name,
        time_zone: timeZone,
        is_primary: isMain,
        can_write: canWrite,
        appointment_minutes: minutes,
        selected: selected(id),
      })) ?? null,
  }
}
