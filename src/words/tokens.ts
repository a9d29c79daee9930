import { weekdays } from '../calendar/zone.ts'
import { cardinals, months, ordinals } from './words.ts'

/** How a sentence becomes tokens, and how they are read one after the other. */

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
  ...Object.entries({ sept: 'september', tues: 'tuesday', weds: 'wednesday', thur: 'thursday', thurs: 'thursday' }),
])

/** Said without meaning anything for the time; longer ones before those that they begin with. 'I mean' is none of them: it takes back what was said. */
const fillers = [
  ...['how about', 'what about', 'lets say', 'lets do', 'lets go with', 'let us say', 'i would like', 'id like', 'id prefer', 'id love'],
  ...[
    'i will take',
    'ill take',
    'go with',
    'i think',
    'i guess',
    'i need',
    'i want',
    'im free',
    'i am free',
    'im available',
    'i am available',
  ],
  ...['what do you have', 'what times do you have', 'what is', 'whats', 'do you have anything', 'do you have', 'have you got anything'],
  ...['have you got', 'is there anything', 'is there', 'can we do', 'could we do', 'can you do', 'could you do', 'can i do', 'i can do'],
  ...['i could do', 'can i come in', 'could i come in', 'can i come', 'could i come', 'can i get', 'could i get', 'come in', 'book me in'],
  ...['book me', 'book it', 'schedule me', 'schedule it', 'put me down', 'make it', 'you know'],
  ...['would be great', 'would be good', 'would be fine', 'would work', 'works for me', 'is fine', 'is good', 'if possible', 'if you can'],
  ...['thank you', 'on the dot', 'i dont know', 'or something', 'kind of', 'sort of', 'oh well'],
  ...['an appointment', 'an opening', 'a slot', 'appointment', 'available', 'free', 'open', 'is'],
  ...['please', 'thanks', 'uh', 'uhm', 'um', 'er', 'erm', 'ah', 'hm', 'hmm', 'maybe', 'perhaps', 'possibly', 'probably', 'ideally'],
  ...['preferably', 'anything', 'something', 'just', 'well', 'so', 'like', 'say', 'okay', 'ok', 'yes', 'yeah', 'sure', 'then', 'either'],
  ...['sharp', 'exactly', 'precisely', 'works'],
].map((words) => words.split(' '))

/**
 * Lower case, without punctuation: "Tuesday, at 2:30pm" → tuesday · at · 2:30 · pm. `undefined`: too long to be a time.
 *
 * Every expression here and in the readers is linear by its structure: what repeats without a bound is one character, alone; all else looks
 * at a fixed number of characters, and no repetition stands inside another or before one that could match the same characters.
 */
export function tokenize(text: string): string[] | undefined {
  if (text.length > LONGEST) return undefined
  return text
    .toLowerCase()
    .replaceAll(/[’']/g, '')
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/\.{2,}/g, ' ')
    .replaceAll(/([ap])\. ?m\b\.?/g, '$1m')
    .replaceAll(/(\d)([ap]m|h)\b/g, '$1 $2')
    .replaceAll(/(\d)h(\d)/g, '$1 h $2')
    .replaceAll(/([ap]m)-(\d)/g, '$1 - $2')
    .replaceAll(/\bo clock\b/g, 'oclock')
    .replaceAll(/([a-z])-([a-z])/g, '$1 $2')
    .replaceAll(/\b([ap]) m\b/g, '$1m')
    .replaceAll(/[,;!?"“”()…]|\.$/g, ' ')
    .split(/\s/)
    .filter((token) => token !== '' && token !== 'please')
    .flatMap(split)
    .map((token) => short.get(token) ?? token)
}

/** '2-4' → 2 · - · 4, 'noonish' → noon · ish, 'dec.' → dec. */
function split(token: string): string[] {
  const range = /^(\d{1,2}(?::\d\d)?)-(\d{1,2}(?::\d\d)?)$/.exec(token)
  if (range) return [range[1] ?? '', '-', range[2] ?? '']
  if (token.length > 3 && token.endsWith('ish')) return [token.slice(0, token.endsWith('-ish') ? -4 : -3), 'ish']
  return [/^[a-z]/.test(token) && token.endsWith('.') ? token.slice(0, -1) : token]
}

/** After which words they do mean something: 'three or so', 'the next available'. */
const meant: Record<string, string[] | undefined> = { so: ['or'], available: ['next', 'first'] }

/** "Uh, maybe Tuesday, I think" → tuesday. */
export function withoutFillers(tokens: string[]): string[] {
  const kept: string[] = []
  const cursor: Cursor = { tokens, at: 0 }
  while (cursor.at < tokens.length) {
    const filler = fillers.find((words) => words.every((word, index) => tokens[cursor.at + index] === word))
    const isMeant = filler?.length === 1 && meant[filler[0] ?? '']?.includes(kept.at(-1) ?? '')
    if (!filler || isMeant) kept.push(tokens[cursor.at] ?? '')
    cursor.at += filler?.length ?? 1
  }
  return kept
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
  const first = cursor.tokens[cursor.at]
  // Most words are not here: told by their beginning, without taking them apart.
  if (first === undefined || !words.startsWith(first)) return false
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
