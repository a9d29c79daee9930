import { weekdays } from '../calendar/zone.ts'
import { ask, askDays, isBefore, likely, midnights, monday, notTooLate, todayOf } from './local-days.ts'
import { NOT_UNDERSTOOD, PAST, type Setting, type When } from './meaning.ts'
import { readOneDay } from './one-day.ts'
import type { SaidDay } from './phrase-day.ts'
import type { Portion, SaidSpan } from './phrase-span.ts'
import { monthOf } from './said-date.ts'

// As far as is looked when nothing is asked: 'from Monday on' has no end of its own.
const OPEN_DAYS = 7

/** The end is exclusive; days before today are left out. */
export interface DaySpan extends Days {
  kind: 'span'
}

interface Days {
  first: Temporal.PlainDate
  end: Temporal.PlainDate
}

/** Several days; or the one of them that a weekday beside them names. */
export function readSpanDays(span: SaidSpan, weekday: SaidDay['weekday'], setting: Setting): Temporal.PlainDate | DaySpan | When {
  switch (span.kind) {
    case 'week':
      return weekday ? weekdayOfWeek(span, weekday, setting) : readWeek(span, setting)
    case 'weekend':
      return readWeekend(span.which, setting)
    case 'around':
      return readAround(span, setting)
    case 'month':
      return readMonth(span, setting)
    case 'ahead':
      return fromToday(daysFrom(todayOf(setting).add({ days: span.from }), span.to - span.from + 1), setting)
    case 'between':
      return readBetween(span, setting)
  }
}

/**
 * Weeks begin on Monday. On a Sunday 'next week' is the one that begins tomorrow for some and the one after for others; 'this week' can
 * only be what is to come.
 */
function readWeek({ weeks, portion }: Extract<SaidSpan, { kind: 'week' }>, setting: Setting): DaySpan | When {
  const today = todayOf(setting)
  const sunday = today.dayOfWeek === 7
  const start = monday(today).add({ days: 7 * weeks })
  if (sunday && weeks > 0) return askSpan('week', start, setting)
  const first = sunday ? today.add({ days: 1 }) : start
  const whole = daysFrom(sunday ? today : first, 7)
  if (portion === undefined || portion === 'rest') return fromToday(whole, setting)
  if (portion === 'later') return fromToday({ first: today.add({ days: 1 }), end: whole.end }, setting)
  const [from, days] = portion === 'beginning' || portion === 'early' ? [0, 2] : portion === 'middle' ? [1, 3] : [3, 2]
  return fromToday(daysFrom(first.add({ days: from }), days), setting)
}

/** "Wednesday next week". A week's Sunday is its first day in America and its last elsewhere. */
function weekdayOfWeek(
  { weeks, portion }: Extract<SaidSpan, { kind: 'week' }>,
  weekday: NonNullable<SaidDay['weekday']>,
  setting: Setting,
): Temporal.PlainDate | When {
  if (weekday.which !== 'bare' || portion !== undefined) return NOT_UNDERSTOOD
  const today = todayOf(setting)
  const date = monday(today).add({ days: 7 * weeks + weekdays.indexOf(weekday.name) })
  const onSunday = today.dayOfWeek === 7
  const other = onSunday ? date.add({ days: 7 }) : date.subtract({ days: 7 })
  if (onSunday === (weekday.name === 'sunday')) return date
  if (weeks === 0) return onSunday ? other : date
  return askDays('which_week', date, other, setting)
}

function readWeekend(which: 'the' | 'this' | 'next', setting: Setting): DaySpan | When {
  const today = todayOf(setting)
  const saturday = monday(today).add({ days: 5 })
  const begun = today.dayOfWeek >= 6
  if (which === 'next') return begun ? fromToday(daysFrom(saturday.add({ days: 7 }), 2), setting) : askSpan('weekend', saturday, setting)
  // Said on a Sunday it may be what is left of this one, or the next.
  if (which === 'the' && today.dayOfWeek === 7) return askSpan('weekend', saturday, setting)
  return fromToday(daysFrom(saturday, 2), setting)
}

/** 'The week of December 7': from Monday on. A Sunday belongs to two weeks. */
function readAround({ unit, of }: Extract<SaidSpan, { kind: 'around' }>, setting: Setting): DaySpan | When {
  const date = readOneDay(of, setting)
  if (!(date instanceof Temporal.PlainDate)) return date
  if (unit === 'week') {
    const start = monday(date)
    return date.dayOfWeek === 7 ? askSpan('week', start, setting) : fromToday(daysFrom(start, 7), setting)
  }
  return date.dayOfWeek < 5 ? NOT_UNDERSTOOD : fromToday(daysFrom(monday(date).add({ days: 5 }), 2), setting)
}

/** The days of a month that each portion begins and ends with; what is not positive counts from its last day. */
const monthPortions: Record<Exclude<Portion, number>, [first: number, last: number]> = {
  beginning: [1, 7],
  early: [1, 10],
  middle: [11, 20],
  late: [21, 0],
  end: [-6, 0],
  rest: [1, 0],
  later: [1, 0],
}

function readMonth({ month, portion }: Extract<SaidSpan, { kind: 'month' }>, setting: Setting): DaySpan | When {
  const today = todayOf(setting)
  const start = monthOf(month, today)
  if (!('months' in month) && month.year === undefined && isBefore(today, start)) {
    const known = notTooLate(start, setting)
    if (!(known instanceof Temporal.PlainDate)) return known
  }
  const days = portionOf(start, portion)
  const from = portion === 'later' ? { ...days, first: today.add({ days: 1 }) } : days
  if (isBefore(today, from.end) || 'year' in month) return fromToday(from, setting)
  // 'The beginning of the month' when it has gone by: probably of the next.
  return likely(portionOf(start.add('months' in month ? { months: 1 } : { years: 1 }), portion).first, setting)
}

function portionOf(start: Temporal.PlainDate, portion: Portion | undefined): Days {
  const whole = start.daysInMonth
  if (typeof portion === 'number') {
    return portion === -1 ? daysFrom(start.with({ day: whole - 6 }), 7) : daysFrom(start.add({ days: 7 * (portion - 1) }), 7)
  }
  const [first, last] = (portion && monthPortions[portion]) ?? [1, 0]
  const day = (said: number) => (said > 0 ? said : whole + said)
  return { first: start.with({ day: day(first) }), end: start.with({ day: day(last) }).add({ days: 1 }) }
}

function readBetween({ first, last, without }: Extract<SaidSpan, { kind: 'between' }>, setting: Setting): DaySpan | When {
  const from = first ? readOneDay(first, setting) : todayOf(setting)
  if (!(from instanceof Temporal.PlainDate)) return from
  const start = without === 'first' ? from.add({ days: 1 }) : from
  if (!last) return fromToday(daysFrom(start, OPEN_DAYS), setting)
  const to = readOneDay(last, setting)
  if (!(to instanceof Temporal.PlainDate)) return to
  // 'Friday to Tuesday' on a Wednesday: the Tuesday after that Friday.
  const end = isBefore(to, start) && first && last.weekday && !last.day ? to.add({ days: 7 }) : to
  return fromToday({ first: start, end: without === 'last' ? end : end.add({ days: 1 }) }, setting)
}

function daysFrom(first: Temporal.PlainDate, days: number): Days {
  return { first, end: first.add({ days }) }
}

/** What has gone by is left out. */
function fromToday({ first, end }: Days, setting: Setting): DaySpan | When {
  const today = todayOf(setting)
  const start = isBefore(first, today) ? today : first
  return isBefore(start, end) ? { kind: 'span', first: start, end } : PAST
}

/** This one or the next. @param start of the earlier one */
function askSpan(span: 'week' | 'weekend', start: Temporal.PlainDate, setting: Setting): When {
  return ask({ about: 'which_span', span, days: midnights(start, start.add({ days: 7 }), setting) })
}
