import { type Weekday, weekdayOf, weekdays } from '../calendar/zone.ts'
import { ask, askDays, isBefore, likely, localDate, monday, notTooLate, todayOf } from './local-days.ts'
import { NOT_UNDERSTOOD, PAST, type Setting, type When } from './meaning.ts'
import type { Day, SaidDate, SaidDay } from './phrase-day.ts'
import { candidates, likelyDate, monthOf, nthDay } from './said-date.ts'

/** One day; it may have gone by. */
export function readOneDay({ day, weekday }: SaidDay, setting: Setting): Temporal.PlainDate | When {
  if (!day) return weekday ? readWeekday(weekday, setting) : setting.day ? localDate(setting.day, setting) : ask({ about: 'no_day' })
  if (day.kind === 'date') return readDate(day, weekday?.name, setting)
  if (day.kind === 'numeric') return readNumeric(day.readings, weekday?.name, setting)
  const date = countDay(day, setting)
  if (!weekday || !(date instanceof Temporal.PlainDate) || weekdayOf(date) === weekday.name) return date
  if (day.kind === 'offset' && day.weeks) return weekdayInWeeks(day.days, weekday.name, setting)
  return askDays('weekday_or_date', nearestWeekday(weekday.name, date, todayOf(setting)), date, setting)
}

/** Days that are counted from another one. */
function countDay(day: Exclude<Day, { kind: 'date' | 'numeric' }>, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  switch (day.kind) {
    case 'offset':
      return today.add({ days: day.days })
    case 'months': {
      const date = today.add({ months: day.months })
      // A month from the thirty-first of January there is no thirty-first.
      return date.day === today.day ? date : likely(date, setting)
    }
    case 'nth':
      return readNth(day, setting)
    case 'ordinal':
      return readOrdinal(day, setting)
    case 'weeks_after':
      return readWeeksAfter(day.weeks, day.from, setting)
    case 'beside':
      return readBeside(day, setting)
    case 'that':
      return setting.day ? localDate(setting.day, setting).add({ days: day.days }) : ask({ about: 'no_day' })
  }
}

/** A date, with or without month and year. @param weekday said beside it: settles or contradicts */
function readDate(said: SaidDate, weekday: Weekday | undefined, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const { dates, skipped } = candidates(said, today)
  const [next] = dates
  if (!next) return NOT_UNDERSTOOD
  const moved = typeof said.year === 'number' ? likelyDate(next, today) : undefined
  if (moved) return readMisdated(moved, weekday, setting)
  if (weekday) {
    const agreeing = dates.find((date) => weekdayOf(date) === weekday)
    if (agreeing) return agreeing
    if (saidThisYear(said, today, weekday) || isBefore(next, today)) return PAST
    return askDays('weekday_or_date', nearestWeekday(weekday, next, today), next, setting)
  }
  // This month or the next has no such day: who says "the thirty-first" in November may have another day in mind.
  if (skipped) return likely(next, setting)
  if (said.months === 0 && isBefore(next, today)) return likely(next.add({ months: 1 }), setting)
  return yearSaid(said) ? next : notTooLate(next, setting)
}

/** A date whose year cannot be meant. The weekday that was said may be that of the wrong year or of the right one. */
function readMisdated(moved: Temporal.PlainDate, weekday: Weekday | undefined, setting: Setting): Temporal.PlainDate | When {
  if (!weekday || weekdayOf(moved) === weekday) return likely(moved, setting)
  return askDays('weekday_or_date', nearestWeekday(weekday, moved, todayOf(setting)), moved, setting)
}

/** '12/3': both ways, unless only one of them exists, lies ahead or falls on the weekday that was said. */
function readNumeric(readings: SaidDate[], weekday: Weekday | undefined, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const possible = readings.flatMap((said) => {
    const [next] = candidates(said, today).dates
    const date = next && ((said.year !== undefined && likelyDate(next, today)) || next)
    return date ? [{ said, date }] : []
  })
  const ahead = possible.filter(({ date }) => !isBefore(date, today))
  const agreeing = weekday ? ahead.filter(({ date }) => weekdayOf(date) === weekday) : []
  const [one, other] = agreeing.length > 0 ? agreeing : ahead
  if (one && other) return askDays('which_date', one.date, other.date, setting)
  const only = one ?? possible[0]
  return only ? readDate(only.said, weekday, setting) : NOT_UNDERSTOOD
}

function readNth({ nth, weekday, month }: Extract<Day, { kind: 'nth' }>, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const first = monthOf(month, today)
  const date = nthDay(first, nth, weekday)
  if (!date) return NOT_UNDERSTOOD
  if (!isBefore(date, today)) return 'months' in month || month.year !== undefined ? date : notTooLate(date, setting)
  if ('months' in month) {
    const next = nthDay(first.add({ months: 1 }), nth, weekday)
    return next ? likely(next, setting) : NOT_UNDERSTOOD
  }
  const next = month.year === undefined ? nthDay(first.add({ years: 1 }), nth, weekday) : undefined
  return next ? notTooLate(next, setting) : PAST
}

/** The so-manieth of that weekday in this month or the next; and the date of that number, if it is such a weekday. */
function readOrdinal({ nth, weekday }: Extract<Day, { kind: 'ordinal' }>, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const first = today.with({ day: 1 })
  const counted = [first, first.add({ months: 1 })]
    .map((month) => nthDay(month, nth, weekday))
    .find((date) => date && !isBefore(date, today))
  const [date] = candidates({ kind: 'date', day: nth }, today).dates
  const named = date && weekdayOf(date) === weekday ? date : undefined
  if (named && counted) return askDays('which_date', named, counted, setting)
  return named ?? (counted ? likely(counted, setting) : NOT_UNDERSTOOD)
}

function readWeeksAfter(weeks: number, from: SaidDay, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const later = (date: Temporal.PlainDate) => date.add({ days: 7 * weeks })
  // "A week from Friday" on a Friday: from today, or from the next one.
  if (!from.day && from.weekday?.which === 'bare' && from.weekday.name === weekdayOf(today)) {
    return askDays('which_week', later(today), later(today.add({ days: 7 })), setting)
  }
  const start = readOneDay(from, setting)
  if (start instanceof Temporal.PlainDate) return isBefore(start, today) ? PAST : later(start)
  if (start.kind !== 'ask' || !('days' in start.question)) return start
  const [one, other] = start.question.days.map((day) => later(localDate(day, setting)))
  return one && other ? askDays('which_week', one, other, setting) : start
}

function readBeside({ date, direction, weekday }: Extract<Day, { kind: 'beside' }>, setting: Setting): Temporal.PlainDate | When {
  const start = readDate(date, undefined, setting)
  if (!(start instanceof Temporal.PlainDate)) return start
  const next = start.add({ days: direction })
  if (!weekday) return next
  const distance = (weekdays.indexOf(weekday) - (next.dayOfWeek - 1) + 7) % 7
  return direction === 1 ? next.add({ days: distance }) : next.subtract({ days: (7 - distance) % 7 })
}

/** "Tuesday in two weeks": in the week that lies two weeks ahead, or two weeks after the next one. */
function weekdayInWeeks(days: number, name: Weekday, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const inWeek = monday(today.add({ days })).add({ days: weekdays.indexOf(name) })
  const counted = readWeekday({ name, which: 'bare' }, setting)
  if (!(counted instanceof Temporal.PlainDate)) return counted
  return askDays('which_week', inWeek, counted.add({ days }), setting)
}

/** A bare weekday is the next one to come, never today. On a Sunday the week that is called this or the next one may be the same. */
function readWeekday({ name, which }: NonNullable<SaidDay['weekday']>, setting: Setting): Temporal.PlainDate | When {
  const today = todayOf(setting)
  const thisWeek = monday(today).add({ days: weekdays.indexOf(name) })
  const ahead = Temporal.PlainDate.compare(thisWeek, today)
  const nextWeek = thisWeek.add({ days: 7 })
  if (which === 'bare') return ahead > 0 ? thisWeek : nextWeek
  const sunday = today.dayOfWeek === 7 && name !== 'sunday'
  if (which === 'this' && sunday) return nextWeek
  if (which === 'next' && ahead <= 0 && !sunday) return nextWeek
  if (which === 'this' && ahead > 0) return thisWeek
  const first = ahead < 0 ? nextWeek : thisWeek
  return askDays('which_week', first, first.add({ days: 7 }), setting)
}

/** "Tuesday the tenth of November", said ten days later. */
function saidThisYear(said: SaidDate, today: Temporal.PlainDate, weekday: Weekday): boolean {
  if (said.month === undefined || said.year !== undefined) return false
  const [date] = candidates({ ...said, year: today.year }, today).dates
  return date !== undefined && isBefore(date, today) && weekdayOf(date) === weekday
}

function yearSaid({ month, year, months }: SaidDate): boolean {
  return year !== undefined || months !== undefined || month === undefined
}

/** The said weekday closest to the said date, from today on. */
function nearestWeekday(name: Weekday, date: Temporal.PlainDate, today: Temporal.PlainDate): Temporal.PlainDate {
  const distance = (weekdays.indexOf(name) - (date.dayOfWeek - 1) + 7) % 7
  const after = date.add({ days: distance })
  const before = after.subtract({ days: 7 })
  return distance > 3 && !isBefore(before, today) ? before : after
}
