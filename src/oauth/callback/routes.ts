import * as z from 'zod'
import { problemOf } from '../../http/problem.ts'
import type { RoutePlugin } from '../../http/zod.ts'
import { labelOf, type Vendor, vendors } from '../../vendors.ts'
import { finishConnecting } from '../connect.ts'
import { landing } from '../landing.ts'

/** Where a vendor sends the browser back to. */
export const callbackRoutes: RoutePlugin<{ provider: Vendor }> = async (app, { deps, provider }) => {
  const label = labelOf(provider)

  app.get(
    '',
    {
      schema: {
        operationId: `${provider}Callback`,
        tags: ['calendar'],
        summary: `${label} sends the browser back here; it goes on to the frontend's ${vendors[provider].landing} page`,
        // A vendor may add parameters of its own; of a doubled one none is believed.
        querystring: z.object({
          code: z.string().max(4096).optional().catch(undefined),
          state: z.string().max(200).optional().catch(undefined),
          error: z.string().max(200).optional().catch(undefined),
          iss: z.string().max(500).optional().catch(undefined),
        }),
        response: { 302: z.null().describe('To the frontend, with what became of it in the query') },
      },
    },
    async (request, reply) => {
      const { returnOrigin, failure } = await finishConnecting(deps, provider, request.query)
      const problem = failure === undefined ? undefined : problemOf(failure, request).error.text
      return reply.redirect(landing(provider, returnOrigin, problem).href, 302)
    },
  )
}
