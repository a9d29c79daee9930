import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import { done, problems, type RoutePlugin } from '../../http/zod.ts'
import { labelOf } from '../../vendors.ts'
import { ConnectionBody, connectionBody, connectionExample } from '../connection-body.ts'
import { changeConnection, disconnectOne, seeConnections } from '../connections.ts'
import { Role } from '../start-query.ts'

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
    async ({ user }) => ({ connections: (await seeConnections(deps, user.clerkUserId)).map(connectionBody) }),
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
      return connectionBody(await changeConnection(deps, user.clerkUserId, params.id, { role, calendarId, busyCalendarIds }))
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
