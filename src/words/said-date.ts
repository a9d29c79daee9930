import { type Weekday, weekdays } from '../calendar/zone.ts'
import type { SaidDate, SaidMonth } from './phrase-day.ts'

/** Dates out of day, month and year as they were said: arithmetic on the calendar alone. */

// Who names a day of an earlier year that is longer ago than this has the year wrong, not the day.
const JUST_PASSED_DAYS = 31

/**
 * The dates that may be meant, the next one first. Without a year today's date may also be meant a year from now.
 * `skipped`: a month before the first one has no such day.
 */
export function candidates(said: SaidDate, today: Temporal.PlainDate): { dates: Temporal.PlainDate[]; skipped: boolean } {
  const { day, month, year, months } = said
  if (months !== undefined) {
    const { year, month } = today.toPlainYearMonth().add({ months })
    return exactly(dateOf(year, month, day))
  }
  if (month !== undefined) {
    if (year === undefined) return { dates: inYears(day, month, today), skipped: false }
    return exactly(dateOf(year === 'next' ? today.year + 1 : year, month, day))
  }
  let skipped = false
  for (let step = 0; step < 12; step += 1) {
    const { year, month } = today.toPlainYearMonth().add({ months: step })
    const date = dateOf(year, month, day)
    if (date && Temporal.PlainDate.compare(date, today) >= 0) return { dates: [date], skipped }
    if (!date) skipped = true
  }
  return { dates: [], skipped }
}

function exactly(date: Temporal.PlainDate | undefined) {
  return { dates: date ? [date] : [], skipped: false }
}

function inYears(day: number, month: number, today: Temporal.PlainDate): Temporal.PlainDate[] {
  const yearFromNow = today.add({ years: 1 })
  const found: Temporal.PlainDate[] = []
  // Eight years hold a 29 February in any case.
  for (let year = today.year; year <= today.year + 8; year += 1) {
    const date = dateOf(year, month, day)
    if (!date || Temporal.PlainDate.compare(date, today) < 0) continue
    if (found.length > 0 && Temporal.PlainDate.compare(date, yearFromNow) > 0) break
    found.push(date)
  }
  return found
}

/**
 * The date that was probably meant by one whose year cannot be: models write the year they were trained in, and the one after next is
 * beyond every diary. `undefined`: the date may well be meant.
 */
export function likelyDate(date: Temporal.PlainDate, today: Temporal.PlainDate): Temporal.PlainDate | undefined {
  const ago = date.until(today, { largestUnit: 'days' }).days
  const misdated = (date.year < today.year && ago > JUST_PASSED_DAYS) || date.year > today.year + 1
  return misdated ? inYears(date.day, date.month, today)[0] : undefined
}

function dateOf(year: number, month: number, day: number): Temporal.PlainDate | undefined {
  if (month < 1 || month > 12 || day < 1) return undefined
  const date = Temporal.PlainDate.from({ year, month, day }) // 30 February becomes the last of the month
  return date.day === day ? date : undefined
}

/** The first of a month; of one by its name without a year the next to come, this one included. */
export function monthOf(said: SaidMonth, today: Temporal.PlainDate): Temporal.PlainDate {
  if ('months' in said) return today.with({ day: 1 }).add({ months: said.months })
  const year = said.year === 'next' ? today.year + 1 : (said.year ?? (said.month < today.month ? today.year + 1 : today.year))
  return Temporal.PlainDate.from({ year, month: said.month, day: 1 })
}

/** The so-manieth weekday, or day, of the month that begins on `first`; -1 is the last. */
export function nthDay(first: Temporal.PlainDate, nth: number, weekday?: Weekday): Temporal.PlainDate | undefined {
  const last = first.with({ day: first.daysInMonth })
  if (!weekday) return nth === -1 ? last : dateOf(first.year, first.month, nth)
  const index = weekdays.indexOf(weekday) + 1
  if (nth === -1) return last.subtract({ days: (last.dayOfWeek - index + 7) % 7 })
  return dateOf(first.year, first.month, 1 + ((index - first.dayOfWeek + 7) % 7) + 7 * (nth - 1))
}
