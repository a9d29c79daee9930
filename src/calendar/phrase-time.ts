import { attempt, type Cursor, take, takeCardinal, takeMatch, takeOne, takeOrdinal } from './words.ts'

export type Time =
  /** Minutes since midnight. */
  | { kind: 'exact'; minutes: number }
  /** Twelve-hour clock without am or pm: minutes since midnight or noon, 0 to 719. `bare`: a lone number that could be something else. */
  | { kind: 'half'; minutes: number; bare: boolean }

const fixed = { noon: 12 * 60, midday: 12 * 60, midnight: 24 * 60 }
const fixedNames = ['noon', 'midday', 'midnight'] as const

/** Reads a time of day, with or without 'at' before it. */
export function readTime(cursor: Cursor): Time | undefined {
  return attempt(cursor, () => {
    const announced = take(cursor, 'at')
    return readAround(cursor) ?? readFixed(cursor) ?? readClock(cursor, announced)
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
