import { inTenant } from '../db/client.ts'
import { countRentals, insertRental, type NewRental, type Rental } from '../db/rentals.ts'
import { takeTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

// More than one office lets; all of them stand in everybody's listing.
const MOST_RENTALS = 1000

/** @throws AppError `limit_reached` */
export function addRental({ db }: Pick<Deps, 'db'>, clerkUserId: string, rental: NewRental): Promise<Rental> {
  return inTenant(db, clerkUserId, async (trx) => {
    await takeTurn(trx, clerkUserId)
    if ((await countRentals(trx, clerkUserId)) >= MOST_RENTALS) throw new AppError('limit_reached', `${MOST_RENTALS} rentals`)
    return insertRental(trx, clerkUserId, rental)
  })
}
