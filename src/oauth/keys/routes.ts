import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import { limitUser } from '../../http/limits.ts'
import { problems, type RoutePlugin } from '../../http/zod.ts'
import { labelOf, type Vendor } from '../../vendors.ts'
import { connectByKey } from '../connect-by-key.ts'
import { ConnectionBody, connectionBody } from '../connection-body.ts'
import { seeConnection } from '../connections.ts'
import { Role } from '../start-query.ts'

interface Options {
  /** A vendor whose accounts have keys. */
  provider: Vendor
}

const NewKey = z
  .object({
    api_key: z
      .string()
      .trim()
      .regex(/^[\x21-\x7e]{8,300}$/, 'A key from the settings of the account: 8 to 300 characters without spaces')
      .describe('It is tried before it is saved, stored encrypted and never shown'),
    role: Role.default('destination').describe(
      'destination: bookings go to this account, in place of the one before. busy: adds it, its busy times count',
    ),
  })
  .meta({ examples: [{ api_key: 'cal_live_0a1b2c3d4e5f60718293a4b5c6d7e8f9', role: 'destination' }] })

/** Connecting an account by a key of its own, in place of signing in at the vendor. Registered once per vendor that gives such keys. */
export const keyRoutes: RoutePlugin<Options> = async (app, { deps, provider }) => {
  signedInOnly(app, deps)

  app.put(
    '/',
    {
      preHandler: limitUser(deps, 'oauth-start', deps.config.limits.oauthStartsPerMinute),
      schema: {
        operationId: `${provider}Key`,
        tags: ['calendar'],
        summary: `Connects ${labelOf(provider)} by a key of the account; a new key of an account that is connected takes the place of the old`,
        security: [{ user: [] }],
        body: NewKey,
        response: { 200: ConnectionBody, ...problems(403, 409, 502) },
      },
    },
    async ({ user: { clerkUserId }, body: { api_key: key, role } }) => {
      const id = await connectByKey(deps, { clerkUserId, provider, role }, key)
      return connectionBody(await seeConnection(deps, clerkUserId, id))
    },
  )
}
