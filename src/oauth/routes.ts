import * as z from 'zod'
import type { User } from '../db/users.ts'
import { signedInOnly } from '../http/auth.ts'
import { limitUser } from '../http/limits.ts'
import { problemOf } from '../http/problem.ts'
import { instant, ReturnTo, type RoutePlugin } from '../http/zod.ts'
import { finishConnecting } from './connect.ts'
import { disconnect } from './disconnect.ts'
import { startConnecting } from './start.ts'
import { type ConnectionStatus, connectionStatus } from './status.ts'
import { ticketRoutes } from './tickets/routes.ts'

interface Options {
  /** The vendor that these routes connect. */
  provider: string
  label: string
  /** Does `status` tell of whichever vendor is connected, or of this one alone? */
  statusOfAny: boolean
}

const Status = z
  .object({
    user_id: z.string(),
    user_email: z.string(),
    authorized: z.boolean(),
    token_valid: z.boolean(),
    provider: z.string().nullable(),
    calendar_email: z.string().nullable(),
    calendar_name: z.string().nullable(),
    calendar_id: z.string().nullable(),
    calendar_link: z.string().nullable(),
    calendar_verified: z.boolean(),
    calendar_error: z.string().nullable(),
    expires_at: instant.nullable(),
    expires_at_formatted: z.string().nullable(),
  })
  .meta({ id: 'CalendarStatus' })

/** Connecting a calendar account of one vendor. Registered once per vendor. */
export const oauthRoutes: RoutePlugin<Options> = async (app, options) => {
  const { deps, provider, label } = options
  await app.register(signedInRoutes, { ...options, prefix: '' })
  await app.register(ticketRoutes, { ...options, prefix: '' })

  app.get(
    '/callback',
    {
      schema: {
        operationId: `${provider}Callback`,
        tags: ['calendar'],
        summary: `${label} sends the browser back here; it goes on to the frontend's /users page`,
        // A vendor may add parameters of its own; of a doubled one none is believed.
        querystring: z.object({
          code: z.string().max(4096).optional().catch(undefined),
          state: z.string().max(200).optional().catch(undefined),
          error: z.string().max(200).optional().catch(undefined),
          iss: z.string().max(500).optional().catch(undefined),
        }),
        response: { 302: z.null().describe('To the frontend, with auth=success or auth=error') },
      },
    },
    async (request, reply) => {
      const { returnOrigin, failure } = await finishConnecting(deps, provider, request.query)
      const target = new URL('/users', returnOrigin)
      target.searchParams.set('auth', failure ? 'error' : 'success')
      target.searchParams.set('message', failure ? problemOf(failure, request).error.text : `${label} is connected.`)
      return reply.redirect(target.href, 302)
    },
  )
}

const signedInRoutes: RoutePlugin<Options> = async (app, { deps, provider, label, statusOfAny }) => {
  const { config } = deps
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/start',
    {
      preHandler: limitUser(deps, 'oauth-start', config.limits.oauthStartsPerMinute),
      schema: {
        operationId: `${provider}Start`,
        tags: ['calendar'],
        summary: `Begins connecting ${label}: a redirect to the page where access is granted`,
        security,
        querystring: ReturnTo,
        response: { 307: z.null().describe('Location is the consent page') },
      },
    },
    async ({ query, user }, reply) => {
      const flow = { clerkUserId: user.clerkUserId, provider, returnOrigin: query.redirect_url ?? config.frontendUrl }
      const page = await startConnecting(deps, flow)
      return reply.redirect(page.href, 307)
    },
  )

  app.get(
    '/status',
    {
      schema: {
        operationId: `${provider}Status`,
        tags: ['calendar'],
        summary: statusOfAny ? 'Which calendar is connected, and whether it can be read' : `Whether ${label} is connected and can be read`,
        security,
        response: { 200: Status },
      },
    },
    async ({ user }) => {
      const status = await connectionStatus(deps, user.clerkUserId, statusOfAny ? undefined : provider)
      return statusBody(user, status, user.timeZone ?? status?.connection.timeZone ?? config.defaultTimeZone)
    },
  )

  app.delete(
    '/disconnect',
    {
      schema: {
        operationId: `${provider}Disconnect`,
        tags: ['calendar'],
        summary: `Forgets ${label} and ends the grant there; nothing connected is success too`,
        security,
        response: { 200: z.object({ success: z.literal(true), message: z.string() }) },
      },
    },
    async ({ user }) => {
      await disconnect(deps, user.clerkUserId, (connection) => connection.provider === provider)
      return { success: true as const, message: `${label} disconnected.` }
    },
  )
}

function statusBody(user: User, status: ConnectionStatus | undefined, timeZone: string): z.infer<typeof Status> {
  const connection = status?.connection
  return {
    user_id: user.clerkUserId,
    user_email: user.email ?? connection?.calendarEmail ?? user.clerkUserId,
    authorized: status?.authorized ?? false,
    token_valid: status?.authorized ?? false,
    provider: connection?.provider ?? null,
    calendar_email: connection?.calendarEmail ?? null,
    calendar_name: connection?.calendarName ?? null,
    calendar_id: connection?.calendarId ?? null,
    calendar_link: connection?.calendarLink ?? null,
    calendar_verified: status?.verified ?? false,
    calendar_error: status?.problem?.text ?? null,
    expires_at: connection?.expiresAt.toISOString() ?? null,
    expires_at_formatted: connection ? formatted(connection.expiresAt, timeZone) : null,
  }
}

function formatted(at: Date, timeZone: string): string {
  const time = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: '2-digit' }).format(at)
  const day = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', month: 'long', day: 'numeric' }).format(at)
  return `${time} on ${day}`
}
