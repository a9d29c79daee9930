import type { Advert } from '../db/rentals.ts'
import { addressWords, placesIn } from './address-words.ts'
import type { PriceRange } from './price-range.ts'

/** What somebody looks for; what is left out may be anything. */
export interface Wish {
  /** In the caller's words. */
  location?: string | undefined
  price?: PriceRange | undefined
  website?: string | undefined
}

type Findable = Pick<Advert, 'propertyAddress' | 'price' | 'website'>

/**
 * Those rentals that are what was wished for, in the order in which they came.
 * @returns beside them all others, what comes closest first: place and website count before the price
 */
export function findRentals<R extends Findable>(rentals: R[], wish: Wish): { matching: R[]; others: R[] } {
  const places = wish.location === undefined ? [] : placesIn(wish.location)
  const website = wish.website === undefined ? '' : letters(wish.website)
  const seen = rentals.map((rental) => ({
    rental,
    elsewhere: Number(!isAt(rental, places)) + Number(!letters(rental.website ?? '').includes(website)),
    dollarsOff: dollarsOff(rental.price, wish.price),
  }))
  const fits = ({ elsewhere, dollarsOff }: (typeof seen)[number]) => elsewhere === 0 && dollarsOff === 0
  const others = seen.filter((one) => !fits(one)).sort((a, b) => a.elsewhere - b.elsewhere || a.dollarsOff - b.dollarsOff)
  return { matching: seen.filter(fits).map(({ rental }) => rental), others: others.map(({ rental }) => rental) }
}

function isAt({ propertyAddress }: Findable, places: string[][]): boolean {
  const words = addressWords(propertyAddress)
  return places.length === 0 || places.some((place) => place.every((word) => words.includes(word)))
}

function dollarsOff(price: number, { from = 0, to = Number.POSITIVE_INFINITY }: PriceRange = {}): number {
  return price < from ? from - price : Math.max(0, price - to)
}

/** "Example Rentals" is how callers say example-rentals.com. */
function letters(website: string): string {
  return website.toLowerCase().replaceAll(/ dot (?=[a-z])|[^\p{L}\p{N}]/gu, '')
}
