import { meridiem, minutesBeforeHour, readTime, type Time } from './phrase-time.ts'
import { attempt, type Cursor, take, takeOne } from './tokens.ts'
import type { DayWindow } from './zone.ts'

/** Hours rather than one hour. */
export type SaidHours =
  | { kind: 'named'; window: DayWindow | 'lunchtime' | 'after_work' }
  /** One end may be open. `bare`: two lone numbers, which may be a date. */
  | { kind: 'between'; from?: Time; to?: Time; bare?: boolean }
  | { kind: 'around'; time: Time }

const hour = 60
/** What these words mean, in minutes since midnight, or what the business says that they mean. */
const named: [words: string[], window: [from: number, to: number] | 'lunchtime' | 'after_work'][] = [
  [
    ['first thing in the morning', 'first thing', 'early in the morning', 'early morning', 'early in the day'],
    [0, 10 * hour],
  ],
  [
    ['before work', 'before office hours'],
    [0, 9 * hour],
  ],
  [
    ['in the middle of the morning', 'mid morning', 'midmorning'],
    [9.5 * hour, 11.5 * hour],
  ],
  [
    ['late in the morning', 'late morning'],
    [10.5 * hour, 12 * hour],
  ],
  [['before lunch'], [0, 12 * hour]],
  [['around lunchtime', 'around lunch', 'at lunchtime', 'at lunch time', 'at lunch', 'over lunch', 'during lunch'], 'lunchtime'],
  [['during my lunch break', 'lunchtime', 'lunch time', 'lunch hour', 'lunch'], 'lunchtime'],
  [['after lunch'], [13 * hour, 17 * hour]],
  [
    ['early in the afternoon', 'early afternoon'],
    [12 * hour, 14.5 * hour],
  ],
  [
    ['in the middle of the afternoon', 'mid afternoon', 'midafternoon'],
    [14 * hour, 16 * hour],
  ],
  [
    ['late in the afternoon', 'late afternoon'],
    [15.5 * hour, 18 * hour],
  ],
  [
    ['late in the day', 'at the end of the day', 'end of the day', 'end of day', 'close of business'],
    [16 * hour, 18 * hour],
  ],
  [['after work', 'after office hours', 'after hours'], 'after_work'],
  [
    ['early in the evening', 'early evening'],
    [17 * hour, 19 * hour],
  ],
  [
    ['late in the evening', 'late evening', 'late at night'],
    [20 * hour, 24 * hour],
  ],
  // Alone, after all that begin with it.
  [['early'], [0, 10 * hour]],
  [
    ['in the am', 'am'],
    [0, 12 * hour],
  ],
  [
    ['in the pm', 'pm'],
    [12 * hour, 24 * hour],
  ],
]

/** 'lunchtime', 'first thing in the morning'. */
export function readNamedHours(cursor: Cursor): SaidHours | undefined {
  const window = named.find(([words]) => takeOne(cursor, words))?.[1]
  if (!window) return undefined
  return { kind: 'named', window: typeof window === 'string' ? window : { fromMinutes: window[0], toMinutes: window[1] } }
}

/** 'after three', 'between two and four', 'around noon', 'two-ish'. */
export function readHours(cursor: Cursor): SaidHours | undefined {
  return readBetween(cursor) ?? readOpenEnd(cursor) ?? readAbout(cursor)
}

const joiners = ['and', 'to', 'until', 'till', 'til', 'through', '-'] as const

/** 'between two and four', 'from nine until noon', '2 to 4 pm', '9-5'. */
function readBetween(cursor: Cursor): SaidHours | undefined {
  return attempt(cursor, () => {
    const announced = takeOne(cursor, ['anywhere between', 'anywhere from', 'between', 'from'])
    const precise = takeOne({ ...cursor }, ['at', '@']) !== undefined
    const from = readFirstEdge(cursor)
    const joined = takeOne(cursor, joiners)
    if (!from || !joined || (joined === 'and' && !announced?.endsWith('between'))) return undefined
    const to = readTime(cursor)
    if (!to) return undefined
    const bare = !announced && from.kind === 'half' && to.kind === 'half' && from.bare && to.bare
    // 'Ten to four' is rather a time.
    if ((bare || precise) && joined === 'to' && from.kind === 'half' && minutesBeforeHour.includes(from.minutes / 60)) return undefined
    return { kind: 'between', from: shared(from, to), to, ...(bare && joined === '-' ? { bare } : {}) }
  })
}

/** 'Two to four' is not 'two minutes to four': the first hour ends before the word that joins. */
function readFirstEdge(cursor: Cursor): Time | undefined {
  const end = cursor.tokens.findIndex((token, index) => index > cursor.at && joiners.some((joiner) => joiner === token))
  const part = { tokens: end < 0 ? cursor.tokens : cursor.tokens.slice(0, end), at: cursor.at }
  const time = readTime(part)
  if (time) cursor.at = part.at
  return time
}

/** 'Two to four pm': both are in the afternoon, where that is in order; 'ten to two pm' is not. */
function shared(from: Time, to: Time): Time {
  if (from.kind !== 'half' || to.kind !== 'exact') return from
  const half = to.minutes >= 720 ? 720 : 0
  return from.minutes + half < to.minutes ? { kind: 'exact', minutes: from.minutes + half } : from
}

const afterWords = [
  'not before',
  'no earlier than',
  'not earlier than',
  'later than',
  'starting at',
  'starting from',
  'after',
  'past',
  'from',
]
const beforeWords = ['no later than', 'not later than', 'not after', 'earlier than', 'before', 'until', 'till', 'til', 'up to', 'by']

/** 'after three', 'three or later', 'from three on', 'before noon', 'by four'. */
function readOpenEnd(cursor: Cursor): SaidHours | undefined {
  return attempt(cursor, () => {
    const after = takeOne(cursor, afterWords)
    const before = after ? undefined : takeOne(cursor, beforeWords)
    const time = readTime(cursor)
    if (!time) return undefined
    if (before) return { kind: 'between', to: time }
    const on = takeOne(cursor, ['or later', 'or after', 'or thereafter', 'onwards', 'onward', 'and later', 'and after', 'on', 'and on'])
    if (after) return { kind: 'between', from: time }
    if (on && on !== 'on') return { kind: 'between', from: time }
    return takeOne(cursor, ['or earlier', 'or before', 'at the latest']) ? { kind: 'between', to: time } : undefined
  })
}

/** 'around three', 'three or so', 'noonish', 'four-ish pm'. */
function readAbout(cursor: Cursor): SaidHours | undefined {
  return attempt(cursor, () => {
    take(cursor, 'at')
    const said = takeOne(cursor, ['somewhere around', 'around', 'about', 'approximately', 'roughly', 'circa', 'close to'])
    const time = readTime(cursor)
    if (!time) return undefined
    const loose = takeOne(cursor, ['ish', 'or so', 'or thereabouts', 'or around then'])
    if (!said && !loose) return undefined
    return { kind: 'around', time: time.kind === 'half' ? meridiem(cursor, time.minutes, false) : time }
  })
}
