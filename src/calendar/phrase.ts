import { type Cursor, months, take, takeCardinal, takeMatch, takeOne, takeOrdinal, tokenize } from './words.ts'
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

export type Time =
  /** Minutes since midnight. */
  | { kind: 'exact'; minutes: number }
  /** Twelve-hour clock without am or pm: minutes since midnight or noon, 0 to 719. `bare`: a lone number that could be something else. */
  | { kind: 'half'; minutes: number; bare: boolean }

/** Reads a whole phrase: days, times and parts of the day in any order, each once. `undefined`: a word was left over or said twice. */
export function readPhrase(text: string): Phrase | undefined {
  const tokens = tokenize(text)
  if (!tokens) return undefined
  const cursor: Cursor = { tokens, at: 0 }
  const phrase: Phrase = {}
  takeOne(cursor, ['any time', 'anytime', 'sometime'])
  while (cursor.at < tokens.length) {
    const piece = readDay(cursor) ?? readWeekday(cursor) ?? readPart(cursor) ?? readTime(cursor)
    if (!piece || Object.keys(piece).some((key) => key in phrase)) return undefined
    Object.assign(phrase, piece)
  }
  // "Tuesday 12" may be the twelfth: a lone number is a time only beside a part of the day.
  if (phrase.time?.kind === 'half' && phrase.time.bare && !phrase.part) return undefined
  return tokens.length > 0 ? phrase : undefined
}

/** Tries a reader; when it finds nothing, the cursor stays where it was. */
function attempt<T>(cursor: Cursor, reader: () => T | undefined): T | undefined {
  const start = cursor.at
  const found = reader()
  if (found === undefined) cursor.at = start
  return found
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

/** 'the morning of' is followed by a date, which is read in its own turn. */
function readDateAhead(cursor: Cursor): boolean {
  return readDay({ ...cursor }) !== undefined || readWeekday({ ...cursor }) !== undefined
}

const fixed = { noon: 12 * 60, midday: 12 * 60, midnight: 24 * 60 }
const fixedNames = ['noon', 'midday', 'midnight'] as const

function readTime(cursor: Cursor): Phrase | undefined {
  return attempt(cursor, () => {
    const announced = take(cursor, 'at')
    const time = readAround(cursor) ?? readFixed(cursor) ?? readClock(cursor, announced)
    return time && { time }
  })
}

function readFixed(cursor: Cursor): Time | undefined {
  const name = takeOne(cursor, fixedNames)
  return name && { kind: 'exact', minutes: fixed[name] % 1440 }
}

/** 'half past two', 'quarter to noon', 'ten minutes after three'. */
function readAround(cursor: Cursor): Time | undefined {
  return attempt(cursor, () => {
    take(cursor, 'a')
    const fraction = takeOne(cursor, ['half', 'quarter'])
    const distance = fraction ? { half: 30, quarter: 15 }[fraction] : takeCardinal(cursor)
    if (!fraction) takeOne(cursor, ['minutes', 'minute'])
    const direction = takeOne(cursor, ['past', 'after', 'to', 'before', 'till'])
    if (distance === undefined || distance < 1 || !direction) return undefined
    const later = direction === 'past' || direction === 'after'
    if (!later && fraction === 'half') return undefined
    const shift = later ? distance : -distance
    const name = takeOne(cursor, fixedNames)
    if (name) return { kind: 'exact', minutes: (fixed[name] + shift) % 1440 }
    const hour = takeCardinal(cursor)
    if (hour === undefined || hour < 1 || hour > 12) return undefined
    take(cursor, 'oclock')
    // 'quarter to twelve pm' is said for a quarter of an hour before noon and before midnight.
    if (hour === 12 && !later && takeOne({ ...cursor }, ['am', 'pm'])) return undefined
    return meridiem(cursor, ((hour % 12) * 60 + shift + 720) % 720, false)
  })
}

/** '2:30', '14:30', 'two', 'two thirty', 'two oh five', 'two o'clock', each with or without am or pm. */
function readClock(cursor: Cursor, announced: boolean): Time | undefined {
  const clock = takeMatch(cursor, /^(\d{1,2}):(\d{2})$/)
  const hour = clock ? Number(clock[1]) : takeHour(cursor)
  if (hour === undefined || hour > 23) return undefined
  const said = clock ? Number(clock[2]) : readMinutes(cursor)
  const minutes = said ?? 0
  if (minutes > 59) return undefined
  // A leading zero or an hour after twelve is the 24-hour clock.
  if (clock && (hour === 0 || hour > 12 || clock[1]?.startsWith('0'))) return { kind: 'exact', minutes: hour * 60 + minutes }
  const full = take(cursor, 'oclock')
  return meridiem(cursor, (hour % 12) * 60 + minutes, !announced && !full && said === undefined)
}

function takeHour(cursor: Cursor): number | undefined {
  return attempt(cursor, () => {
    const hour = takeCardinal(cursor)
    return hour !== undefined && hour >= 1 && hour <= 12 ? hour : undefined
  })
}

function readMinutes(cursor: Cursor): number | undefined {
  return attempt(cursor, () => {
    if (takeOne(cursor, ['oh', 'o', 'zero'])) {
      const unit = takeCardinal(cursor)
      return unit !== undefined && unit >= 1 && unit <= 9 ? unit : undefined
    }
    // "at ten twenty first of December" is ten o'clock on the twenty-first.
    if (takeOrdinal({ ...cursor }) !== undefined) return undefined
    const digits = takeMatch(cursor, /^[0-5]\d$/)
    if (digits) return Number(digits[0])
    const number = takeCardinal(cursor)
    return number !== undefined && number >= 10 ? number : undefined
  })
}

/** Reads am or pm after a time, if it was said. */
function meridiem(cursor: Cursor, minutes: number, bare: boolean): Time {
  const half = takeOne(cursor, ['am', 'pm'])
  if (!half) return { kind: 'half', minutes, bare }
  return { kind: 'exact', minutes: minutes + (half === 'pm' ? 720 : 0) }
}
