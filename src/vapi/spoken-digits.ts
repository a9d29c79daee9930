import { cardinal } from '../words/words.ts'

const spokenDigit = Array.from({ length: 10 }, (_, digit) => cardinal(digit))
const single = new Map([
  ...spokenDigit.map((word, digit): [string, string] => [word, String(digit)]),
  ['oh', '0'],
  ['o', '0'],
  ['nought', '0'],
])
const belowTwenty = new Map(Array.from({ length: 10 }, (_, index) => [cardinal(index + 10), String(index + 10)]))
const tens = new Map(Array.from({ length: 8 }, (_, index) => [cardinal((index + 2) * 10), String(index + 2)]))
const times = new Map([
  ['double', 2],
  ['triple', 3],
])

/** Each digit as a word: "0142" is "zero one four two". */
export function sayDigits(digits: string): string {
  return [...digits].map((digit) => spokenDigit[Number(digit)] ?? '').join(' ')
}

/**
 * Digits in the way people say them: "five five five, double one", "twenty five", "eight hundred", "47 19 26".
 * @param words in lower case, one each
 * @returns how many of the words were read from `at` on, and the digits; `undefined`: no digit stands there
 */
export function digitsAt(words: string[], at: number): { digits: string; length: number } | undefined {
  const [word = '', next = ''] = words.slice(at)
  if (/^\d+$/.test(word)) return { digits: word, length: 1 }
  const repeated = times.get(word)
  const doubled = repeated === undefined ? undefined : (single.get(next) ?? /^\d$/.exec(next)?.[0])
  if (repeated !== undefined && doubled !== undefined) return { digits: doubled.repeat(repeated), length: 2 }
  const ten = tens.get(word)
  if (ten !== undefined) {
    const unit = next === 'zero' || next === 'oh' || next === 'o' ? undefined : single.get(next)
    return unit === undefined ? { digits: `${ten}0`, length: 1 } : { digits: ten + unit, length: 2 }
  }
  const digits = single.get(word) ?? belowTwenty.get(word)
  if (digits === undefined) return undefined
  if (next === 'hundred') return { digits: `${digits}00`, length: 2 }
  return next === 'thousand' ? { digits: `${digits}000`, length: 2 } : { digits, length: 1 }
}

/** All digits in the words, whatever stands between them. */
export function digitsIn(text: string): string {
  const words = text.toLowerCase().match(/[a-z]+|\d+/g) ?? []
  let digits = ''
  for (let at = 0; at < words.length; ) {
    const read = digitsAt(words, at)
    digits += read?.digits ?? ''
    at += read?.length ?? 1
  }
  return digits
}
