/** The words people use for days and times, and how a sentence becomes tokens. English only. */

import { weekdays } from './zone.ts'

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
const cardinals = new Map(Array.from({ length: 60 }, (_, number) => [cardinal(number), number]))
const ordinals = new Map(Array.from({ length: 31 }, (_, index) => [ordinal(index + 1), index + 1]))

/** Tokens and how many of them were read. */
export interface Cursor {
  tokens: string[]
  at: number
}

// Longer than anything a caller says for one time; also bounds the work.
const LONGEST = 120

/** Models write 'Tue' and 'Dec' where callers say the whole word. */
const short = new Map([
  ...[...months, ...weekdays].map((name): [string, string] => [name.slice(0, 3), name]),
  ...Object.entries({ sept: 'september', tues: 'tuesday', thur: 'thursday', thurs: 'thursday' }),
])

/** Lower case, without punctuation: "Tuesday, at 2:30pm" → tuesday · at · 2:30 · pm. `undefined`: too long to be a time. */
export function tokenize(text: string): string[] | undefined {
  if (text.length > LONGEST) return undefined
  return text
    .toLowerCase()
    .replaceAll(/[’']/g, '')
    .replaceAll(/([ap])\.m\.?/g, '$1m')
    .replaceAll(/(\d)([ap]m)\b/g, '$1 $2')
    .replaceAll(/([a-z])-([a-z])/g, '$1 $2')
    .replaceAll(/\b([ap]) m\b/g, '$1m')
    .replaceAll(/[,;!?]|\.$/g, ' ')
    .split(/\s/)
    .filter((token) => token !== '' && token !== 'please')
    .map((token) => short.get(token.replace(/\.$/, '')) ?? token)
}

/** Tries a reader; when it finds nothing, the cursor stays where it was. */
export function attempt<T>(cursor: Cursor, reader: () => T | undefined): T | undefined {
  const start = cursor.at
  const found = reader()
  if (found === undefined) cursor.at = start
  return found
}

/** Reads exactly these words. */
export function take(cursor: Cursor, words: string): boolean {
  const wanted = words.split(' ')
  if (!wanted.every((word, index) => cursor.tokens[cursor.at + index] === word)) return false
  cursor.at += wanted.length
  return true
}

/** Reads the first of these phrases that stands here. */
export function takeOne<T extends string>(cursor: Cursor, phrases: readonly T[]): T | undefined {
  return phrases.find((phrase) => take(cursor, phrase))
}

/** Reads one token of this shape. */
export function takeMatch(cursor: Cursor, shape: RegExp): RegExpExecArray | undefined {
  const match = shape.exec(cursor.tokens[cursor.at] ?? '')
  if (!match) return undefined
  cursor.at += 1
  return match
}

/** A number in words or one or two digits. */
export function takeCardinal(cursor: Cursor): number | undefined {
  return takeFrom(cursor, cardinals) ?? toNumber(takeMatch(cursor, /^(\d{1,2})$/))
}

/** 'third', 'twenty fourth', '24th'. */
export function takeOrdinal(cursor: Cursor): number | undefined {
  return takeFrom(cursor, ordinals) ?? toNumber(takeMatch(cursor, /^(\d{1,2})(?:st|nd|rd|th)$/))
}

/** Two words before one: 'twenty fourth' is not 'twenty'. */
function takeFrom(cursor: Cursor, numbers: Map<string, number>): number | undefined {
  for (const length of [2, 1]) {
    const number = numbers.get(cursor.tokens.slice(cursor.at, cursor.at + length).join(' '))
    if (number === undefined || cursor.at + length > cursor.tokens.length) continue
    cursor.at += length
    return number
  }
  return undefined
}

function toNumber(match: RegExpExecArray | undefined): number | undefined {
  return match ? Number(match[1]) : undefined
}
