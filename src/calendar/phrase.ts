import { readTime, type Time } from './phrase-time.ts'
import { attempt, type Cursor, months, take, takeCardinal, takeMatch, takeOne, takeOrdinal, tokenize } from './words.ts'
import { type Weekday, weekdays } from './zone.ts'

/** What was said, not yet what it means on the calendar. */
export interface Phrase {
  day?: Day
  weekday?: { name: Weekday; which: 'bare' | 'this' | 'next' }
  week?: 'this' | 'next'
  part?: SaidPart
  time?: Time
}

export type SaidPart = 'morning' | 'afternoon' | 'evening' | 'night'

export type Day =
  | { kind: 'offset'; days: number }
  /** Without a month: 'the third'. `year` 'next' is the one after this. */
  | { kind: 'date'; day: number; month?: number; year?: number | 'next' }

/** Reads a whole phrase: days, times and parts of the day in any order, each once. `undefined`: a word was left over or said twice. */
export function readPhrase(text: string): Phrase | undefined {
  const tokens = tokenize(text)
  if (!tokens) return undefined
  const cursor: Cursor = { tokens, at: 0 }
  const phrase: Phrase = {}
  takeOne(cursor, ['any time', 'anytime', 'sometime'])
  while (cursor.at < tokens.length) {
    const piece = readDay(cursor) ?? readWeekday(cursor) ?? readPart(cursor) ?? readTimeOf(cursor)
    if (!piece || Object.keys(piece).some((key) => key in phrase)) return undefined
    Object.assign(phrase, piece)
  }
  // "Tuesday 12" may be the twelfth: a lone number is a time only beside a part of the day.
  if (phrase.time?.kind === 'half' && phrase.time.bare && !phrase.part) return undefined
  return tokens.length > 0 ? phrase : undefined
}

function readDay(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    take(cursor, 'on')
    if (take(cursor, 'the day after tomorrow') || take(cursor, 'day after tomorrow')) return { day: { kind: 'offset', days: 2 } }
    if (take(cursor, 'today')) return { day: { kind: 'offset', days: 0 } }
    if (take(cursor, 'tomorrow')) return { day: { kind: 'offset', days: 1 } }
    if (take(cursor, 'tonight')) return { day: { kind: 'offset', days: 0 }, part: 'evening' }
    const iso = takeMatch(cursor, /^(\d{4})-(\d{2})-(\d{2})$/)
    if (iso) return { day: { kind: 'date', year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) } }
    return readDistance(cursor) ?? readDate(cursor)
  })
}

/** 'in three days', 'in two weeks'. */
function readDistance(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    if (!take(cursor, 'in')) return undefined
    const count = take(cursor, 'a') ? 1 : takeCardinal(cursor)
    const unit = takeOne(cursor, ['days', 'day', 'weeks', 'week'])
    if (count === undefined || !unit) return undefined
    return { day: { kind: 'offset', days: unit.startsWith('week') ? 7 * count : count } }
  })
}

/** 'November 24', 'November the twenty-fourth', 'the twenty-fourth of November', '24 November', 'the third'. */
function readDate(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    const spelled = takeOne(cursor, months)
    if (spelled) {
      take(cursor, 'the')
      const day = takeOrdinal(cursor) ?? takeCardinal(cursor)
      return day === undefined ? undefined : dated(cursor, day, spelled)
    }
    take(cursor, 'the')
    const first = takeOrdinal(cursor)
    const day = first ?? Number(takeMatch(cursor, /^\d{1,2}$/)?.[0] ?? Number.NaN)
    const month = attempt(cursor, () => {
      take(cursor, 'of')
      return takeOne(cursor, months)
    })
    if (month && !Number.isNaN(day)) return dated(cursor, day, month)
    return first === undefined ? undefined : { day: { kind: 'date', day: first } }
  })
}

function dated(cursor: Cursor, day: number, name: string): Phrase {
  const month = months.indexOf(name) + 1
  const year = takeMatch(cursor, /^20\d\d$/)
  if (year) return { day: { kind: 'date', day, month, year: Number(year[0]) } }
  return take(cursor, 'next year') ? { day: { kind: 'date', day, month, year: 'next' } } : { day: { kind: 'date', day, month } }
}

function readWeekday(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    take(cursor, 'on')
    const which = takeOne(cursor, ['this coming', 'this', 'next', 'coming'])
    if ((which === 'this' || which === 'next') && take(cursor, 'week')) return { week: which }
    const name = takeOne(cursor, weekdays)
    if (!name) return undefined
    return { weekday: { name, which: which === 'this' || which === 'next' ? which : 'bare' } }
  })
}

function readPart(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    const today = take(cursor, 'this')
    if (!today && take(cursor, 'at night')) return { part: 'night' }
    if (!today) {
      take(cursor, 'in')
      take(cursor, 'the')
    }
    const part = takeOne(cursor, ['morning', 'afternoon', 'evening', 'night'])
    if (!part) return undefined
    attempt(cursor, () => (take(cursor, 'of') && readDateAhead(cursor) ? true : undefined))
    return today ? { part, day: { kind: 'offset', days: 0 } } : { part }
  })
}

function readTimeOf(cursor: Cursor): Phrase | undefined {
  const time = readTime(cursor)
  return time && { time }
}

/** 'the morning of' is followed by a date, which is read in its own turn. */
function readDateAhead(cursor: Cursor): boolean {
  return readDay({ ...cursor }) !== undefined || readWeekday({ ...cursor }) !== undefined
}
