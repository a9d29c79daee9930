import { cardinal } from '../words/words.ts'

/** Whole dollars in words: "eighteen hundred fifty dollars". @param amount below a thousand million */
export function spokenDollars(amount: number): string {
  const dollars = Math.round(amount)
  return `${spokenNumber(dollars)} ${dollars === 1 ? 'dollar' : 'dollars'}`
}

/** As Americans say it: 1850 is "eighteen hundred fifty", 2050 "two thousand fifty". */
export function spokenNumber(number: number): string {
  if (number < 100) return cardinal(number)
  const hundreds = Math.floor(number / 100)
  if (hundreds < 10 || (hundreds < 100 && hundreds % 10 !== 0)) return withRest(`${cardinal(hundreds)} hundred`, number % 100)
  if (number < 1_000_000) return withRest(`${spokenNumber(Math.floor(number / 1000))} thousand`, number % 1000)
  return withRest(`${spokenNumber(Math.floor(number / 1_000_000))} million`, number % 1_000_000)
}

/** "two bedrooms", "one and a half bathrooms"; of a room nothing smaller than a quarter is said. */
export function spokenRooms(count: number, room: string): string {
  const quarters = Math.round(count * 4)
  const whole = Math.floor(quarters / 4)
  const part = [undefined, 'a quarter', 'a half', 'three quarters'][quarters % 4]
  const words = whole === 0 && part ? part : part ? `${spokenNumber(whole)} and ${part}` : spokenNumber(whole)
  return `${words} ${quarters === 4 || (whole === 0 && part) ? room : `${room}s`}`
}

function withRest(words: string, rest: number): string {
  return rest === 0 ? words : `${words} ${spokenNumber(rest)}`
}
