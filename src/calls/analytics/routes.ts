import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import type { RoutePlugin } from '../../http/zod.ts'
import { bookingFigures, callFigures, latencyFigures } from '../analytics.ts'
import {
  BookingAnalytics,
  bookingAnalytics,
  CallAnalytics,
  callAnalytics,
  FunctionAnalytics,
  functionAnalytics,
} from '../analytics-body.ts'

const Query = z.object({
  from: z.iso.date().optional().describe("First day, in the business's zone. Left out: thirty days up to the last one"),
  to: z.iso.date().optional().describe('Last day, which counts too; left out: today. At most 366 days'),
})

/** Figures over the signed-in user's calls. */
export const analyticsRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['calls']
  signedInOnly(app, deps)

  app.get(
    '/calls',
    {
      schema: {
        operationId: 'analyseCalls',
        tags,
        summary: 'How many calls there were, when, why they ended, and how many became appointments',
        security,
        querystring: Query,
        response: { 200: CallAnalytics },
      },
    },
    async ({ user, query: { from, to } }) => callAnalytics(await callFigures(deps, user.clerkUserId, { from, to })),
  )

  app.get(
    '/bookings',
    {
      schema: {
        operationId: 'analyseBookings',
        tags,
        summary: 'How many appointments were made, by whom, for when, and what has become of them',
        security,
        querystring: Query,
        response: { 200: BookingAnalytics },
      },
    },
    async ({ user, query: { from, to } }) => bookingAnalytics(await bookingFigures(deps, user.clerkUserId, { from, to })),
  )

  app.get(
    '/functions',
    {
      schema: {
        operationId: 'analyseFunctions',
        tags,
        summary: 'How long function calls and requests to calendars took, and how often they failed',
        security,
        querystring: Query,
        response: { 200: FunctionAnalytics },
      },
    },
    async ({ user, query: { from, to } }) => functionAnalytics(await latencyFigures(deps, user.clerkUserId, { from, to })),
  )
}
