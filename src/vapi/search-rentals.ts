import type { z } from 'zod'
import { inZone } from '../calendar/zone.ts'
import { inTenant } from '../db/client.ts'
import { listRentals } from '../db/rentals.ts'
import type { RentalParameters } from '../functions/parameters.ts'
import { oneLine } from '../one-line.ts'
import { readPriceRange } from '../rentals/price-range.ts'
import { findRentals } from '../rentals/search.ts'
import { websiteName } from '../rentals/website.ts'
import type { Context, Spoken } from './context.ts'
import { noRentalsSentence, otherRentalsSentence, rentalsSentence } from './spoken-rentals.ts'

type Asked = z.infer<typeof RentalParameters>

/** What the owner has to let, at most three of it: what is public anyway, so that an unproven assistant may ask as well. */
export async function searchRentals({ deps, diary }: Context, asked: Asked): Promise<Spoken> {
  const { clerkUserId, rules } = diary
  const rentals = await inTenant(deps.db, clerkUserId, (trx) => listRentals(trx, clerkUserId, { published: true }))
  if (rentals.length === 0) return { result: noRentalsSentence() }
  const today = inZone(deps.clock.now(), rules.timeZone).toPlainDate()
  const { matching, others } = findRentals(rentals, wishOf(asked))
  return { result: matching.length > 0 ? rentalsSentence(matching, today) : otherRentalsSentence(others, today) }
}

function wishOf({ location, priceRange, website }: Asked) {
  return {
    location: oneLine(location ?? '', 200) || undefined,
    price: priceRange === undefined ? undefined : readPriceRange(priceRange),
    website: websiteOf(website),
  }
}

/** Of an address the host; words for "whichever" are none. */
function websiteOf(given: string | undefined): string | undefined {
  const name = websiteName(given ?? '')
  return name === '' || /^(any|all|none|null|undefined|unknown|n\/a)$/i.test(name) ? undefined : name
}
