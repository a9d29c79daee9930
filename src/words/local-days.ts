import { dayStart, inZone } from '../calendar/zone.ts'
import type { Question, Setting, When } from './meaning.ts'

/** Days on the calendar of the business, and what is asked about them. */

// A date that comes back later than this was more likely meant for this year: it is asked about.
const ROLLS_OVER_DAYS = 182

/** Which of two days; the same day is no question. */
export function askDays(
  about: 'which_week' | 'weekday_or_date' | 'which_date' | 'either_day',
  one: Temporal.PlainDate,
  other: Temporal.PlainDate,
  setting: Setting,
): Temporal.PlainDate | When {
  return one.equals(other) ? one : ask({ about, days: midnights(one, other, setting) })
}

/** Two days as their local midnights, the earlier first. */
export function midnights(one: Temporal.PlainDate, other: Temporal.PlainDate, { timeZone }: Setting): [Date, Date] {
  const [first, second] = isBefore(other, one) ? [other, one] : [one, other]
  return [new Date(dayStart(first, timeZone)), new Date(dayStart(second, timeZone))]
}

export function likely(date: Temporal.PlainDate, { timeZone }: Setting): When {
  return ask({ about: 'likely', day: new Date(dayStart(date, timeZone)) })
}

export function ask(question: Question): When {
  return { kind: 'ask', question }
}

export function todayOf({ now, timeZone }: Setting): Temporal.PlainDate {
  return inZone(now, timeZone).toPlainDate()
}

export function localDate(at: Date, { timeZone }: Setting): Temporal.PlainDate {
  return inZone(at, timeZone).toPlainDate()
}

/** Of the week that a date lies in. */
export function monday(date: Temporal.PlainDate): Temporal.PlainDate {
  return date.subtract({ days: date.dayOfWeek - 1 })
}

export function isBefore(one: Temporal.PlainDate, other: Temporal.PlainDate): boolean {
  return Temporal.PlainDate.compare(one, other) < 0
}

/** A date without its year that has just passed is asked about, rather than taken for one in a year. */
export function notTooLate(date: Temporal.PlainDate, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const far = today.year < date.year && today.until(date, { largestUnit: 'days' }).days > ROLLS_OVER_DAYS
  return far ? ask({ about: 'next_year', day: new Date(dayStart(date, setting.timeZone)) }) : date
}
