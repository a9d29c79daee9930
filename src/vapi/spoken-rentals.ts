import type { Advert } from '../db/rentals.ts'
import { detail, oneLine } from '../one-line.ts'
import { availabilityOf, YEAR_DAYS } from '../rentals/availability.ts'
import { monthName, ordinal } from '../words/words.ts'
import { MARKS } from './sentence-parts.ts'
import { spokenDollars, spokenNumber, spokenRooms } from './spoken-amount.ts'

/** More than three a caller cannot keep in mind. */
const MOST_SAID = 3
/** Three rentals and the question stay within what `oneLine` lets through. */
const LONGEST_LIST = 500
const LONGEST_ADDRESS = 50
const PLACES = ['First', 'Second', 'Third']

/** What is said of a rental. The owner's own words stay out, but for the address. */
export type Told = Pick<Advert, 'propertyAddress' | 'price' | 'bedrooms' | 'bathrooms' | 'availableDate'>

/** @param rentals at least one; at most three are said */
export function rentalsSentence(rentals: Told[], today: Temporal.PlainDate): string {
  const [only] = rentals
  if (only && rentals.length === 1) return oneLine(`I have ${whole(only, today)}. Would you like to see it?`)
  const said = listed(rentals, today)
  const more = rentals.length > said.length ? ` The newest ${said.length === 1 ? 'is this' : 'are these'}.` : ''
  return oneLine(`I have ${spokenNumber(rentals.length)} rentals.${more} ${said.join(' ')} Which one would you like to see?`)
}

/** Nothing is what was wished for. @param others at least one, what comes closest first; at most three are said */
export function otherRentalsSentence(others: Told[], today: Temporal.PlainDate): string {
  const [only] = others
  if (only && others.length === 1)
    return oneLine(`I have nothing like that. What I have is ${whole(only, today)}. Would you like to see it?`)
  return oneLine(`I have nothing like that. This comes closest. ${listed(others, today).join(' ')} Would one of these suit you?`)
}

export function noRentalsSentence(): string {
  return 'I have nothing to rent at the moment, sorry. Is there anything else I can do for you?'
}

/** The answer had to go out before the rentals were found. */
export function lateRentalsSentence(): string {
  return 'I cannot look at the rentals right now. Shall I try again?'
}

/** "First, 12 Elm St, two bedrooms, eighteen hundred fifty dollars a month." As many as fit. */
function listed(rentals: Told[], today: Temporal.PlainDate): string[] {
  const sentences = rentals.slice(0, MOST_SAID).map((rental, index) => `${PLACES[index]}, ${brief(rental, today)}.`)
  return sentences.filter((_, index) => index === 0 || sentences.slice(0, index + 1).join(' ').length <= LONGEST_LIST)
}

function brief({ propertyAddress, bedrooms, price, availableDate }: Told, today: Temporal.PlainDate): string {
  return joined([address(propertyAddress), rooms(bedrooms), rent(price), from(availableDate, today)])
}

function whole({ propertyAddress, bedrooms, bathrooms, price, availableDate }: Told, today: Temporal.PlainDate): string {
  const baths = bathrooms > 0 ? `${rooms(bedrooms)} and ${spokenRooms(bathrooms, 'bathroom')}` : rooms(bedrooms)
  return joined([address(propertyAddress), baths, rent(price), from(availableDate, today) || 'available now'])
}

function address(text: string): string {
  return detail(text.replaceAll(MARKS, ' '), LONGEST_ADDRESS)
}

function rooms(bedrooms: number): string {
  return bedrooms < 0.25 ? 'a studio' : spokenRooms(bedrooms, 'bedroom')
}

/** A price of nothing is one that the owner has not told. */
function rent(price: number): string {
  return price >= 1 ? `${spokenDollars(price)} a month` : ''
}

/** "from November fifteenth"; nothing for what can be had now. */
function from(date: string | null, today: Temporal.PlainDate): string {
  const { days } = availabilityOf(date, today)
  if (date === null || days === 0) return ''
  if (days >= YEAR_DAYS) return 'not to be had for another year'
  const { month, day } = Temporal.PlainDate.from(date)
  return `from ${monthName(month)} ${ordinal(day)}`
}

function joined(parts: string[]): string {
  return parts.filter((part) => part !== '').join(', ')
}
