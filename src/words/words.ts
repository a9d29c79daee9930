/** The words people use for months and numbers. English only. */

export const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

/** "November". @param month from 1 */
export function monthName(month: number): string {
  return capital(months[month - 1] ?? '')
}

/** As at the beginning of a sentence. */
export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const units = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']
const teens = ['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen']
const below20 = [...units, ...teens]
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']
const ordinalsBelow20 = [
  ...['', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth', 'eleventh', 'twelfth'],
  ...['thirteenth', 'fourteenth', 'fifteenth', 'sixteenth', 'seventeenth', 'eighteenth', 'nineteenth'],
]
const ordinalTens = ['', '', 'twentieth', 'thirtieth']

/** 0 to 99 in words: 'forty five'. */
export function cardinal(number: number): string {
  const below = below20[number]
  if (below) return below
  return number % 10 === 0 ? `${tens[number / 10]}` : `${tens[Math.floor(number / 10)]} ${units[number % 10]}`
}

/** 1 to 31 in words: 'twenty fourth'. */
export function ordinal(number: number): string {
  const below = ordinalsBelow20[number]
  if (below) return below
  return number % 10 === 0 ? `${ordinalTens[number / 10]}` : `${tens[Math.floor(number / 10)]} ${ordinalsBelow20[number % 10]}`
}

// Words back to their number; a pair such as 'twenty four' is one key.
export const cardinals = new Map(Array.from({ length: 60 }, (_, number) => [cardinal(number), number]))
export const ordinals = new Map(Array.from({ length: 31 }, (_, index) => [ordinal(index + 1), index + 1]))
