import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { listEvents } from '../db/event-log.ts'
import { signedInOnly } from '../http/auth.ts'
import type { RoutePlugin } from '../http/zod.ts'
import { EventBody, eventBody, eventExample } from './event-body.ts'
import { ACTIONS } from './log.ts'

const EventPage = z
  .object({
    events: z.array(EventBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ events: [eventExample], next_cursor: '42' }] })

const Query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional()
    .describe('next_cursor of the page before'),
  action: z.enum(ACTIONS).optional(),
  subject_id: z
    .string()
    .max(200)
    .optional()
    .describe('Only what was done to this: an agent_id, the id of a booking, a message, a connection …'),
})

/** What was done in the name of the signed-in user, by whom and to what. Nobody can change or delete it. */
export const eventLogRoutes: RoutePlugin = async (app, { deps }) => {
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'readEventLog',
        tags: ['audit'],
        summary: 'The event log: who did what to what, latest first',
        security: [{ user: [] }],
        querystring: Query,
        response: { 200: EventPage },
      },
    },
    async ({ user: { clerkUserId }, query: { limit, cursor, action, subject_id: subjectId } }) => {
      const which = { atMost: limit + 1, before: cursor, action, subjectId }
      const found = await inTenant(deps.db, clerkUserId, (trx) => listEvents(trx, clerkUserId, which))
      const events = found.slice(0, limit)
      return { events: events.map(eventBody), next_cursor: found.length > limit ? String(events.at(-1)?.sequence) : null }
    },
  )
}
