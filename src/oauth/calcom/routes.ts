import * as z from 'zod'
import { businessOf } from '../../businesses/businesses.ts'
import { signedInOnly } from '../../http/auth.ts'
import { limitUser } from '../../http/limits.ts'
import { problems, type RoutePlugin, rowUuid } from '../../http/zod.ts'
import { asksForJson, ConsentPage } from '../consent-body.ts'
import { startConnecting } from '../start.ts'
import { startQuery } from '../start-query.ts'

const AskedToConnect = startQuery('calcom', false).extend({
  businessId: rowUuid.optional().describe('One of her businesses, as `GET /businesses` lists them'),
})

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
another. At the end the browser stands at \`/dashboard\` of \`redirect_url\`, else of the frontend, with \`success=calcom_connected\`, or with a sentence in \`error\`. A browser that
cannot send a token opens the link of \`POST /calendar/calcom/auth/ticket\` instead.`,
        security: [{ user: [] }],
        querystring: AskedToConnect,
        response: {
          200: ConsentPage.describe('With "Accept: application/json"'),
          307: z.null().describe('Location is the consent page'),
          ...problems(404),
        },
      },
    },
    async ({ headers, query, user: { clerkUserId } }, reply) => {
      const { businessId, redirect_url: returnOrigin = config.frontendUrl, role, provider } = query
      if (businessId !== undefined) await businessOf(deps, clerkUserId, businessId)
      const page = await startConnecting(deps, { clerkUserId, provider, role, returnOrigin })
      if (asksForJson(headers.accept)) return { authorization_url: page.href }
      return reply.redirect(page.href, 307)
    },
  )
}
