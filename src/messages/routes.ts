import * as z from 'zod'
import { signedInOnly } from '../http/auth.ts'
import { done, type RoutePlugin, rowUuid } from '../http/zod.ts'
import { MessageBody, messageBody, messageExample, Status } from './message-body.ts'
import { forgetMessage, markAs, messageOf, messagesOf } from './messages.ts'

const MessagePage = z
  .object({
    messages: z.array(MessageBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ messages: [messageExample], next_cursor: null }] })

const Query = z.object({
  status: Status.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.uuid().optional().describe('next_cursor of the page before'),
})

const params = z.object({ message_id: rowUuid })

/** What callers left for the signed-in user. */
export const messageRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['messages']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listMessages',
        tags,
        summary: 'What callers left for the signed-in user, newest first',
        security,
        querystring: Query,
        response: { 200: MessagePage },
      },
    },
    async ({ user, query }) => {
      const { status, limit, cursor } = query
      const { messages, next } = await messagesOf(deps, user.clerkUserId, { status, limit, after: cursor })
      return { messages: messages.map(messageBody), next_cursor: next }
    },
  )

  app.get(
    '/:message_id',
    { schema: { operationId: 'getMessage', tags, summary: 'One message', security, params, response: { 200: MessageBody } } },
    async ({ user, params }) => messageBody(await messageOf(deps, user.clerkUserId, params.message_id)),
  )

  app.patch(
    '/:message_id',
    {
      schema: {
        operationId: 'updateMessage',
        tags,
        summary: 'Marks a message as read, as done, or as new again',
        security,
        params,
        body: z.object({ status: Status }).meta({ examples: [{ status: 'done' }] }),
        response: { 200: MessageBody },
      },
    },
    async ({ user, params, body }) => messageBody(await markAs(deps, user.clerkUserId, params.message_id, body.status)),
  )

  app.delete(
    '/:message_id',
    {
      schema: {
        operationId: 'deleteMessage',
        tags,
        summary: 'Deletes a message',
        security,
        params,
        response: { 200: done('The message is deleted.') },
      },
    },
    async ({ user, params }) => {
      await forgetMessage(deps, user.clerkUserId, params.message_id)
      return { success: true as const, message: 'The message is deleted.' }
    },
  )
}
