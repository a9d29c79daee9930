import { type Weekday, weekdays } from '../calendar/zone.ts'
import { holidays } from './holidays.ts'
import { attempt, type Cursor, take, takeCardinal, takeMatch, takeOne, takeOrdinal } from './tokens.ts'
import { months } from './words.ts'

/** One day, as it was said. A date and its weekday may both be said. */
export interface SaidDay {
  day?: Day
  weekday?: { name: Weekday; which: 'bare' | 'this' | 'next' }
}

export type Day =
  /** `weeks`: counted in weeks, so that a weekday beside it may be meant in that week. */
  | { kind: 'offset'; days: number; weeks?: boolean }
  | { kind: 'months'; months: number }
  | SaidDate
  /** 'The first Monday in May', 'the last Friday of the month', 'the last day of the month'. `nth` -1 is the last. */
  | { kind: 'nth'; nth: number; weekday?: Weekday; month: SaidMonth }
  /** 'The third Thursday': of a month, or the third, which is a Thursday. */
  | { kind: 'ordinal'; nth: number; weekday: Weekday }
  /** 'A week from Friday', 'Friday week', 'the Friday after next' (there the weekday is 'next'). */
  | { kind: 'weeks_after'; weeks: number; from: SaidDay }
  /** 'The day after Christmas', 'the Monday before the tenth of May'. */
  | { kind: 'beside'; date: SaidDate; direction: 1 | -1; weekday?: Weekday }
  /** '12/3': two dates, unless one of them is impossible. */
  | { kind: 'numeric'; readings: SaidDate[] }
  /** 'That day', 'the next day': counted from the day the conversation is about. */
  | { kind: 'that'; days: number }

/** Without a month: 'the third'. `year` 'next' is the one after this; `months` counts from this month. */
export interface SaidDate {
  kind: 'date'
  day: number
  month?: number
  year?: number | 'next'
  months?: number
}

/** By its name, or counted from this month. */
export type SaidMonth = { month: number; year?: number | 'next' } | { months: number }

/** Reads a day, with or without 'on' before it. */
export function readDay(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    takeOne(cursor, ['on', 'for'])
    const counted = readWeeksAfter(cursor) ?? readWeekLater(cursor) ?? readNear(cursor) ?? readBeside(cursor) ?? readDistance(cursor)
    return counted ?? readNth(cursor) ?? readDated(cursor)
  })
}

/** Reads a weekday, with or without 'on', 'this' or 'next' before it. */
export function readWeekday(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    takeOne(cursor, ['on', 'for'])
    take(cursor, 'the')
    const which = takeOne(cursor, ['this coming', 'this', 'next', 'coming', 'upcoming'])
    const name = takeOne(cursor, weekdays)
    if (!name) return undefined
    return { weekday: { name, which: which === 'this' || which === 'next' ? which : 'bare' } }
  })
}

const near: [words: string[], days: number][] = [
  [['the day after tomorrow', 'day after tomorrow', 'overmorrow'], 2],
  [['tomorrow', 'tmrw', 'tmr'], 1],
  [['today', 'right now', 'now', 'immediately', 'this very day'], 0],
]
const that: [words: string[], days: number][] = [
  [['the same day', 'same day', 'that same day', 'that day'], 0],
  [['the next day', 'the following day', 'the day after', 'a day later'], 1],
  [['the day before', 'a day earlier'], -1],
  [['a week later', 'the week after that', 'one week later'], 7],
]

function readNear(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    take(cursor, 'later')
    const day = near.find(([words]) => takeOne(cursor, words))
    return day && { day: { kind: 'offset', days: day[1] } }
  })
}

/** 'in three days', 'in two weeks', 'two weeks from now', 'a month from today', 'a fortnight today'. */
function readDistance(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    const ahead = take(cursor, 'in')
    const distance = readCount(cursor)
    if (!distance) return undefined
    const from = takeOne(cursor, ['from now', 'from today', 'today', 'hence', 'ahead', 'out', 'time'])
    if (!ahead && !from) return undefined
    const { count, unit } = distance
    if (unit === 'month') return { day: { kind: 'months', months: count } }
    return { day: unit === 'week' ? { kind: 'offset', days: 7 * count, weeks: true } : { kind: 'offset', days: count } }
  })
}

const units = { day: 'day', days: 'day', week: 'week', weeks: 'week', month: 'month', months: 'month' } as const

/** 'three days', 'a week', 'a fortnight'. */
function readCount(cursor: Cursor): { count: number; unit: 'day' | 'week' | 'month' } | undefined {
  return attempt(cursor, () => {
    const count = takeOne(cursor, ['a', 'one']) ? 1 : takeCardinal(cursor)
    if (takeOne(cursor, ['fortnight', 'fortnights'])) return { count: 2 * (count ?? 1), unit: 'week' }
    const unit = takeOne(cursor, ['days', 'day', 'weeks', 'week', 'months', 'month'])
    return !count || !unit ? undefined : { count, unit: units[unit] }
  })
}

/** 'a week from Friday', 'two weeks on Tuesday'. */
function readWeeksAfter(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    const distance = readCount(cursor)
    if (distance?.unit !== 'week') return undefined
    if (!takeOne(cursor, ['from', 'after', 'on', 'come']) && !takeOne({ ...cursor }, weekdays)) return undefined
    const from = readAnchor(cursor)
    return from && { day: { kind: 'weeks_after', weeks: distance.count, from } }
  })
}

/** 'Friday week', 'tomorrow week', 'the Friday after next'. */
function readWeekLater(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    take(cursor, 'the')
    const name = takeOne(cursor, weekdays)
    if (name && take(cursor, 'after next')) return { day: { kind: 'weeks_after', weeks: 1, from: { weekday: { name, which: 'next' } } } }
    const from: SaidDay | undefined = name ? { weekday: { name, which: 'bare' } } : readNear(cursor)
    // 'Friday week' is British for a week from Friday.
    return from && take(cursor, 'week') ? { day: { kind: 'weeks_after', weeks: 1, from } } : undefined
  })
}

function readAnchor(cursor: Cursor): SaidDay | undefined {
  return readNear(cursor) ?? readWeekday(cursor) ?? readDated(cursor)
}

/** 'the day after Christmas', 'the Monday before the tenth of May'. */
function readBeside(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    take(cursor, 'the')
    const weekday = takeOne(cursor, weekdays)
    if (!weekday && !take(cursor, 'day')) return undefined
    const side = takeOne(cursor, ['after', 'before'])
    const date = side && readDate(cursor)
    return date && { day: { kind: 'beside', date, direction: side === 'after' ? 1 : -1, ...(weekday ? { weekday } : {}) } }
  })
}

/** 'the first Monday in May', 'the last Friday of the month', 'the last day of next month'. */
function readNth(cursor: Cursor): SaidDay | undefined {
  return attempt(cursor, () => {
    take(cursor, 'the')
    const nth = takeOne(cursor, ['last', 'final']) ? -1 : takeOrdinal(cursor)
    const weekday = takeOne(cursor, weekdays)
    if (nth === undefined || nth > 5 || (!weekday && !take(cursor, 'day'))) return undefined
    const month = attempt(cursor, () => {
      takeOne(cursor, ['of', 'in'])
      return readMonth(cursor)
    })
    if (!month && weekday && nth > 0) return { day: { kind: 'ordinal', nth, weekday } }
    return month && { day: { kind: 'nth', nth, ...(weekday ? { weekday } : {}), month } }
  })
}

/** 'May', 'May next year', 'the month', 'this month', 'next month'. */
export function readMonth(cursor: Cursor): SaidMonth | undefined {
  if (takeOne(cursor, ['the month', 'this month', 'the current month'])) return { months: 0 }
  if (takeOne(cursor, ['next month', 'the next month', 'the coming month', 'the following month'])) return { months: 1 }
  const name = takeOne(cursor, months)
  return name === undefined ? undefined : { month: months.indexOf(name) + 1, ...readYear(cursor) }
}

function readYear(cursor: Cursor): { year?: number | 'next' } {
  const year = takeMatch(cursor, /^20\d\d$/)
  if (year) return { year: Number(year[0]) }
  return takeOne(cursor, ['next year', 'of next year']) ? { year: 'next' } : {}
}

function readDated(cursor: Cursor): SaidDay | undefined {
  const back = attempt(cursor, () => {
    const found = that.find(([words]) => takeOne(cursor, words))
    // 'The day after Tuesday' counts from that Tuesday.
    const isAnchored = ['after', 'before'].includes(cursor.tokens[cursor.at - 1] ?? '') && readWeekday({ ...cursor })
    return isAnchored ? undefined : found
  })
  if (back) return { day: { kind: 'that', days: back[1] } }
  const day = readDate(cursor) ?? readNumeric(cursor)
  return day && { day }
}

/** 'November 24', 'November the twenty-fourth', 'the twenty-fourth of November', '24 November', 'the third', '2026-11-24', 'Christmas Eve'. */
function readDate(cursor: Cursor): SaidDate | undefined {
  return readIsoDate(cursor) ?? readHoliday(cursor) ?? readMonthFirst(cursor) ?? readDayFirst(cursor)
}

function readIsoDate(cursor: Cursor): SaidDate | undefined {
  const iso = takeMatch(cursor, /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/)
  return iso && { kind: 'date', year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) }
}

function readHoliday(cursor: Cursor): SaidDate | undefined {
  const holiday = holidays.find(([words]) => takeOne(cursor, words))
  return holiday && { kind: 'date', month: holiday[1], day: holiday[2], ...readYear(cursor) }
}

function readMonthFirst(cursor: Cursor): SaidDate | undefined {
  return attempt(cursor, () => {
    const name = takeOne(cursor, months)
    if (!name) return undefined
    take(cursor, 'the')
    const day = takeOrdinal(cursor) ?? takeCardinal(cursor)
    return day === undefined ? undefined : { kind: 'date', day, month: months.indexOf(name) + 1, ...readYear(cursor) }
  })
}

function readDayFirst(cursor: Cursor): SaidDate | undefined {
  return attempt(cursor, () => {
    take(cursor, 'the')
    const ordinal = takeOrdinal(cursor)
    const day = ordinal ?? Number(takeMatch(cursor, /^\d{1,2}$/)?.[0] ?? Number.NaN)
    if (Number.isNaN(day)) return undefined
    const month = attempt(cursor, () => {
      take(cursor, 'of')
      return readMonth(cursor)
    })
    if (month) return { kind: 'date', day, ...month }
    // 'The second one' is one of several.
    if (take({ ...cursor }, 'one') && !isHourOne(cursor)) return undefined
    return ordinal === undefined ? undefined : { kind: 'date', day }
  })
}

/** 'One thirty', 'one pm'. */
function isHourOne({ tokens, at }: Cursor): boolean {
  const after = { tokens, at: at + 1 }
  return takeOne(after, ['am', 'pm', 'oclock', 'oh']) !== undefined || takeCardinal(after) !== undefined
}

/** '12/3', '3.12.2026', '12-03-2026': month first in America, day first elsewhere. */
function readNumeric(cursor: Cursor): Day | undefined {
  const match = attempt(cursor, () => {
    const found = takeMatch(cursor, /^(\d{1,2})[/.-](\d{1,2})(?:[/.-](20\d\d|\d\d)?)?$/)
    return takeOne({ ...cursor }, ['am', 'pm']) ? undefined : found // '2.30 pm' is a time
  })
  if (!match) return undefined
  const [one, other] = [Number(match[1]), Number(match[2])]
  const year = match[3] === undefined ? {} : { year: Number(match[3]) + (match[3].length === 2 ? 2000 : 0) }
  const readings = [{ month: one, day: other }, ...(one === other ? [] : [{ month: other, day: one }])].filter(({ month }) => month <= 12)
  return { kind: 'numeric', readings: readings.map((reading): SaidDate => ({ kind: 'date', ...reading, ...year })) }
}
