import * as z from 'zod'
import { inTenant } from '../../db/client.ts'
import { deleteSource, listSources, type RentalSource } from '../../db/rental-sources.ts'
import type { User } from '../../db/users.ts'
import { AppError } from '../../errors.ts'
import { signedInOnly } from '../../http/auth.ts'
import { done, instant, problems, type RoutePlugin, rowId } from '../../http/zod.ts'
import { link } from '../form.ts'
import { addSource } from '../sources.ts'
import { websiteName } from '../website.ts'

const NEW_EXAMPLE = { website: 'example-rentals.com', url: 'https://example-rentals.com/listings' }
const EXAMPLE = {
  ...NEW_EXAMPLE,
  id: 4,
  user_id: '0b5e6d1c-6d0a-4a39-9d2c-3a4f0f6a6c11',
  is_active: true,
  last_scraped_at: null,
  created_at: '2026-11-30T12:00:00Z',
}

const SourceBody = z
  .object({
    id: z.int(),
    user_id: z.uuid(),
    website: z.string(),
    url: z.string(),
    is_active: z.boolean(),
    last_scraped_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'RentalSource', examples: [EXAMPLE] })

const NewSource = z
  .object({
    website: z
      .string()
      .max(500)
      .transform(websiteName)
      .refine((name) => name !== '', { error: 'must name the website' }),
    url: link,
  })
  .meta({ examples: [NEW_EXAMPLE] })

/** The websites that the signed-in user advertises on. They are noted; nothing is ever fetched from them. */
export const sourceRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listSources',
        tags: ['rentals'],
        summary: 'The websites that the signed-in user advertises on, newest first',
        security,
        response: { 200: z.array(SourceBody).meta({ examples: [[EXAMPLE]] }) },
      },
    },
    async ({ user }) => {
      const sources = await inTenant(deps.db, user.clerkUserId, (trx) => listSources(trx, user.clerkUserId))
      return sources.map((source) => sourceBody(source, user))
    },
  )

  app.post(
    '/',
    {
      schema: {
        operationId: 'createSource',
        tags: ['rentals'],
        summary: 'Notes a website; the same one again is the one there is. Nothing is fetched from it',
        security,
        body: NewSource,
        response: { 201: SourceBody, ...problems(409) },
      },
    },
    async ({ user, body }, reply) => {
      const source = await addSource(deps, user.clerkUserId, body)
      reply.code(201)
      return sourceBody(source, user)
    },
  )

  app.delete(
    '/:source_id',
    {
      schema: {
        operationId: 'deleteSource',
        tags: ['rentals'],
        summary: 'Forgets a website',
        security,
        params: z.object({ source_id: rowId }),
        response: { 200: done('The source is deleted.') },
      },
    },
    async ({ user, params }) => {
      const isGone = await inTenant(deps.db, user.clerkUserId, (trx) => deleteSource(trx, user.clerkUserId, params.source_id))
      if (!isGone) throw new AppError('not_found', 'no such source')
      return { success: true as const, message: 'The source is deleted.' }
    },
  )
}

function sourceBody(source: RentalSource, user: User): z.input<typeof SourceBody> {
  return {
    id: source.id,
    user_id: user.id,
    website: source.website,
    url: source.url,
    is_active: source.isActive,
    last_scraped_at: source.lastScrapedAt?.toISOString() ?? null,
    created_at: source.createdAt.toISOString(),
  }
}
