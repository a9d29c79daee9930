import type { Span } from './spans.ts'
import { DAY_MS, type DateOverride, inZone, minutesOf, type OpeningHours, openOn, wallToInstant } from './zone.ts'

/** When a business is open, and where its grid of starts begins. */
export interface Hours {
  /** IANA name. */
  timeZone: string
  openingHours: OpeningHours
  dateOverrides: DateOverride[]
  /** Steps are counted from each opening, or from the full hour at or before it. */
  startsFrom: 'opening' | 'hour'
}

/** One stretch of opening hours of one local day, as instants. */
export interface Opening extends Span {
  date: Temporal.PlainDate
  /** Where steps are counted from; not after `start`. */
  origin: number
}

/** The opening hours of all days that `from` and `to` may touch. */
export function openingsBetween({ timeZone, openingHours, dateOverrides, startsFrom }: Hours, { start: from, end: to }: Span): Opening[] {
  // One day more on both sides: where a clock goes back over midnight, two local days interleave.
  const last = inZone(to, timeZone).toPlainDate().add({ days: 1 })
  const openings: Opening[] = []
  for (
    let date = inZone(from, timeZone).toPlainDate().subtract({ days: 1 });
    Temporal.PlainDate.compare(date, last) <= 0;
    date = date.add({ days: 1 })
  ) {
    const hours = openOn(openingHours, date, dateOverrides)
    // A day that a zone left out when it crossed the date line (Samoa, 30 December 2011) has no hours.
    if (hours.length === 0 || !date.toZonedDateTime(timeZone).toPlainDate().equals(date)) continue
    for (const [opens, closes] of hours) {
      const minutes = minutesOf(opens)
      const start = wallToInstant(date, minutes, timeZone)
      const origin = startsFrom === 'hour' ? wallToInstant(date, minutes - (minutes % 60), timeZone) : start
      openings.push({ date, start, origin, end: wallToInstant(date, minutesOf(closes), timeZone) })
    }
  }
  return openings
}

/** Finds the openings around a span without looking through all of them. */
export function openingsAround(openings: Opening[]): (span: Span) => Opening[] {
  const byDay = new Map<number, Opening[]>()
  for (const opening of openings) {
    for (let day = Math.floor(opening.start / DAY_MS); day * DAY_MS < opening.end; day += 1) {
      const others = byDay.get(day)
      if (others) others.push(opening)
      else byDay.set(day, [opening])
    }
  }
  return ({ start, end }) => (byDay.get(Math.floor(start / DAY_MS)) ?? []).filter((opening) => opening.start <= start && end <= opening.end)
}
