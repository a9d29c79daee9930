import * as z from 'zod'
import type { VapiKey } from '../../db/vapi-keys.ts'
import { signedInOnly } from '../../http/auth.ts'
import { done, instant, problems, type RoutePlugin } from '../../http/zod.ts'
import { keyOf, removeKey, saveKey } from '../vapi-key.ts'

const NewKey = z
  .object({
    api_key: z
      .string()
      .trim()
      .regex(/^[\x21-\x7e]{16,200}$/, 'A private key from the dashboard of Vapi: 16 to 200 characters without spaces')
      .describe('A private key; it is stored encrypted and never shown'),
  })
  .meta({ examples: [{ api_key: '2f0c6a52-8f0d-4f0e-9a39-3c1c8a7f5b10' }] })

const KeyBody = z
  .object({
    own_key: z.boolean().describe('false: the key of this installation is used'),
    last_four: z.string().nullable(),
    saved_at: instant.nullable(),
  })
  .meta({ examples: [{ own_key: true, last_four: '5b10', saved_at: '2026-11-20T09:00:00.000Z' }] })

/** A user's own account at Vapi, in place of the installation's. */
export const vapiKeyRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'getVapiKey',
        tags,
        summary: 'Is there a key of your own? Its last four characters, never the key',
        security,
        response: { 200: KeyBody },
      },
    },
    async ({ user }) => keyBody(await keyOf(deps, user.clerkUserId)),
  )

  app.put(
    '/',
    {
      schema: {
        operationId: 'saveVapiKey',
        tags,
        summary: 'Your own key of Vapi, tried before it is saved, and used for all that is asked of Vapi for you from now on',
        security,
        body: NewKey,
        response: { 200: KeyBody, ...problems(409, 502) },
      },
    },
    async ({ user, body }) => keyBody(await saveKey(deps, user.clerkUserId, body.api_key)),
  )

  app.delete(
    '/',
    {
      schema: {
        operationId: 'deleteVapiKey',
        tags,
        summary: "The installation's key is used again. Assistants in your own account stay there, answer as before, and are yours alone",
        security,
        response: { 200: done('Your key is deleted.') },
      },
    },
    async ({ user }) => {
      await removeKey(deps, user.clerkUserId)
      return { success: true as const, message: 'Your key is deleted.' }
    },
  )
}

function keyBody(key: VapiKey | undefined): z.input<typeof KeyBody> {
  return { own_key: key !== undefined, last_four: key?.lastFour ?? null, saved_at: key?.updatedAt.toISOString() ?? null }
}
