import { DAY_MS, inZone } from '../calendar/zone.ts'

/** Words for zones, as callers and models put them behind a time. The same word stands for places that keep their clocks differently. */
const zones: [words: string[], zones: string[]][] = [
  [
    ['eastern', 'est', 'edt', 'et'],
    ['America/New_York', 'America/Jamaica'],
  ],
  [
    ['central', 'cst', 'cdt', 'ct'],
    ['America/Chicago', 'America/Regina'],
  ],
  [
    ['mountain', 'mst', 'mdt', 'mt'],
    ['America/Denver', 'America/Phoenix'],
  ],
  [['pacific', 'pst', 'pdt', 'pt'], ['America/Los_Angeles']],
  [['alaska', 'akst', 'akdt'], ['America/Anchorage']],
  [['hawaii', 'hst'], ['Pacific/Honolulu']],
  [['cet', 'cest', 'central european'], ['Europe/Berlin']],
  [
    ['utc', 'gmt', 'zulu'],
    ['UTC', 'Europe/London'],
  ],
]

/** The words of the business itself: its own zone. */
const own = ['local', 'your']

const byWords = new Map<string, string[]>([
  ...own.map((word): [string, string[]] => [`${word} time`, []]),
  ...zones.flatMap(([words, names]) =>
    words.flatMap((word) => ['', ' time', ' standard time', ' daylight time'].map((end): [string, string[]] => [`${word}${end}`, names])),
  ),
])
const LONGEST_WORDS = 4

/** Takes the word for a zone off the end of a phrase, or from behind its time. @returns `zones` none: no other than that of the business was said */
export function withoutZone(tokens: string[]): { tokens: string[]; zones: string[] } {
  for (let at = 1; at < tokens.length; at += 1) {
    for (let length = LONGEST_WORDS; length > 0; length -= 1) {
      const named = at + length <= tokens.length ? byWords.get(tokens.slice(at, at + length).join(' ')) : undefined
      if (named) return { tokens: tokens.toSpliced(at, length), zones: named }
    }
  }
  return { tokens, zones: [] }
}

/** Whether clocks show the same in both zones, now and half a year from now. */
export function isSameClock(one: string, other: string, now: Date): boolean {
  return [now.getTime(), now.getTime() + 182 * DAY_MS].every(
    (at) => inZone(at, one).offsetNanoseconds === inZone(at, other).offsetNanoseconds,
  )
}
