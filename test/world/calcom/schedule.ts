import { instantOf } from '../zones.ts'

export interface Interval {
  startsAt: Date
  endsAt: Date
}

/** Local times such as `09:00`; `24:00` ends the day. */
export interface Hours {
  from: string
  to: string
}

/** When a host can be booked at all. */
export interface Schedule {
  timeZone: string
  /** Monday first. */
  days: Hours[][]
}

/** Nobody's hours are in the way unless a test says so. */
export function alwaysOpen(timeZone: string): Schedule {
  return { timeZone, days: Array.from({ length: 7 }, () => [{ from: '00:00', to: '24:00' }]) }
}

/** The openings that overlap a range, earliest first; those of one day and of the next are two even where they touch. */
export function openings({ timeZone, days }: Schedule, range: Interval): Interval[] {
  const found: Interval[] = []
  const last = dateOf(range.endsAt, timeZone)
  for (let date = dateOf(range.startsAt, timeZone); Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const { from, to } of days[date.dayOfWeek - 1] ?? []) {
      const startsAt = instantOf(`${date}T${from}`, timeZone)
      const endsAt = to === '24:00' ? instantOf(`${date.add({ days: 1 })}T00:00`, timeZone) : instantOf(`${date}T${to}`, timeZone)
      if (startsAt < range.endsAt && endsAt > range.startsAt) found.push({ startsAt, endsAt })
    }
  }
  return found
}

/** Is every minute of it within opening hours? Midnight between two open days does not cut it. */
export function isOpen(schedule: Schedule, time: Interval): boolean {
  let until = time.startsAt
  for (const opening of openings(schedule, time)) {
    if (opening.startsAt > until) return false
    until = opening.endsAt
  }
  return until >= time.endsAt
}

export function dateOf(at: Date, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDate()
}
