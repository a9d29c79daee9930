import type { z } from 'zod'
import { inZone } from '../calendar/zone.ts'
import { inTenant } from '../db/client.ts'
import { listRentals } from '../db/rentals.ts'
import { findRentals } from '../rentals/search.ts'
import type { Context, Spoken } from './context.ts'
import type { RentalParameters } from './parameters.ts'
import { noRentalsSentence, otherRentalsSentence, rentalsSentence } from './spoken-rentals.ts'

type Asked = z.infer<typeof RentalParameters>

/** What the owner has to let, at most three of it: what is public anyway, so that an unproven assistant may ask as well. */
export async function searchRentals({ deps, diary }: Context, wish: Asked): Promise<Spoken> {
  const { clerkUserId, rules } = diary
  const rentals = await inTenant(deps.db, clerkUserId, (trx) => listRentals(trx, clerkUserId, { published: true }))
  if (rentals.length === 0) return { result: noRentalsSentence() }
  const today = inZone(deps.clock.now(), rules.timeZone).toPlainDate()
  const { matching, others } = findRentals(rentals, wish)
  return { result: matching.length > 0 ? rentalsSentence(matching, today) : otherRentalsSentence(others, today) }
}
