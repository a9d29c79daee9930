import { readDay, readMonth, readWeekday, type SaidDay, type SaidMonth } from './phrase-day.ts'
import { attempt, type Cursor, take, takeCardinal, takeOne, takeOrdinal } from './tokens.ts'
import { months } from './words.ts'

/** Several days, as they were said. */
export type SaidSpan =
  /** 0 is this week. */
  (
    | { kind: 'week'; weeks: number }
    | { kind: 'weekend'; which: 'the' | 'this' | 'next' }
    /** The week or weekend that a day lies in. */
    | { kind: 'around'; unit: 'week' | 'weekend'; of: SaidDay }
    | { kind: 'month'; month: SaidMonth }
    /** From so many days after today to so many; both included. */
    | { kind: 'ahead'; from: number; to: number }
    /** Both included; without `last` a week of days, without `first` from today on. */
    | { kind: 'between'; first?: SaidDay; last?: SaidDay; without?: 'first' | 'last' }
  ) & { portion?: Portion }

/** Part of a week or month. A number is the so-manieth week of a month, -1 the last. */
export type Portion = 'beginning' | 'early' | 'middle' | 'late' | 'end' | 'rest' | 'later' | number

const portions: [words: string[], portion: Portion][] = [
  [['the beginning of', 'beginning of', 'the start of', 'start of', 'at the beginning of', 'at the start of'], 'beginning'],
  [['early on in', 'early in', 'early'], 'early'],
  [['the middle of', 'in the middle of', 'middle of', 'mid', 'around the middle of'], 'middle'],
  [['late in', 'late'], 'late'],
  [['the end of', 'at the end of', 'towards the end of', 'toward the end of', 'end of'], 'end'],
  [['the rest of', 'the remainder of', 'rest of'], 'rest'],
  [['later in', 'later on', 'later'], 'later'],
]

/** 'next week', 'the end of the month', 'within two weeks', 'from Monday to Wednesday'. */
export function readSpan(cursor: Cursor): SaidSpan | undefined {
  return readAhead(cursor) ?? readPortion(cursor) ?? readWeekOf(cursor) ?? readWhole(cursor) ?? readBetween(cursor)
}

function readPortion(cursor: Cursor): SaidSpan | undefined {
  return attempt(cursor, () => {
    const until = takeOne(cursor, ['by the end of', 'before the end of', 'until the end of', 'by end of']) !== undefined
    takeOne(cursor, ['at', 'in'])
    const portion = until ? 'rest' : (portions.find(([words]) => takeOne(cursor, words))?.[1] ?? readWeekNumber(cursor))
    const span = portion === undefined ? undefined : readUnit(cursor)
    if (until && (span?.kind !== 'week' || span.weeks > 0)) return undefined
    if (!span || portion === undefined || (typeof portion === 'number' && span.kind !== 'month')) return undefined
    return { ...span, portion }
  })
}

/** 'the first week of', 'the last week of'. */
function readWeekNumber(cursor: Cursor): number | undefined {
  return attempt(cursor, () => {
    take(cursor, 'the')
    const nth = takeOne(cursor, ['last']) ? -1 : takeOrdinal(cursor)
    return nth !== undefined && nth <= 4 && takeOne(cursor, ['week of', 'week in']) ? nth : undefined
  })
}

function readUnit(cursor: Cursor): SaidSpan | undefined {
  if (takeOne(cursor, ['the week after next'])) return { kind: 'week', weeks: 2 }
  if (takeOne(cursor, ['this week', 'the week', 'this coming week', 'the current week'])) return { kind: 'week', weeks: 0 }
  if (takeOne(cursor, ['next week', 'the coming week', 'the next week'])) return { kind: 'week', weeks: 1 }
  const month = readMonth(cursor)
  return month && { kind: 'month', month }
}

/** 'this week', 'next month', 'in December', 'the weekend'. A month alone is heard only with a word before it: 'may' is a verb too. */
function readWhole(cursor: Cursor): SaidSpan | undefined {
  return attempt(cursor, () => {
    const within = takeOne(cursor, ['in', 'during', 'over', 'on', 'at', 'for', 'of'])
    if (takeOne(cursor, ['the week after next', 'week after next'])) return { kind: 'week', weeks: 2 }
    if (takeOne(cursor, ['this week', 'this coming week'])) return { kind: 'week', weeks: 0 }
    if (takeOne(cursor, ['next week'])) return { kind: 'week', weeks: 1 }
    if (takeOne(cursor, ['this weekend', 'this coming weekend', 'the coming weekend'])) return { kind: 'weekend', which: 'this' }
    if (takeOne(cursor, ['next weekend'])) return { kind: 'weekend', which: 'next' }
    if (takeOne(cursor, ['the weekend', 'weekend'])) return { kind: 'weekend', which: 'the' }
    const named = takeOne({ ...cursor }, months) !== undefined
    if (takeOne({ ...cursor }, ['the month']) || (named && within !== 'in' && within !== 'during')) return undefined
    const month = readMonth(cursor)
    return month && { kind: 'month', month }
  })
}

/** 'the week of December 7', 'the weekend of the fifth'. */
function readWeekOf(cursor: Cursor): SaidSpan | undefined {
  return attempt(cursor, () => {
    take(cursor, 'in')
    take(cursor, 'the')
    const unit = takeOne(cursor, ['week of', 'week beginning', 'week starting', 'weekend of'])
    if (!unit) return undefined
    const of = readOneDay(cursor)
    return of && { kind: 'around', unit: unit === 'weekend of' ? 'weekend' : 'week', of }
  })
}

/** A weekday, a date, or both. */
function readOneDay(cursor: Cursor): SaidDay | undefined {
  const weekday = readWeekday(cursor)
  const day = readDay(cursor)
  return weekday || day ? { ...weekday, ...day } : undefined
}

/** 'within two weeks', 'in the next few days', 'in a couple of days'. */
function readAhead(cursor: Cursor): SaidSpan | undefined {
  return attempt(cursor, () => {
    if (takeOne(cursor, ['within the week', 'in the next week', 'over the next week', 'during the next week'])) {
      return { kind: 'ahead', from: 0, to: 7 }
    }
    const within = takeOne(cursor, ['within the next', 'within', 'in the next', 'over the next', 'during the next', 'the next'])
    const start = within ?? takeOne(cursor, ['in'])
    if (!start) return undefined
    const vague = takeOne(cursor, ['a couple of', 'couple of', 'a couple', 'couple', 'a few', 'few'])
    const pair = vague ? undefined : readPair(cursor)
    if (pair) return { kind: 'ahead', from: within ? 0 : pair.least, to: pair.most }
    const count = vague ? undefined : takeOne(cursor, ['a']) ? 1 : takeCardinal(cursor)
    const unit = takeOne(cursor, ['days', 'day', 'weeks', 'week'])
    if (!unit || (!vague && !count)) return undefined
    const days = unit.startsWith('week') ? 7 : 1
    if (count) return within ? { kind: 'ahead', from: 0, to: count * days } : undefined
    const [least, most] = vague?.includes('couple') ? [2, 3] : [3, 5]
    return { kind: 'ahead', from: within ? 0 : least * days, to: most * days }
  })
}

/** 'a day or two', 'two or three weeks', '2-3 days': in days. */
function readPair(cursor: Cursor): { least: number; most: number } | undefined {
  return attempt(cursor, () => {
    take(cursor, 'a')
    const one = takeOne(cursor, ['day or two', 'day or 2', 'week or two', 'week or 2'])
    if (one) return one.startsWith('week') ? { least: 7, most: 14 } : { least: 1, most: 2 }
    const least = takeCardinal(cursor)
    const most = takeOne(cursor, ['or', 'to', '-']) && takeCardinal(cursor)
    const unit = takeOne(cursor, ['days', 'weeks'])
    if (!least || !most || !unit || least >= most) return undefined
    const days = unit === 'weeks' ? 7 : 1
    return { least: least * days, most: most * days }
  })
}

const startWords = ['between', 'from', 'starting on', 'starting', 'not before', 'no earlier than', 'after'] as const
const endWords = ['no later than', 'before', 'by', 'until', 'till', 'up to'] as const

/** 'from Monday to Wednesday', 'after Tuesday', 'before Friday', 'starting Monday'. */
function readBetween(cursor: Cursor): SaidSpan | undefined {
  return attempt(cursor, () => {
    const start = takeOne(cursor, startWords)
    const end = start ? undefined : takeOne(cursor, endWords)
    // 'By on Saturday' is the end of 'could I come by', and a day.
    if ((start || end) && takeOne({ ...cursor }, ['on', 'for'])) return undefined
    const day = readOneDay(cursor)
    if (!day) return undefined
    if (end) return { kind: 'between', last: day, ...(end === 'before' ? { without: 'last' as const } : {}) }
    const joined = takeOne(cursor, start === 'between' ? ['and'] : ['to', 'through', 'until', 'till', '-'])
    const last = joined && readOneDay(cursor)
    if (last) return { kind: 'between', first: day, last }
    if (!start && !joined && takeOne(cursor, ['or later', 'or after', 'onwards'])) return { kind: 'between', first: day }
    if (joined || !start || start === 'between') return undefined
    if (start === 'after') return { kind: 'between', first: day, without: 'first' }
    takeOne(cursor, ['onwards', 'onward', 'or later', 'on'])
    return { kind: 'between', first: day }
  })
}
