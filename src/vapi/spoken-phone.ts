import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { CountryCode } from '../phone-region.ts'
import { digitsIn, sayDigits } from './spoken-digits.ts'

export type Phone =
  /** E.164. */
  | { kind: 'phone'; number: string }
  /** Nothing that could be a number. */
  | { kind: 'none' }
  /** Digits, but too few or too many of them. */
  | { kind: 'incomplete' }

const LONGEST = 200
// Fewer digits are a house number or an age.
const FEWEST_DIGITS = 3

/** A phone number as it was said or written: "area code two one two, five five five, oh one two three", "+44 20 7946 0958". */
export function readPhone(text: string | undefined, region: CountryCode): Phone {
  if (text === undefined || text.length > LONGEST) return { kind: 'none' }
  const [number = ''] = text.split(/\b(?:extension|ext)\b/i)
  const digits = digitsIn(number)
  if (digits.length < FEWEST_DIGITS) return { kind: 'none' }
  const international = /^\W*\+|^\W*(?:\w+\W+){0,3}plus\b/i.test(number)
  const parsed = parsePhoneNumberFromString(international ? `+${digits}` : digits, { defaultCountry: region, extract: false })
  return parsed?.isPossible() ? { kind: 'phone', number: parsed.number } : { kind: 'incomplete' }
}

/** By which a caller knows her own number without all of it being said: "zero one four two". @param number E.164 */
export function lastFour(number: string): string {
  return sayDigits(number.slice(-4))
}
