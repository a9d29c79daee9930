import * as z from 'zod'
import { signedInOnly } from '../http/auth.ts'
import { limitUser } from '../http/limits.ts'
import { problemOf } from '../http/problem.ts'
import { done, type RoutePlugin } from '../http/zod.ts'
import { finishConnecting } from './connect.ts'
import { disconnectVendor } from './connections.ts'
import { startConnecting } from './start.ts'
import { startQuery } from './start-query.ts'
import { statusRoutes } from './status/routes.ts'
import { ticketRoutes } from './tickets/routes.ts'
import { labelOf, type Vendor } from './vendors.ts'

interface Options {
  /** The vendor that these routes connect. */
  provider: Vendor
  /** Are these also the routes of no vendor in particular? Then `start` takes another one's name, and `status` tells of whichever is connected. */
  general: boolean
}

/** Connecting a calendar account of one vendor. Registered once per vendor. */
export const oauthRoutes: RoutePlugin<Options> = async (app, options) => {
  const { deps, provider } = options
  const label = labelOf(provider)
  await app.register(signedInRoutes, { ...options, prefix: '' })
  await app.register(statusRoutes, { ...options, prefix: '' })
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

const ConsentPage = z.object({ authorization_url: z.url() }).meta({
  examples: [
    { authorization_url: 'https://accounts.google.com/o/oauth2/v2/auth?client_id=123.apps.googleusercontent.com&response_type=code' },
  ],
})

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

/** By name: whoever takes anything, as the frontend does, gets the redirect. */
function asksForJson(accept = ''): boolean {
  return accept.split(',').some((one) => {
    const [type = '', ...parameters] = one.toLowerCase().split(';')
    return type.trim() === 'application/json' && !parameters.some((parameter) => /^\s*q\s*=\s*0(\.0*)?\s*$/.test(parameter))
  })
}
