import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { listConnections } from '../db/connections.ts'
import { signedInOnly } from '../http/auth.ts'
import { instant, type RoutePlugin } from '../http/zod.ts'

const Me = z
  .object({
    user_id: z.uuid(),
    clerk_user_id: z.string(),
    email: z.string(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    full_name: z.string().nullable(),
    created_at: instant,
    updated_at: instant,
    microsoft_calendar_connected: z.boolean(),
    google_calendar_connected: z.boolean(),
  })
  .meta({ id: 'User' })

/** The signed-in user. */
export const userRoutes: RoutePlugin = async (app, { deps }) => {
  signedInOnly(app, deps)

  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        tags: ['users'],
        summary: 'Who is signed in; her record is made on first sight',
        security: [{ user: [] }],
        response: { 200: Me },
      },
    },
    async ({ user }) => {
      const connections = await inTenant(deps.db, user.clerkUserId, (trx) => listConnections(trx, user.clerkUserId))
      const connected = (provider: string) => connections.some((one) => one.provider === provider && one.state === 'active')
      return {
        user_id: user.id,
        clerk_user_id: user.clerkUserId,
        email: user.email ?? '',
        first_name: user.firstName,
        last_name: user.lastName,
        full_name: user.fullName,
        created_at: user.createdAt.toISOString(),
        updated_at: user.updatedAt.toISOString(),
        microsoft_calendar_connected: connected('microsoft'),
        google_calendar_connected: connected('google'),
      }
    },
  )
}
