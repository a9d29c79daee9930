import { digitsIn, sayDigits } from './spoken-digits.ts'

const LONGEST = 120
// "I don't have one", "at two": whoever says so few has said no code, and has guessed none.
const FEWEST_DIGITS = 3

/** "four seven one, nine two six": the pause in the middle helps to keep it. @param code six digits */
export function sayCode(code: string): string {
  const half = code.length / 2
  return `${sayDigits(code.slice(0, half))}, ${sayDigits(code.slice(half))}`
}

/**
 * A code as it was said or written: "four seven one nine two six", "47 19 26", "four seventy one, nine twenty six". `null`: none was said.
 */
export function readCode(text: string | undefined): string | null {
  const digits = text === undefined || text.length > LONGEST ? '' : digitsIn(text)
  return digits.length < FEWEST_DIGITS ? null : digits
}
