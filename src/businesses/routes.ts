import * as z from 'zod'
import { signedInOnly } from '../http/auth.ts'
import { problems, type RoutePlugin, rowUuid } from '../http/zod.ts'
import { BusinessBody, BusinessChange, BusinessList, bodyOf, NewBusiness, valuesOf } from './business-body.ts'
import { addBusiness, businessesOf, businessOf, changeBusiness } from './businesses.ts'

const params = z.object({ business_id: rowUuid })

/** The businesses of the signed-in user: when they are open and what may be booked there. */
export const businessRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['businesses']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listBusinesses',
        tags,
        summary: 'The businesses of the signed-in user, oldest first; the first was made with her and holds where no number tells another',
        security,
        response: { 200: BusinessList },
      },
    },
    async ({ user }) => ({ businesses: (await businessesOf(deps, user.clerkUserId)).map(bodyOf) }),
  )

  app.post(
    '/',
    {
      schema: {
        operationId: 'createBusiness',
        tags,
        summary: 'A further business; what is not sent begins with the usual rules',
        security,
        body: NewBusiness,
        response: { 201: BusinessBody, ...problems(409) },
      },
    },
    async ({ user, body }, reply) => {
      const business = await addBusiness(deps, user.clerkUserId, { ...valuesOf(body), name: body.name })
      reply.code(201)
      return bodyOf(business)
    },
  )

  app.get(
    '/:business_id',
    { schema: { operationId: 'getBusiness', tags, summary: 'One business', security, params, response: { 200: BusinessBody } } },
    async ({ user, params }) => bodyOf(await businessOf(deps, user.clerkUserId, params.business_id)),
  )

  app.patch(
    '/:business_id',
    {
      schema: {
        operationId: 'updateBusiness',
        tags,
        summary: 'Changes what is sent; opening hours, overrides and windows are replaced whole. It holds from the next offer on',
        security,
        params,
        body: BusinessChange,
        response: { 200: BusinessBody, ...problems(409) },
      },
    },
    async ({ user, params, body }) => bodyOf(await changeBusiness(deps, user.clerkUserId, params.business_id, valuesOf(body))),
  )
}
