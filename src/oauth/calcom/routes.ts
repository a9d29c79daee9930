import * as z from 'zod'
import { businessOf } from '../../businesses/businesses.ts'
import { signedInOnly } from '../../http/auth.ts'
import { limitUser } from '../../http/limits.ts'
import { problems, type RoutePlugin, rowUuid } from '../../http/zod.ts'
import { asksForJson, ConsentPage } from '../consent-body.ts'
import { startConnecting } from '../start.ts'

/** Connecting Cal.com under the address of a frontend that connects it business by business. */
export const calcomConnectRoutes: RoutePlugin = async (app, { deps }) => {
  const { config } = deps
  signedInOnly(app, deps)

  app.get(
    '/connect',
    {
      preHandler: limitUser(deps, 'oauth-start', config.limits.oauthStartsPerMinute),
      schema: {
        operationId: 'connectCalcomForBusiness',
        tags: ['calendar'],
        summary:
          'Begins connecting Cal.com: a redirect to the page where access is granted, or its address as JSON where that is asked for',
        description: `As \`GET /calendar/calcom/auth/start\`. The account is the signed-in user's and serves all her businesses: \`businessId\`, which may be left out, is
one of hers or nothing. Bookings go to the first event type of the account that takes them by itself; \`PATCH /calendar/connections/{id}\` chooses
another. At the end the browser stands at \`/dashboard\` of the frontend, with \`success=calcom_connected\`, or with a sentence in \`error\`. A browser that
cannot send a token opens the link of \`POST /calendar/calcom/auth/ticket\` instead.`,
        security: [{ user: [] }],
        querystring: z.object({ businessId: rowUuid.optional().describe('One of her businesses, as `GET /businesses` lists them') }),
        response: {
          200: ConsentPage.describe('With "Accept: application/json"'),
          307: z.null().describe('Location is the consent page'),
          ...problems(404),
        },
      },
    },
    async ({ headers, query, user: { clerkUserId } }, reply) => {
      if (query.businessId !== undefined) await businessOf(deps, clerkUserId, query.businessId)
      const flow = { clerkUserId, provider: 'calcom', role: 'destination' as const, returnOrigin: config.frontendUrl }
      const page = await startConnecting(deps, flow)
      if (asksForJson(headers.accept)) return { authorization_url: page.href }
      return reply.redirect(page.href, 307)
    },
  )
}
