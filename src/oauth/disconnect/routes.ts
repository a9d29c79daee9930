import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import { done, type RoutePlugin } from '../../http/zod.ts'
import { labelOf, VENDORS } from '../../vendors.ts'
import { disconnectVendor } from '../connections.ts'

interface Options {
  /** It is served under more than one address. */
  operationId: string
}

/** Disconnecting, whatever is connected. */
export const disconnectRoutes: RoutePlugin<Options> = async (app, { deps, operationId }) => {
  signedInOnly(app, deps)

  app.delete(
    '/disconnect',
    {
      schema: {
        operationId,
        tags: ['calendar'],
        summary: "Forgets the destination's vendor, or the named one; nothing connected is success too",
        security: [{ user: [] }],
        querystring: z.object({ provider: z.enum(VENDORS).optional() }),
        response: { 200: done('Google Calendar disconnected.') },
      },
    },
    async ({ user, query }) => {
      const provider = await disconnectVendor(deps, user.clerkUserId, query.provider)
      return {
        success: true as const,
        message: provider === undefined ? 'No calendar was connected.' : `${labelOf(provider)} disconnected.`,
      }
    },
  )
}
