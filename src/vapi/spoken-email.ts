import * as z from 'zod'
import { isKnownDomain, isKnownName, repairDomain } from './mail-domains.ts'
import { digitsAt, sayDigits } from './spoken-digits.ts'

export type Email =
  | { kind: 'email'; address: string }
  /** What was said has two readings. */
  | { kind: 'unclear'; addresses: [string, string] }
  /** Something was said, but no address that mail can be sent to. */
  | { kind: 'unusable' }
  /** Nothing was said, or that there is none. */
  | { kind: 'none' }

const LONGEST = 300
const Address = z.email().max(254)

// In the order in which they are looked for: longer ones first.
const signs: [words: string[], sign: string][] = [
  [['at', 'sign'], '@'],
  [['at', 'symbol'], '@'],
  [['full', 'stop'], '.'],
  [['under', 'score'], '_'],
  [['under', 'line'], '_'],
  [['double', 'u'], 'w'],
  [['double', 'you'], 'w'],
  [['at'], '@'],
  [['dot'], '.'],
  [['period'], '.'],
  [['point'], '.'],
  [['dash'], '-'],
  [['hyphen'], '-'],
  [['minus'], '-'],
  [['underscore'], '_'],
  [['underline'], '_'],
  [['plus'], '+'],
  [['apostrophe'], "'"],
]
// Said around an address or about its spelling.
const asides = [
  ...['all lower case', 'all lowercase', 'in lower case', 'lower case', 'lowercase', 'all one word', 'one word', 'no spaces', 'no space'],
  ...[
    'my email address is',
    'my e mail address is',
    'my email is',
    'my e mail is',
    'the email is',
    'the address is',
    'email is',
    'address is',
  ],
  ...[
    'it is',
    'its',
    'that is',
    'thats',
    'this is',
    'send it to',
    'capital',
    'the letter',
    'the number',
    'then',
    'please',
    'thank you',
    'thanks',
  ],
].map((phrase) => phrase.split(' '))
const none =
  /^\W*(?:none|no|nope|n\/a|na|null|undefined|unknown|not provided|not given|no e-?mail|does not have one|doesn't have one|has none)\W*$/i

/**
 * An e-mail address as it was said or written: "j o h n underscore s at gmail dot com". Of the domain slips of the tongue are repaired.
 * @param isConfirmed the caller has heard it read back: then it is taken as it is
 */
export function readEmail(text: string | undefined, isConfirmed = false): Email {
  if (text === undefined || text.trim() === '' || none.test(text)) return { kind: 'none' }
  if (text.length > LONGEST) return { kind: 'unusable' }
  const written = Address.safeParse(text.trim()).data
  if (written !== undefined) return isConfirmed ? { kind: 'email', address: written } : repaired([written])
  return repaired(addressesIn(tokens(text)))
}

/** "john dot smith at gmail dot com", at one go; numbers digit by digit. */
export function sayEmail(address: string): string {
  const [local = '', domain = ''] = split(address)
  return `${pieces(local).map(sayPiece).join(' ')} at ${pieces(domain).map(sayPiece).join(' ')}`
}

/** Letter by letter, with a word for those that sound alike: "j, o, h, n as in Nora, dot, …, at gmail dot com". */
export function spellEmail(address: string): string {
  return `${spell(split(address)[0])}, at ${spellDomain(address)}`
}

/** The part behind the at sign; the well-known ones as they are. */
export function spellDomain(address: string): string {
  const [, domain] = split(address)
  return isKnownDomain(domain) ? pieces(domain).map(sayPiece).join(' ') : spell(domain)
}

const confusable: Record<string, string> = {
  ...{ b: 'Bob', c: 'Charlie', d: 'David', e: 'Edward', f: 'Frank', g: 'George', m: 'Mary', n: 'Nora', p: 'Peter', s: 'Sam', t: 'Tom' },
  ...{ v: 'Victor', z: 'Zebra' },
}
const signNames: Record<string, string> = { '.': 'dot', '-': 'dash', _: 'underscore', '+': 'plus', "'": 'apostrophe' }

function spell(text: string): string {
  return [...text.toLowerCase()]
    .map((sign) => signNames[sign] ?? (/\d/.test(sign) ? sayDigits(sign) : confusable[sign] ? `${sign} as in ${confusable[sign]}` : sign))
    .join(', ')
}

/** Words, runs of digits, and signs. */
function pieces(text: string): string[] {
  return text.match(/\d+|\p{L}+|./gu) ?? []
}

function sayPiece(piece: string): string {
  return signNames[piece] ?? (/^\d+$/.test(piece) ? sayDigits(piece) : piece.toLowerCase())
}

function split(address: string): [string, string] {
  const at = address.lastIndexOf('@')
  return [address.slice(0, at), address.slice(at + 1)]
}

/** Words in lower case, signs apart, without what is said about the spelling. */
function tokens(text: string): string[] {
  const words =
    text
      .toLowerCase()
      .replaceAll('e-mail', 'email')
      .replaceAll(/[’']s\b/g, 's')
      .match(/[\p{L}]+|\d+|[@._+-]/gu) ?? []
  // A full stop at the end is the sentence's, and commas and dashes between single letters only part them.
  while (words.at(-1) === '.') words.pop()
  const kept: string[] = []
  for (let at = 0; at < words.length; ) {
    const aside = asides.find((phrase) => startsAt(words, at, phrase))
    // "b as in boy", "b for Bob", "b like boy": the letter stands already.
    const example = kept.at(-1)?.length === 1 ? exampleAt(words, at) : 0
    if (aside) at += aside.length
    else if (example > 0) at += example
    else kept.push(words[at++] ?? '')
  }
  return kept
}

function exampleAt(words: string[], at: number): number {
  if (startsAt(words, at, ['as', 'in'])) return 3
  const letter = words[at - 1]
  const isExample = ['for', 'like'].includes(words[at] ?? '') && letter !== undefined && (words[at + 1] ?? '').startsWith(letter)
  return isExample ? 2 : 0
}

function startsAt(words: string[], at: number, phrase: string[]): boolean {
  return phrase.every((word, index) => words[at + index] === word)
}

/** The readings of what was said: where a number stands between two words, it may be digits or part of the words. */
function addressesIn(words: string[]): string[] {
  const at = words.findLastIndex((word) => word === '@' || word === 'at')
  if (at < 1) return []
  const before = joined(words.slice(0, at))
  const after = joined(withDots(words.slice(at + 1)))
  return [...new Set(before.map((local) => `${local}@${after[0] ?? ''}`))]
}

/** "gmail com". */
function withDots(words: string[]): string[] {
  const rest = words[0] === 'sign' || words[0] === 'symbol' ? words.slice(1) : words
  const isBare = !rest.some((word) => ['.', 'dot', 'period', 'point'].includes(word))
  const [ending = ''] = rest.slice(-1)
  return isBare && isKnownName(rest.slice(0, -1).join('')) ? [...rest.slice(0, -1), 'dot', ending] : rest
}

function joined(words: string[]): string[] {
  let asDigits = ''
  let asWords = ''
  for (let at = 0; at < words.length; ) {
    const sign = signs.find(([phrase]) => startsAt(words, at, phrase))
    const number = digitsAt(words, at)
    const [word = ''] = words.slice(at)
    const doubled = word === 'double' && words[at + 1]?.length === 1 ? words[at + 1] : undefined
    if (sign) {
      const isWord = sign[1] === '@' // the last one was the sign; this is the word
      asDigits += isWord ? word : sign[1]
      asWords += isWord ? word : sign[1]
      at += sign[0].length
    } else if (number && !isLetterO(words, at)) {
      const isBetween = isPlainWord(words[at - 1]) && isPlainWord(words[at + number.length]) && !/^\d+$/.test(word)
      asDigits += number.digits
      asWords += isBetween ? words.slice(at, at + number.length).join('') : number.digits
      at += number.length
    } else {
      asDigits += doubled === undefined ? word : doubled.repeat(2)
      asWords += doubled === undefined ? word : doubled.repeat(2)
      at += doubled === undefined ? 1 : 2
    }
  }
  return [asDigits, asWords]
}

/** In "j o h n" it is a letter, in "seven o four" a zero. */
function isLetterO(words: string[], at: number): boolean {
  if (words[at] !== 'o' && words[at] !== 'oh') return false
  return !/^\d+$/.test(words[at - 1] ?? '') && digitsAt(words, at - 1) === undefined
}

function isPlainWord(word: string | undefined): boolean {
  return (
    word !== undefined &&
    word.length > 1 &&
    /^\p{L}+$/u.test(word) &&
    !signs.some(([phrase]) => phrase[0] === word) &&
    digitsAt([word], 0) === undefined
  )
}

function repaired(addresses: string[]): Email {
  const readings = addresses.flatMap((address) => {
    const [local, domain] = split(address)
    const mended = domain.includes('.') ? repairDomain(domain.toLowerCase()) : { kind: 'sure' as const, domain }
    return (mended.kind === 'sure' ? [mended.domain] : mended.domains).map((one) => `${local}@${one}`)
  })
  const [first, second] = readings.filter((address) => Address.safeParse(address).success)
  if (first === undefined) return { kind: 'unusable' }
  return second === undefined ? { kind: 'email', address: first } : { kind: 'unclear', addresses: [first, second] }
}
