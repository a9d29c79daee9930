import type { TenantDb } from './client.ts'

/** A website that an owner advertises on. */
export interface RentalSource {
  id: number
  website: string
  url: string
  isActive: boolean
  lastScrapedAt: Date | null
  createdAt: Date
}

const COLUMNS = ['id', 'website', 'url', 'isActive', 'lastScrapedAt', 'createdAt'] as const

/** Newest first. */
export function listSources(trx: TenantDb, clerkUserId: string): Promise<RentalSource[]> {
  return trx.selectFrom('rentalSources').select(COLUMNS).where('clerkUserId', '=', clerkUserId).orderBy('id', 'desc').execute()
}

/** The one of this website and this address. */
export function findSource(
  trx: TenantDb,
  clerkUserId: string,
  { website, url }: Pick<RentalSource, 'website' | 'url'>,
): Promise<RentalSource | undefined> {
  return trx
    .selectFrom('rentalSources')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('website', '=', website)
    .where('url', '=', url)
    .executeTakeFirst()
}

export function insertSource(
  trx: TenantDb,
  clerkUserId: string,
  { website, url }: Pick<RentalSource, 'website' | 'url'>,
): Promise<RentalSource> {
  return trx.insertInto('rentalSources').values({ clerkUserId, website, url }).returning(COLUMNS).executeTakeFirstOrThrow()
}

/** False when she has none of that id. */
export async function deleteSource(trx: TenantDb, clerkUserId: string, id: number): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('rentalSources')
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}
