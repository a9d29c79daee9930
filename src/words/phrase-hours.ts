import type { DayWindow } from '../calendar/zone.ts'
import { meridiem, minutesBeforeHour, readTime, type Time } from './phrase-time.ts'
import { attempt, type Cursor, take, takeOne } from './tokens.ts'

/** Hours rather than one hour. */
export type SaidHours =
  | { kind: 'named'; window: DayWindow | 'lunchtime' | 'after_work' }
  /** One end may be open. `bare`: two lone numbers, which may be a date. */
  | { kind: 'between'; from?: Time; to?: Time; bare?: boolean }
  | { kind: 'around'; time: Time }

/** What words mean that no business sets: from which hour to which. */
const named: { from: number; to: number; words: string[] }[] = [
  { from: 0, to: 9, words: ['before work', 'before office hours'] },
  {
    from: 0,
    to: 10,
    words: [
      'first thing in the morning',
      'first thing',
      'early in the morning',
      'in the early morning',
      'early morning',
      'early in the day',
    ],
  },
  { from: 0, to: 12, words: ['before lunch', 'in the am', 'am'] },
  { from: 9.5, to: 11.5, words: ['in the middle of the morning', 'mid morning', 'midmorning'] },
  { from: 10.5, to: 12, words: ['late in the morning', 'in the late morning', 'late morning'] },
  { from: 12, to: 14.5, words: ['early in the afternoon', 'in the early afternoon', 'early afternoon'] },
  { from: 12, to: 24, words: ['in the pm', 'pm'] },
  { from: 13, to: 17, words: ['after lunch'] },
  { from: 14, to: 16, words: ['in the middle of the afternoon', 'mid afternoon', 'midafternoon'] },
  { from: 15.5, to: 18, words: ['late in the afternoon', 'in the late afternoon', 'late afternoon'] },
  { from: 16, to: 18, words: ['late in the day', 'at the end of the day', 'end of the day', 'end of day', 'close of business'] },
  { from: 17, to: 19, words: ['early in the evening', 'in the early evening', 'early evening'] },
  { from: 20, to: 24, words: ['late in the evening', 'in the late evening', 'late evening', 'late at night'] },
  // After all that begin with it.
  { from: 0, to: 10, words: ['early'] },
]

/** What a business says that they mean. */
const lunchtime = [
  ...['around lunchtime', 'around lunch', 'at lunchtime', 'at lunch time', 'at lunch', 'over lunch', 'during lunch'],
  ...['during my lunch break', 'lunchtime', 'lunch time', 'lunch hour', 'lunch'],
]
const afterWork = ['after work', 'after office hours', 'after hours']

/** 'lunchtime', 'first thing in the morning'. */
export function readNamedHours(cursor: Cursor): SaidHours | undefined {
  if (takeOne(cursor, lunchtime)) return { kind: 'named', window: 'lunchtime' }
  if (takeOne(cursor, afterWork)) return { kind: 'named', window: 'after_work' }
  const found = named.find(({ words }) => takeOne(cursor, words))
  return found && { kind: 'named', window: { fromMinutes: found.from * 60, toMinutes: found.to * 60 } }
}

/** 'after three', 'between two and four', 'around noon', 'two-ish'. */
export function readHours(cursor: Cursor): SaidHours | undefined {
  return readBetween(cursor) ?? readOpenEnd(cursor) ?? readAbout(cursor)
}

const minutesJoiners = ['to', 'till', 'til'] as const
const joiners = ['and', 'to', 'until', 'till', 'til', 'through', '-'] as const

/** 'between two and four', 'from nine until noon', '2 to 4 pm', '9-5'. */
function readBetween(cursor: Cursor): SaidHours | undefined {
  return attempt(cursor, () => {
    const announced = takeOne(cursor, ['anywhere between', 'anywhere from', 'between', 'from'])
    const precise = takeOne({ ...cursor }, ['at', '@']) !== undefined
    const start = cursor.at
    const from = readFirstEdge(cursor)
    const isNumber = cursor.at - start === (precise ? 2 : 1) && !cursor.tokens[cursor.at - 1]?.includes(':')
    const joined = takeOne(cursor, joiners)
    if (!from || !joined || (joined === 'and' && !announced?.endsWith('between'))) return undefined
    const to = readTime(cursor)
    if (!to) return undefined
    const bare = !announced && from.kind === 'half' && to.kind === 'half' && from.bare && to.bare
    // 'Ten to four', 'at twenty to nine' and 'five till three' are rather times.
    if ((bare || precise) && isNumber && minutesJoiners.some((joiner) => joiner === joined) && isMinutes(from)) return undefined
    return { kind: 'between', from: shared(from, to), to, ...(bare && joined === '-' ? { bare } : {}) }
  })
}

function isMinutes(time: Time): boolean {
  return time.kind !== 'same' && minutesBeforeHour.includes(time.minutes / 60)
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
