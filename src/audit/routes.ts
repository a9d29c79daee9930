import * as z from 'zod'
import { shownCallId } from '../call-id.ts'
import { inTenant } from '../db/client.ts'
import { type ChainedEvent, listEvents } from '../db/event-log.ts'
import { signedInOnly } from '../http/auth.ts'
import { instant, type RoutePlugin } from '../http/zod.ts'
import { ACTIONS, SUBJECTS } from './log.ts'

const EXAMPLE = {
  id: '7c0d7c1e-52f0-4c35-9d0e-2f0a51c4a0b1',
  sequence: 42,
  at: '2026-11-29T23:00:00.000Z',
  actor: 'caller',
  call_id: '0b9f6f0e-3f0c-4d0e-9a55-3d2f1f6f0a11',
  action: 'booking.confirmed',
  subject_kind: 'booking',
  subject_id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
  details: {
    booking_id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
    start_time: '2026-12-01T15:00:00.000Z',
    end_time: '2026-12-01T15:30:00.000Z',
  },
}

const EventBody = z
  .object({
    id: z.uuid(),
    sequence: z.int().describe('Its place among all events of this user, from 1, without gaps'),
    at: instant,
    actor: z.string().describe('caller, owner, system (what is done without being asked for) or operator (who runs this installation)'),
    call_id: z.string().nullable().describe('Of the call in which a caller did it'),
    action: z.string().describe(`One of ${ACTIONS.join(', ')}; more may come`),
    subject_kind: z.string().describe(`One of ${SUBJECTS.join(', ')}; more may come`),
    subject_id: z.string(),
    details: z.record(z.string(), z.unknown()).describe('Ids, times and names of fields; never what identifies a caller'),
  })
  .meta({ id: 'LoggedEvent', examples: [EXAMPLE] })

const EventPage = z
  .object({
    events: z.array(EventBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ events: [EXAMPLE], next_cursor: '42' }] })

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
      return { events: events.map(bodyOf), next_cursor: found.length > limit ? String(events.at(-1)?.sequence) : null }
    },
  )
}

function bodyOf(event: ChainedEvent): z.input<typeof EventBody> {
  const { id, sequence, at, actor, vapiCallId, action, subjectKind, subjectId, details } = event
  return {
    id,
    sequence,
    at: at.toISOString(),
    actor,
    call_id: shownCallId(vapiCallId),
    action,
    subject_kind: subjectKind,
    subject_id: subjectKind === 'call' ? (shownCallId(subjectId) ?? subjectId) : subjectId,
    details,
  }
}
