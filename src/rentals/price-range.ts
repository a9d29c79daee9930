/** Dollars a month, both ends included; an end that is missing is open. */
export interface PriceRange {
  from?: number
  to?: number
}

// Longer than any wish; also bounds the work.
const LONGEST = 100
// "About 1500" is this much to either side.
const ABOUT = 0.15

const AMOUNT = String.raw`(\d+(?:\.\d+)?) ?(k|thousand|grand)?\b`
const BETWEEN = new RegExp(String.raw`${AMOUNT} ?(?:-+|\.\.+|to|and|through|until|up to) ?${AMOUNT}`)
const AT_LEAST = new RegExp(
  String.raw`(?<!\b(?:no|not) )\b(?:over|above|more than|at least|min|minimum|minimum of|from|starting at) ${AMOUNT}`,
)
const OR_MORE = new RegExp(String.raw`${AMOUNT} ?(?:\+|and up|and above|and over|or more|or above|or over|plus|min\b|minimum)`)
const AT_MOST = new RegExp(
  String.raw`\b(?:up to|to|under|below|less than|at most|max|maximum|maximum of|within|(?:no|not) (?:more than|over|above)|cheaper than|until) ${AMOUNT}`,
)
const AROUND = new RegExp(String.raw`\b(?:about|around|roughly|approximately|circa|near) ${AMOUNT}`)
const ALONE = new RegExp(AMOUNT)

/**
 * The price that somebody has in mind, in the ways that models write it: "1000-2000", "$1,500 to $2,000", "up to 2k", "over 1200".
 * One amount alone is the most that somebody would pay. @returns `undefined` when no price is to be read
 */
export function readPriceRange(given: string): PriceRange | undefined {
  if (given.length > LONGEST) return undefined
  const text = given
    .toLowerCase()
    .replaceAll(/(\d)[.,](?=\d{3}(?!\d))/g, '$1') // "1,500"
    .replaceAll(/[<≤]=?/g, ' under ')
    .replaceAll(/[>≥]=?/g, ' over ')
    .replaceAll(/[–—−]/g, '-')
    .replaceAll(/[$€£,:]|(?<![a-z])(?:us|usd|dollars?|bucks|a month|per month|monthly)\b/g, ' ')
    .replaceAll(/\s+/g, ' ')
  const [, low, lowUnit, high, highUnit] = BETWEEN.exec(text) ?? []
  if (low !== undefined && high !== undefined) {
    // "1-2k" is one to two thousand.
    const ends = [dollars(low, lowUnit ?? (Number(low) < 100 ? highUnit : undefined)), dollars(high, highUnit)].sort((a, b) => a - b)
    return { from: ends[0] ?? 0, to: ends[1] ?? 0 }
  }
  const about = amountIn(AROUND, text)
  if (about !== undefined) return { from: about * (1 - ABOUT), to: about * (1 + ABOUT) }
  const from = amountIn(AT_LEAST, text) ?? amountIn(OR_MORE, text)
  const to = amountIn(AT_MOST, text) ?? (from === undefined ? amountIn(ALONE, text) : undefined)
  if (from === undefined && to === undefined) return undefined
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function amountIn(shape: RegExp, text: string): number | undefined {
  const [, digits, unit] = shape.exec(text) ?? []
  return digits === undefined ? undefined : dollars(digits, unit)
}

function dollars(digits: string, unit: string | undefined): number {
  return Number(digits) * (unit === undefined ? 1 : 1000)
}
