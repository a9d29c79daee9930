import * as z from 'zod'
import { signedInOnly } from '../http/auth.ts'
import { limitUser } from '../http/limits.ts'
import { done, type RoutePlugin } from '../http/zod.ts'
import { labelOf, type Vendor } from '../vendors.ts'
import { disconnectVendor } from './connections.ts'
import { asksForJson, ConsentPage } from './consent-body.ts'
import { startConnecting } from './start.ts'
import { startQuery } from './start-query.ts'
import { statusRoutes } from './status/routes.ts'
import { ticketRoutes } from './tickets/routes.ts'

interface Options {
  /** The vendor that these routes connect. */
  provider: Vendor
  /** Are these also the routes of no vendor in particular? Then `start` takes another one's name, and `status` tells of whichever is connected. */
  general: boolean
}

/** Connecting a calendar account of one vendor, but for the callback, whose address is registered there. Registered once per vendor. */
export const oauthRoutes: RoutePlugin<Options> = async (app, options) => {
  await app.register(signedInRoutes, { ...options, prefix: '' })
  await app.register(statusRoutes, { ...options, prefix: '' })
  await app.register(ticketRoutes, { ...options, prefix: '' })
}

const signedInRoutes: RoutePlugin<Options> = async (app, { deps, provider, general }) => {
  const { config } = deps
  const label = labelOf(provider)
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/start',
    {
      preHandler: limitUser(deps, 'oauth-start', config.limits.oauthStartsPerMinute),
      schema: {
        operationId: `${provider}Start`,
        tags: ['calendar'],
        summary: `Begins connecting ${label}: a redirect to the page where access is granted, or its address as JSON where that is asked for`,
        security,
        querystring: startQuery(provider, general),
        response: {
          200: ConsentPage.describe('With "Accept: application/json"'),
          307: z.null().describe('Location is the consent page'),
        },
      },
    },
    async ({ headers, query, user }, reply) => {
      const { redirect_url: returnOrigin = config.frontendUrl, role } = query
      const page = await startConnecting(deps, { clerkUserId: user.clerkUserId, provider: query.provider, role, returnOrigin })
      if (asksForJson(headers.accept)) return { authorization_url: page.href }
      return reply.redirect(page.href, 307)
    },
  )

  app.delete(
    '/disconnect',
    {
      schema: {
        operationId: `${provider}Disconnect`,
        tags: ['calendar'],
        summary: `Forgets all accounts of ${label} and ends the grants there; nothing connected is success too`,
        security,
        response: { 200: done(`${label} disconnected.`) },
      },
    },
    async ({ user }) => {
      await disconnectVendor(deps, user.clerkUserId, provider)
      return { success: true as const, message: `${label} disconnected.` }
    },
  )
}
