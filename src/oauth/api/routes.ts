import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import { instant, problems, type RoutePlugin } from '../../http/zod.ts'
import { labelOf } from '../../vendors.ts'
import { finishConnectingAs } from '../connect.ts'
import { connectionStatus } from '../status.ts'

const Status = z
  .object({
    connected: z.boolean().describe('Tokens are stored and work, now or after a refresh'),
    provider: z.string().nullable(),
    calendar_email: z.string().nullable().describe('Of the connected account'),
    calendar_id: z.string().nullable().describe('Where bookings go'),
    scopes: z.array(z.string()).describe("What was granted, in the vendor's words"),
    expires_at: instant.nullable().describe('Of the access token; it is renewed by itself'),
    verified: z.boolean().describe('The calendar was read within the last minute'),
    last_checked_at: instant.nullable().describe('When it was last read'),
    error: z.string().nullable().describe('Why it could not be read, and what to do'),
  })
  .meta({
    examples: [
      {
        connected: true,
        provider: 'google',
        calendar_email: 'dana.viewings@gmail.com',
        calendar_id: 'dana.viewings@gmail.com',
        scopes: ['openid', 'email', 'https://www.googleapis.com/auth/calendar.events'],
        expires_at: '2026-12-01T16:00:00.000Z',
        verified: true,
        last_checked_at: '2026-12-01T15:00:00.000Z',
        error: null,
      },
    ],
  })

const SentBack = z
  .object({
    state: z.string().max(200),
    code: z.string().max(4096).optional(),
    error: z.string().max(200).optional().describe('What the vendor sent in place of a code'),
    iss: z.string().max(500).optional().describe('To be handed on where the vendor sent it'),
  })
  .refine(({ code, error }) => code !== undefined || error !== undefined, 'send the code that the vendor sent')
  .meta({ examples: [{ code: '4/0AeanS0Z', state: 'jkQ0yHqA5Zt1qk0p1eJ7m3v8b2c9d4f6g8h0i2k4l6m' }] })

const Connected = z
  .object({ success: z.literal(true), message: z.string(), provider: z.string() })
  .meta({ examples: [{ success: true, message: 'Google Calendar is connected.', provider: 'google' }] })

/** The connection of the signed-in user under the addresses of a frontend that keeps one integration per user. */
export const integrationRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['calendar']
  signedInOnly(app, deps)

  app.get(
    '/status',
    {
      schema: {
        operationId: 'integrationStatus',
        tags,
        summary: 'Whether bookings have a calendar to go to, and whether it can be read',
        security,
        response: { 200: Status },
      },
    },
    async ({ user }) => {
      const status = await connectionStatus(deps, user.clerkUserId)
      const connection = status?.connection
      return {
        connected: status?.authorized ?? false,
        provider: connection?.provider ?? null,
        calendar_email: connection?.calendarEmail ?? null,
        calendar_id: connection?.calendarId ?? null,
        scopes: connection?.scopes ?? [],
        expires_at: connection?.expiresAt.toISOString() ?? null,
        verified: status?.verified ?? false,
        last_checked_at: connection?.verifiedAt?.toISOString() ?? null,
        error: status?.problem?.text ?? null,
      }
    },
  )

  app.post(
    '/callback',
    {
      schema: {
        operationId: 'finishIntegration',
        tags,
        summary: 'Connects the calendar with what a page was sent back with by the vendor',
        description: `For an installation that puts a page of its frontend at the redirect URI (the callback below \`BASE_URL\` that is registered at the
vendor), which hands on \`code\` and \`state\` from its address. The sign-in is begun by \`GET /calendar/auth/start\` as ever, with \`provider\` in its query,
and must have been begun by the same user: the state works once, for ten minutes, and for her alone. Everywhere else the vendor sends the browser to this service
itself, which connects the calendar and sends the browser on; there nothing is left to be posted here, and a code that was issued for any
other redirect URI is refused by the vendor.`,
        security,
        body: SentBack,
        response: { 200: Connected, ...problems(403, 409, 502) },
      },
    },
    async ({ user, body }) => {
      const { state, code, error, iss } = body
      const provider = await finishConnectingAs(deps, user.clerkUserId, { state, code, error, iss })
      return { success: true as const, message: `${labelOf(provider)} is connected.`, provider }
    },
  )
}
