import type { FastifyReply } from 'fastify'
import * as z from 'zod'
import { inTenant } from '../../db/client.ts'
import { countByWebsite, countPublishedByWebsite, listPublished, listRentals } from '../../db/rentals.ts'
import type { User } from '../../db/users.ts'
import type { Deps } from '../../deps.ts'
import { openToAll } from '../../http/visitors.ts'
import { instant, type RoutePlugin } from '../../http/zod.ts'
import { sharing } from '../../sharing.ts'
import { advertBody, localToday, RentalBody, rentalBody, rentalExample } from '../rental-body.ts'
import { websiteName } from '../website.ts'

// The frontend finds a rental by looking through the whole list. Beyond this, of those who have the most the oldest are left out.
const MOST_LISTED = 2000

const Listing = z
  .object({
    status: z.literal('success'),
    total_available: z.int(),
    current_date: z.iso.date().meta({ description: 'Of the days until they are available, in DEFAULT_TIME_ZONE' }),
    rentals: z.array(RentalBody),
  })
  .meta({
    id: 'Listing',
    examples: [
      {
        status: 'success',
        total_available: 1,
        current_date: '2026-12-01',
        rentals: [{ ...rentalExample, user_id: '', contact_info: null }],
      },
    ],
  })

const Stats = z
  .object({
    status: z.literal('success'),
    database_stats: z.object({
      total_rentals: z.int(),
      websites_tracked: z.int(),
      last_updated: instant.nullable().describe('Null only when there are no rentals'),
      websites: z.record(z.string(), z.object({ rental_count: z.int(), last_scraped: instant })),
    }),
  })
  .meta({
    examples: [
      {
        status: 'success',
        database_stats: {
          total_rentals: 12,
          websites_tracked: 1,
          last_updated: '2026-12-01T15:00:00Z',
          websites: { 'example-rentals.com': { rental_count: 4, last_scraped: '2026-12-01T15:00:00Z' } },
        },
      },
    ],
  })

/** What is to let: to everybody the adverts of all owners, to an owner with her token her own and all of each. */
export const listingRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{}, { user: [] }]
  // Anybody may ask, as often as he likes: that must not take the database from callers and owners.
  // All who wait together get one text: writing it out for each would hold everybody else up for as long as there are of them.
  const published = sharing(async (website: string | undefined) => {
    const today = localToday(deps)
    const body = listingBody(
      (await listPublished(deps.db, MOST_LISTED, website)).map((advert) => advertBody(advert, today)),
      today,
    )
    return { body, text: JSON.stringify(body) }
  })
  const publishedCounts = sharing((_: undefined) => countPublishedByWebsite(deps.db))
  const answer = async (visitor: User | undefined, reply: FastifyReply, website?: string) => {
    if (visitor) return reply.send(await ownListing(deps, visitor, website))
    const { body, text } = await published(website)
    return reply
      .type('application/json; charset=utf-8')
      .serializer(() => text)
      .send(body)
  }
  openToAll(app, deps)

  app.get(
    '/available',
    {
      schema: {
        operationId: 'listRentals',
        tags: ['rentals'],
        summary: "Rentals, newest first: all that are published, or with a token the signed-in user's own",
        security,
        response: { 200: Listing },
      },
    },
    ({ visitor }, reply) => answer(visitor, reply),
  )

  app.get(
    '/rentals/:website',
    {
      schema: {
        operationId: 'listRentalsOfWebsite',
        tags: ['rentals'],
        summary: 'The same, of one website',
        security,
        params: z.object({ website: z.string() }),
        response: { 200: Listing },
      },
    },
    ({ visitor, params }, reply) => answer(visitor, reply, websiteName(params.website)),
  )

  app.get(
    '/status',
    {
      schema: {
        operationId: 'getRentalStats',
        tags: ['rentals'],
        summary: "How many rentals there are: of all that are published, or with a token of the signed-in user's own",
        security,
        response: { 200: Stats },
      },
    },
    async ({ visitor }) => {
      const counts = visitor
        ? await inTenant(deps.db, visitor.clerkUserId, (trx) => countByWebsite(trx, visitor.clerkUserId))
        : await publishedCounts(undefined)
      const websites = counts.flatMap(({ website, rentalCount, lastUpdatedAt }) =>
        website === null ? [] : [[website, { rental_count: rentalCount, last_scraped: lastUpdatedAt.toISOString() }] as const],
      )
      const latest = counts.reduce((late, { lastUpdatedAt }) => Math.max(late, lastUpdatedAt.getTime()), 0)
      return {
        status: 'success' as const,
        database_stats: {
          total_rentals: counts.reduce((total, { rentalCount }) => total + rentalCount, 0),
          websites_tracked: websites.length,
          last_updated: counts.length > 0 ? new Date(latest).toISOString() : null,
          websites: Object.fromEntries(websites),
        },
      }
    },
  )
}

async function ownListing(deps: Deps, visitor: User, website?: string): Promise<z.input<typeof Listing>> {
  const today = localToday(deps)
  const own = await inTenant(deps.db, visitor.clerkUserId, (trx) =>
    listRentals(trx, visitor.clerkUserId, website === undefined ? {} : { website }),
  )
  return listingBody(
    own.map((rental) => rentalBody(rental, visitor, today)),
    today,
  )
}

function listingBody(rentals: z.input<typeof RentalBody>[], today: Temporal.PlainDate): z.input<typeof Listing> {
  return { status: 'success', total_available: rentals.length, current_date: today.toString(), rentals }
}
