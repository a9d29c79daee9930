import type { Interval } from '../providers/provider.ts'
import { inZone, MINUTE_MS } from './zone.ts'

// People keep three spoken options in mind.
export const MOST_OFFERS = 3
// After a no, which is a sentence of its own already.
const MOST_NEAREST = 2

/**
 * At most three slots, spread for the ear: the earliest, one in the other half of its day, and one on the next day that has any.
 * Where the spread finds fewer, the nearest others fill up. With `near` the slot nearest to it takes the place of the earliest, and
 * another day's is the nearest to the same time of day.
 * @param slots earliest first
 * @returns earliest first
 */
export function choose(slots: Interval[], timeZone: string, near?: Date): Interval[] {
  const known = slots.map((slot) => {
    const local = inZone(slot.startsAt, timeZone)
    return { slot, at: slot.startsAt.getTime(), day: local.toPlainDate().toString(), minutes: local.hour * 60 + local.minute }
  })
  type Known = (typeof known)[number]
  const closest = (candidates: Known[], distance: (one: Known) => number) =>
    candidates.reduce<Known | undefined>((best, one) => (best && distance(best) <= distance(one) ? best : one), undefined)

  const first = near ? closest(known, (one) => Math.abs(one.at - near.getTime())) : known[0]
  if (!first) return []
  const otherHalf = closest(
    known.filter((one) => one.day === first.day && one.minutes < 12 * 60 !== first.minutes < 12 * 60),
    (one) => Math.abs(one.at - first.at),
  )
  const nextDay = known.find((one) => one.day > first.day)?.day ?? known.findLast((one) => one.day < first.day)?.day
  const another = closest(
    known.filter((one) => one.day === nextDay),
    (one) => (near ? Math.abs(one.minutes - first.minutes) : one.at),
  )
  const spread = new Set([first, otherHalf, another].filter((one) => one !== undefined))
  const rest = known.filter((one) => !spread.has(one)).sort((a, b) => Math.abs(a.at - first.at) - Math.abs(b.at - first.at))
  return [...spread, ...rest]
    .slice(0, MOST_OFFERS)
    .sort((a, b) => a.at - b.at)
    .map((one) => one.slot)
}

/**
 * The first and the last of more slots than can be said, where any full or half hour between them can be had.
 * @param slots of one day, earliest first
 */
export function stretchOf(slots: Interval[], stepMinutes: number): [first: Date, last: Date] | undefined {
  const starts = slots.map(({ startsAt }) => startsAt.getTime())
  const [first, last] = [slots[0]?.startsAt, slots.at(-1)?.startsAt]
  if (!first || !last || slots.length <= MOST_OFFERS || 30 % stepMinutes !== 0) return undefined
  const isUnbroken = starts.every((start, index) => start - (starts[0] ?? start) === index * stepMinutes * MINUTE_MS)
  return isUnbroken ? [first, last] : undefined
}

/** The two slots nearest to a time that cannot be had, earliest first. */
export function nearest(slots: Interval[], near: Date): Interval[] {
  const distance = (slot: Interval) => Math.abs(slot.startsAt.getTime() - near.getTime())
  const byStart = (a: Interval, b: Interval) => a.startsAt.getTime() - b.startsAt.getTime()
  return [...slots]
    .sort((a, b) => distance(a) - distance(b) || byStart(a, b))
    .slice(0, MOST_NEAREST)
    .sort(byStart)
}
