import type { onRequestAsyncHookHandler, preValidationAsyncHookHandler } from 'fastify'
import * as z from 'zod'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { refuseWrong } from '../../http/limits.ts'
import { done, problems, type RoutePlugin } from '../../http/zod.ts'
import { ClerkEvent, isFromClerk, readEvent } from '../clerk-event.ts'
import { deleteUser } from '../delete.ts'
import { STAYS_DELETED, tellOfUser } from '../sync.ts'

const EXAMPLE = {
  type: 'user.updated',
  object: 'event',
  data: {
    id: 'user_2abc',
    email_addresses: [{ id: 'idn_1', email_address: 'dana@example.com' }],
    primary_email_address_id: 'idn_1',
    first_name: 'Dana',
    last_name: 'Reyes',
    updated_at: 1_761_158_773_809,
  },
}

/** Clerk's own door, for installations that point Clerk here. Whatever is authentic and makes sense is answered with 200, so that it is not sent again. */
export const clerkWebhookRoutes: RoutePlugin = async (app, { deps }) => {
  app.post(
    '/',
    {
      bodyLimit: 256 * 1024,
      onRequest: closedWithoutSecret(deps),
      preValidation: refuseForged(deps),
      schema: {
        operationId: 'clerkWebhook',
        tags: ['users'],
        summary: "Clerk's events about users: user.created, user.updated and user.deleted; others are acknowledged",
        security: [{ clerkSignature: [] }],
        // Lower-case, as Node has them.
        headers: z.object({ 'svix-id': z.string().min(1).max(200) }),
        body: ClerkEvent.meta({ examples: [EXAMPLE] }),
        response: {
          200: done('Noted.'),
          ...problems(429),
        },
      },
    },
    async ({ body, headers }) => {
      const event = readEvent(body)
      if (event.kind === 'other') return { success: true as const, message: 'Nothing to do for an event of this type.' }
      if (event.kind === 'deleted') {
        await deleteUser(deps, event.clerkUserId)
        return { success: true as const, message: 'The user is deleted.' }
      }
      const { outcome } = await tellOfUser(deps, event.user, headers['svix-id'])
      return { success: true as const, message: outcome === 'deleted' ? STAYS_DELETED : 'Noted.' }
    },
  )
}

function closedWithoutSecret({ config }: Deps): onRequestAsyncHookHandler {
  return async () => {
    if (config.clerk.webhookSecret === undefined) throw new AppError('webhook_off', 'no signing secret')
  }
}

/** Before anything is made of what it says. */
function refuseForged(deps: Deps): preValidationAsyncHookHandler {
  return async (request, reply) => {
    const header = (name: string) => String(request.headers[name] ?? '')
    const delivery = { id: header('svix-id'), timestamp: header('svix-timestamp'), signature: header('svix-signature') }
    const { webhookSecret = '' } = deps.config.clerk
    const isAuthentic = await isFromClerk(delivery, request.rawBody ?? Buffer.alloc(0), webhookSecret)
    if (!isAuthentic) await refuseWrong(deps, request, reply, 'signature_refused')
  }
}
