import * as z from 'zod'
import type { User } from '../../db/users.ts'
import { signedInOnly } from '../../http/auth.ts'
import { instant, type RoutePlugin } from '../../http/zod.ts'
import { labelOf, type Vendor } from '../../vendors.ts'
import { type ConnectionStatus, connectionStatus } from '../status.ts'

interface Options {
  provider: Vendor
  /** Does it tell of whichever vendor is connected, or of this one alone? */
  general: boolean
}

const Status = z
  .object({
    user_id: z.string(),
    user_email: z.string().min(1),
    authorized: z.boolean().describe('Tokens are stored and work, now or after a refresh'),
    token_valid: z.boolean(),
    provider: z.string().nullable(),
    calendar_email: z.string().nullable().describe('Of the connected account, never of the signed-in user'),
    calendar_name: z.string().nullable(),
    calendar_id: z.string().nullable(),
    calendar_link: z.string().nullable(),
    calendar_verified: z.boolean().describe('The calendar was read within the last minute'),
    calendar_error: z.string().nullable().describe('Why it could not be read, and what to do'),
    expires_at: instant.nullable(),
    expires_at_formatted: z.string().nullable().describe("In the user's time zone"),
  })
  .meta({
    id: 'CalendarStatus',
    examples: [
      {
        user_id: 'user_2abc',
        user_email: 'dana@example.com',
        authorized: true,
        token_valid: true,
        provider: 'google',
        calendar_email: 'dana.viewings@gmail.com',
        calendar_name: 'Viewings',
        calendar_id: 'dana.viewings@gmail.com',
        calendar_link: 'https://calendar.google.com/calendar/r',
        calendar_verified: true,
        calendar_error: null,
        expires_at: '2025-11-01T16:00:00Z',
        expires_at_formatted: '11:00 AM on Saturday, November 1',
      },
    ],
  })

/** Whether bookings have a calendar to go to. */
export const statusRoutes: RoutePlugin<Options> = async (app, { deps, provider, general }) => {
  signedInOnly(app, deps)

  app.get(
    '/status',
    {
      schema: {
        operationId: `${provider}Status`,
        tags: ['calendar'],
        summary: general
          ? 'Which calendar is connected, and whether it can be read'
          : `Whether ${labelOf(provider)} is connected and can be read`,
        security: [{ user: [] }],
        response: { 200: Status },
      },
    },
    async ({ user }) => {
      const status = await connectionStatus(deps, user.clerkUserId, general ? undefined : provider)
      return bodyOf(user, status, user.timeZone ?? status?.connection.timeZone ?? deps.config.defaultTimeZone)
    },
  )
}

function bodyOf(user: User, status: ConnectionStatus | undefined, timeZone: string): z.infer<typeof Status> {
  const connection = status?.connection
  return {
    user_id: user.clerkUserId,
    user_email: user.email || user.clerkUserId, // the frontend wants some text here; the calendar's address would look like her own
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

/** "11:00 AM on Saturday, November 1": shown as it is, so with plain spaces, which Node's own have not always been. */
function formatted(at: Date, timeZone: string): string {
  const time = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: '2-digit' }).format(at)
  const day = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', month: 'long', day: 'numeric' }).format(at)
  return `${time} on ${day}`.replaceAll(/\s/g, ' ')
}
