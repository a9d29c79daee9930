import { inTenant } from '../db/client.ts'
import { findSource, insertSource, listSources, type RentalSource } from '../db/rental-sources.ts'
import { takeTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

const MOST_SOURCES = 100

/** The same one again is the one there is. @throws AppError `limit_reached` */
export function addSource(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  source: Pick<RentalSource, 'website' | 'url'>,
): Promise<RentalSource> {
  return inTenant(db, clerkUserId, async (trx) => {
    await takeTurn(trx, clerkUserId)
    const known = await findSource(trx, clerkUserId, source)
    if (known) return known
    if ((await listSources(trx, clerkUserId)).length >= MOST_SOURCES) throw new AppError('limit_reached', `${MOST_SOURCES} sources`)
    return insertSource(trx, clerkUserId, source)
  })
}
