import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import { done, instant, problems, type RoutePlugin } from '../../http/zod.ts'
import { changeConnection, disconnectOne, type SeenConnection, seeConnections } from '../connections.ts'
import { Role } from '../start-query.ts'
import { labelOf } from '../../vendors.ts'

const OneCalendar = z.object({
  id: z.string(),
  name: z.string(),
  time_zone: z.string().nullable(),
  is_primary: z.boolean(),
  can_write: z.boolean().describe('Only such a calendar can take bookings'),
  selected: Role.nullable().describe('destination: bookings go there. busy: its busy times count. null: it is not looked at'),
})

const connectionExample = {
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
      selected: 'busy',
    },
    {
      id: 'viewings@group.calendar.google.com',
      name: 'Viewings',
      time_zone: 'America/Chicago',
      is_primary: false,
      can_write: true,
      selected: 'destination',
    },
  ],
}

const ConnectionBody = z
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

const ConnectionList = z.object({ connections: z.array(ConnectionBody) }).meta({ examples: [{ connections: [connectionExample] }] })

const calendarId = z.string().min(1).max(1024)
const Change = z
  .object({
    role: Role.optional().describe('destination: the former destination becomes busy'),
    calendar_id: calendarId
      .optional()
      .describe('Where bookings go. The one before goes on counting as busy, unless busy_calendar_ids says otherwise'),
    busy_calendar_ids: z.array(calendarId).max(20).optional().describe('All further calendars of the account whose busy times count'),
  })
  .meta({ examples: [{ calendar_id: 'viewings@group.calendar.google.com', busy_calendar_ids: ['dana.viewings@gmail.com'] }] })

// Any text: what is no id is nobody's connection.
const One = z.object({ id: z.string() })

/** The signed-in user's connected accounts, whatever the vendor. */
export const connectionRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/connections',
    {
      schema: {
        operationId: 'listConnections',
        tags: ['calendar'],
        summary: 'All connected accounts, the destination first: their calendars, their health, and which calendars count',
        security,
        response: { 200: ConnectionList },
      },
    },
    async ({ user }) => ({ connections: (await seeConnections(deps, user.clerkUserId)).map(bodyOf) }),
  )

  app.patch(
    '/connections/:id',
    {
      schema: {
        operationId: 'updateConnection',
        tags: ['calendar'],
        summary: 'Chooses where bookings go and which calendars count as busy',
        security,
        params: One,
        body: Change,
        response: { 200: ConnectionBody, ...problems(403, 409, 502) },
      },
    },
    async ({ user, params, body }) => {
      const { role, calendar_id: calendarId, busy_calendar_ids: busyCalendarIds } = body
      return bodyOf(await changeConnection(deps, user.clerkUserId, params.id, { role, calendarId, busyCalendarIds }))
    },
  )

  app.delete(
    '/connections/:id',
    {
      schema: {
        operationId: 'deleteConnection',
        tags: ['calendar'],
        summary: 'Forgets one account and ends its grant at the vendor',
        security,
        params: One,
        response: { 200: done('Google Calendar disconnected.') },
      },
    },
    async ({ user, params }) => {
      const { provider } = await disconnectOne(deps, user.clerkUserId, params.id)
      return { success: true as const, message: `${labelOf(provider)} disconnected.` }
    },
  )
}

function bodyOf({ connection, problem, calendars }: SeenConnection): z.infer<typeof ConnectionBody> {
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
      calendars?.map(({ id, name, timeZone, isMain, canWrite }) => ({
        id,
        name,
        time_zone: timeZone,
        is_primary: isMain,
        can_write: canWrite,
        selected: selected(id),
      })) ?? null,
  }
}
