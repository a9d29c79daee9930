import type { Interval } from '../../src/providers/provider.ts'

/** A zone that changes its clocks, like most callers' zones. */
export const TIME_ZONE = 'America/Chicago'

const OPENS = Temporal.PlainTime.from('09:00')
export const HALF_HOURS_A_DAY = 16
// Well past the notice that callers are held to, well before the horizon.
const DAYS_AHEAD = 4

/** A time that somebody may ask for, as a model writes it. */
export interface Time extends Interval {
  /** On the wall clock of `TIME_ZONE`, without an offset. */
  written: string
  minutes: number
}

/**
 * Times that are open and free in an empty diary, by the default rules.
 * @param halfHour which half hour of opening time, counted over the working days to come; 0 is the first
 */
export function workingTime(halfHour: number, minutes = 30): Time {
  let day = Temporal.Now.zonedDateTimeISO(TIME_ZONE).toPlainDate().add({ days: DAYS_AHEAD })
  for (let left = Math.floor(halfHour / HALF_HOURS_A_DAY); ; left -= 1) {
    while (day.dayOfWeek > 5) day = day.add({ days: 1 })
    if (left === 0) break
    day = day.add({ days: 1 })
  }
  const local = day.toPlainDateTime(OPENS).add({ minutes: (halfHour % HALF_HOURS_A_DAY) * 30 })
  const startsAt = new Date(local.toZonedDateTime(TIME_ZONE).epochMilliseconds)
  return { written: local.toString({ smallestUnit: 'minute' }), minutes, startsAt, endsAt: new Date(startsAt.getTime() + minutes * 60_000) }
}
