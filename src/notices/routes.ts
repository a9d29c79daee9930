import * as z from 'zod'
import { NOTICE_KINDS, type Notice } from '../db/notices.ts'
import { signedInOnly } from '../http/auth.ts'
import { instant, type RoutePlugin, rowUuid } from '../http/zod.ts'
import { noticesOf, readNotice } from './notices.ts'

const EXAMPLE = {
  id: '0b9f6f0e-3f0c-4d0e-9a55-3d2f1f6f0a11',
  kind: 'booking_created',
  text: 'Ana Ruiz booked “Viewing 12 Elm St” for Tuesday, December 1, 2026 at 9:00 AM. Contact: +13125550142.',
  booking_id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
  message_id: null,
  connection_id: null,
  read_at: null,
  created_at: '2026-11-29T23:00:00.000Z',
}

const NoticeBody = z
  .object({
    id: z.uuid(),
    kind: z.string().describe(`One of ${NOTICE_KINDS.join(', ')}; more may come`),
    text: z.string().describe('For people: what happened, and what to do'),
    booking_id: z.uuid().nullable().describe('The appointment that it is about'),
    message_id: z.uuid().nullable(),
    connection_id: z.uuid().nullable(),
    read_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'Notice', examples: [EXAMPLE] })

const NoticePage = z
  .object({
    notices: z.array(NoticeBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ notices: [EXAMPLE], next_cursor: null }] })

const Query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.uuid().optional().describe('next_cursor of the page before'),
  unread: z.stringbool().default(false).describe('Only those that were not marked as read'),
})

const Mark = z.object({ read: z.boolean() }).meta({ examples: [{ read: true }] })

/** What the signed-in user is to be told. */
export const noticeRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listNotices',
        tags: ['notices'],
        summary: 'What happened to appointments, messages and calendars, newest first',
        security,
        querystring: Query,
        response: { 200: NoticePage },
      },
    },
    async ({ user, query }) => {
      const { limit, cursor, unread } = query
      const { notices, next } = await noticesOf(deps, user.clerkUserId, { limit, after: cursor, unread })
      return { notices: notices.map(bodyOf), next_cursor: next }
    },
  )

  app.patch(
    '/:id',
    {
      schema: {
        operationId: 'markNotice',
        tags: ['notices'],
        summary: 'Marks a notice as read, or as unread again',
        security,
        params: z.object({ id: rowUuid }),
        body: Mark,
        response: { 200: NoticeBody },
      },
    },
    async ({ user, params, body }) => bodyOf(await readNotice(deps, user.clerkUserId, params.id, body.read)),
  )
}

function bodyOf(notice: Notice) {
  return {
    id: notice.id,
    kind: notice.kind,
    text: notice.text,
    booking_id: notice.bookingId,
    message_id: notice.messageId,
    connection_id: notice.connectionId,
    read_at: notice.readAt?.toISOString() ?? null,
    created_at: notice.createdAt.toISOString(),
  }
}
