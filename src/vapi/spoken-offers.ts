import { MOST_OFFERS } from '../calendar/choose.ts'
import { inZone } from '../calendar/zone.ts'
import type { Interval } from '../providers/provider.ts'
import { clockWords, spokenDay } from './spoken-time.ts'

/**
 * "Tuesday the first of December at nine or ten thirty in the morning, or Wednesday the second of December at noon".
 * Times are grouped by day, and within a day by its part, so that nothing is said twice.
 * @param offers earliest first; at most `MOST_OFFERS` are said
 */
export function spokenOffers(offers: Interval[], timeZone: string): string {
  const said = offers.slice(0, MOST_OFFERS).map((offer) => offer.startsAt)
  const days = grouped(said, (at) => spokenDay(at, timeZone))
  return either(
    days.map(([day, times]) => `${day} ${spokenTimes(times, timeZone)}`),
    ', or ',
  )
}

/** "at nine or ten thirty in the morning, or at two in the afternoon"; "at nine in the morning or at noon". */
function spokenTimes(times: Date[], timeZone: string): string {
  const words = times.map((at) => clockWords(inZone(at, timeZone)))
  const groups = grouped(words, ({ clock, part }) => part || clock).map(([, group]) => {
    const clocks = either([...new Set(group.map(({ clock }) => clock))], ' or ')
    const part = group[0]?.part
    return part ? `at ${clocks} ${part}` : `at ${clocks}`
  })
  // A pause where one "or" stands inside another.
  return either(groups, groups.some((group) => group.includes(' or ')) ? ', or ' : ' or ')
}

/** Neighbours with the same key come together; the order stays. */
function grouped<T>(items: T[], key: (item: T) => string): [string, T[]][] {
  const groups: [string, T[]][] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (last?.[0] === key(item)) last[1].push(item)
    else groups.push([key(item), [item]])
  }
  return groups
}

function either(items: string[], last: string): string {
  return items.length > 1 ? `${items.slice(0, -1).join(', ')}${last}${items.at(-1)}` : items.join('')
}
