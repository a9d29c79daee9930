import * as z from 'zod'
import { shownCallId } from '../call-id.ts'
import type { CallerMessage } from '../db/caller-messages.ts'
import { signedInOnly } from '../http/auth.ts'
import { done, instant, type RoutePlugin, rowUuid } from '../http/zod.ts'
import { forgetMessage, markAs, messageOf, messagesOf } from './messages.ts'

const EXAMPLE = {
  id: '5b0c7f2e-6a11-4f0e-9c53-2f4f1c0a7d10',
  status: 'new' as const,
  caller_name: 'Ana Ruiz',
  call_number: '+13125550142',
  phone: null,
  email: null,
  message: 'Would like to see the apartment before she signs.',
  wished_time: 'Thursday afternoon',
  property_address: '12 Elm Street',
  call_id: '2f4f1c0a-7d10-4b53-9c53-5b0c7f2e6a11',
  created_at: '2026-11-30T17:05:00.000Z',
}

const Status = z.enum(['new', 'read', 'done'])
const MessageBody = z
  .object({
    id: z.uuid(),
    status: Status,
    caller_name: z.string().nullable(),
    call_number: z.string().nullable().meta({ description: 'From which the call came, E.164; null when withheld' }),
    phone: z.string().nullable().meta({ description: 'Where the caller wants to be reached, E.164, when another number was said' }),
    email: z.string().nullable(),
    message: z.string(),
    wished_time: z.string().nullable().meta({ description: "In the caller's words" }),
    property_address: z.string().nullable(),
    call_id: z.string().nullable(),
    created_at: instant,
  })
  .meta({ id: 'CallerMessage', examples: [EXAMPLE] })

const MessagePage = z
  .object({
    messages: z.array(MessageBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ messages: [EXAMPLE], next_cursor: null }] })

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
      return { messages: messages.map(bodyOf), next_cursor: next }
    },
  )

  app.get(
    '/:message_id',
    { schema: { operationId: 'getMessage', tags, summary: 'One message', security, params, response: { 200: MessageBody } } },
    async ({ user, params }) => bodyOf(await messageOf(deps, user.clerkUserId, params.message_id)),
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
    async ({ user, params, body }) => bodyOf(await markAs(deps, user.clerkUserId, params.message_id, body.status)),
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

function bodyOf(message: CallerMessage): z.input<typeof MessageBody> {
  return {
    id: message.id,
    status: Status.parse(message.status),
    caller_name: message.callerName,
    call_number: message.callNumber,
    phone: message.phone,
    email: message.email,
    message: message.words,
    wished_time: message.wishedTime,
    property_address: message.address,
    call_id: shownCallId(message.vapiCallId),
    created_at: message.createdAt.toISOString(),
  }
}
