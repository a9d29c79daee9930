import * as z from 'zod'
import { CHANNELS, DELIVERY_STATES, type Delivery } from '../../db/notice-deliveries.ts'
import { signedInOnly } from '../../http/auth.ts'
import { instant, type RoutePlugin, rowUuid } from '../../http/zod.ts'
import { deliveriesOf, replayDelivery, replaySince } from '../deliveries.ts'

const EXAMPLE = {
  id: '7d1f0c2a-51b8-4b5e-8a53-0b9f6f0e3f0c',
  notice_id: '0b9f6f0e-3f0c-4d0e-9a55-3d2f1f6f0a11',
  kind: 'booking_created',
  channel: 'webhook' as const,
  recipient: 'owner' as const,
  state: 'dead' as const,
  attempts: 14,
  next_attempt_at: null,
  last_error: '503',
  sent_at: null,
  created_at: '2026-11-29T23:00:00.000Z',
}

const Channel = z.enum(CHANNELS)
const State = z.enum(DELIVERY_STATES)

const DeliveryBody = z
  .object({
    id: z.uuid(),
    notice_id: z.uuid(),
    kind: z.string(),
    channel: Channel,
    recipient: z.enum(['owner', 'customer']),
    state: State.describe(
      'waiting: it is being sent, or tried again; sent; dead: given up; unsure: the mail server may have it, so it is not sent again by itself',
    ),
    attempts: z.number().int(),
    next_attempt_at: instant.nullable().describe('While it waits'),
    last_error: z.string().nullable().describe('What kind of failure the last attempt had: an HTTP status, ETIMEDOUT, "RCPT TO 550", …'),
    sent_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'NoticeDelivery', examples: [EXAMPLE] })

const Page = z
  .object({
    deliveries: z.array(DeliveryBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ deliveries: [EXAMPLE], next_cursor: null }] })

const Query = z.object({
  state: State.optional(),
  channel: Channel.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.uuid().optional().describe('next_cursor of the page before'),
})

const Replay = z
  .object({
    since: z.iso.datetime({ offset: true }).describe('Deliveries that were made then or later'),
    states: z
      .array(State.exclude(['waiting']))
      .min(1)
      .default(['dead']),
    channel: Channel.optional(),
  })
  .meta({ examples: [{ since: '2026-11-28T00:00:00Z', states: ['dead'], channel: 'webhook' }] })

const Replayed = z
  .object({ replayed: z.number().int(), has_more: z.boolean().describe('There may be more of them: send the same again') })
  .meta({ examples: [{ replayed: 12, has_more: false }] })

/** Notices of the signed-in user on their way, and those that did not arrive. */
export const noticeDeliveryRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['notices']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listNoticeDeliveries',
        tags,
        summary: 'What became of e-mails and webhooks, newest first',
        security,
        querystring: Query,
        response: { 200: Page },
      },
    },
    async ({ user, query: { limit, cursor, state, channel } }) => {
      const { deliveries, next } = await deliveriesOf(deps, user.clerkUserId, { limit, after: cursor, state, channel })
      return { deliveries: deliveries.map(bodyOf), next_cursor: next }
    },
  )

  app.post(
    '/:id/replay',
    {
      schema: {
        operationId: 'replayNoticeDelivery',
        tags,
        summary: 'Sends one again, whatever became of it; one that waits goes its own way',
        security,
        params: z.object({ id: rowUuid }),
        response: { 200: DeliveryBody },
      },
    },
    async ({ user, params }) => bodyOf(await replayDelivery(deps, user.clerkUserId, params.id)),
  )

  app.post(
    '/replay',
    {
      schema: {
        operationId: 'replayNoticeDeliveries',
        tags,
        summary: 'Sends those of a time again, oldest first, at most 500 in one request',
        security,
        body: Replay,
        response: { 200: Replayed },
      },
    },
    async ({ user, body: { since, states, channel } }) => {
      const { replayed, hasMore } = await replaySince(deps, user.clerkUserId, { since: new Date(since), states, channel })
      return { replayed, has_more: hasMore }
    },
  )
}

function bodyOf(delivery: Delivery) {
  const { id, noticeId, kind, channel, recipient, state, attempts, nextAttemptAt, lastError, sentAt, createdAt } = delivery
  return {
    id,
    notice_id: noticeId,
    kind,
    channel: Channel.parse(channel),
    recipient: recipient === 'customer' ? ('customer' as const) : ('owner' as const),
    state: State.parse(state),
    attempts,
    next_attempt_at: state === 'waiting' ? nextAttemptAt.toISOString() : null,
    last_error: lastError,
    sent_at: sentAt?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
  }
}
