import { type Phrase, readPhrase } from '../../src/words/phrase.ts'

/** What a model would hear in the caller's words, by plain rules. Nothing here knows today's date: days and times stay words. */

export function isGoodbye(said: string): boolean {
  return /\b(good ?bye|bye|see you|hang up)\b/i.test(said)
}

export function isYes(said: string): boolean {
  return (
    /^\W*(yes|yeah|yep|yup|sure|ok|okay|correct|right|exactly|perfect|great|please do|go ahead|book it|sounds good|that works|that('s| is) (right|fine|good))\b/i.test(
      said,
    ) && !/\b(no|not|don't|but|wait|instead|actually)\b/i.test(said)
  )
}

export function isNo(said: string): boolean {
  return /^\W*(no|nope|nah|neither|none|not|don't|do not|wait|actually)\b|\b(something|anything|somewhere) else\b|\b(another|other|different) (day|time|one)\b/i.test(
    said,
  )
}

export function isSoonest(said: string): boolean {
  return /\b(as soon as possible|soonest|earliest|next (available|free|opening)|first (available|free|opening)|asap|whenever)\b/i.test(said)
}

export function partOfDay(said: string): string | undefined {
  return /\b(morning|afternoon|evening)\b/i.exec(withoutGreeting(said))?.[1]?.toLowerCase()
}

/** "12 Elm Street" out of a sentence. */
export function addressIn(said: string): string | undefined {
  return /\b\d{1,5} (?:[A-Z][\w'-]* ){1,3}(?:Street|Avenue|Road|Lane|Drive|Court|Way|Place|Boulevard|St|Ave|Rd|Ln|Dr)\b/.exec(said)?.[0]
}

export function withoutAddress(said: string): string {
  const address = addressIn(said)
  return address ? said.replace(address, '') : said
}

const PRICE =
  /\b(?:(?:under|below|up to|over|at least|less than|more than|around|about|between) )\$?\d[\d,.]*k?(?: (?:to|and) \$?\d[\d,.]*k?)?/i

/** A question about what there is to rent, as the function's parameters: "Which flats do you have in Austin under 2000?" */
export function rentalWishIn(said: string): Record<string, string> | undefined {
  const rest = said.replace(PRICE, '')
  if (!/\b(rent|rentals?|apartments?|flats?|houses?|homes?)\b/i.test(rest)) return undefined
  if (/\b(see|visit|viewing|look at|come|book)\b/i.test(rest) || whenIn(rest)) return undefined
  const price = PRICE.exec(said)?.[0]
  const [, place] = /\b(?:in|near) (\p{L}[\p{L}' -]*)/iu.exec(rest) ?? []
  return { ...(place ? { location: place.trim() } : {}), ...(price ? { price_range: price } : {}) }
}

/** The caller's own words for a day or time: the longest run of them that the service would read as one. */
export function whenIn(said: string): string | undefined {
  return longestRun(said, (words) => readPhrase(words) !== undefined && !/^(on )?(first|second|third)$/i.test(words))?.replace(/^on /i, '')
}

/** As `whenIn`, in answer to an offer of times: there a lone "ten" is a time. */
export function choiceIn(said: string): Phrase | undefined {
  // "The one at nine" and "the nine thirty one" hold no hour "one".
  const plain = said
    .replace(/\bthe one (?=(in|at|on)\b)/i, '')
    .replace(/\bthe (.+?) one\b/i, 'the $1')
    .replace(/\bthe (?=(half|quarter|noon|\d|[a-z]+ (thirty|fifteen)|[a-z]+ o'?clock))/gi, '')
  const read = (words: string) => readPhrase(words) ?? readPhrase(`at ${words}`)
  const words = longestRun(plain, (run) => read(run) !== undefined)
  return words === undefined ? undefined : read(words)
}

/** Both together as one wish, where that can be read: "Tuesday" after "at ten". The newer words win. */
export function together(before: string | undefined, now: string): string {
  if (before === undefined) return now
  const words = now.split(' ')
  const shorter = words.map((_, index) => words.slice(index).join(' '))
  return [`${now} ${before}`, ...shorter.map((end) => `${before} ${end}`)].find((both) => readPhrase(both) !== undefined) ?? now
}

function longestRun(said: string, fits: (words: string) => boolean): string | undefined {
  const words = withoutGreeting(said)
    .split(/\s+/)
    .map((word) => word.replaceAll(/^[("']+|[)"'.,;!?]+$/g, ''))
    .filter((word) => word !== '')
  for (let length = Math.min(words.length, 14); length > 0; length -= 1) {
    for (let start = 0; start + length <= words.length; start += 1) {
      const run = words.slice(start, start + length).join(' ')
      if (fits(run)) return run
    }
  }
  return undefined
}

function withoutGreeting(said: string): string {
  return said.replaceAll(/\bgood (morning|afternoon|evening)\b/gi, ' ')
}
