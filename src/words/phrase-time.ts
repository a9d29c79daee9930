import { attempt, type Cursor, take, takeCardinal, takeMatch, takeOne, takeOrdinal } from './tokens.ts'

export type Time =
  /** Minutes since midnight. `midnight`: the one before or after the day that was said. */
  | { kind: 'exact'; minutes: number; midnight?: boolean }
  /**
   * Twelve-hour clock without am or pm: minutes since midnight or noon, 0 to 719. `bare`: a lone number that could be something else.
   * `or`: a second reading, of 'half four'.
   */
  | { kind: 'half'; minutes: number; bare: boolean; or?: number }
  /** 'The same time' as that of the day the conversation is about. */
  | { kind: 'same' }

const fixed = { noon: 12 * 60, midday: 12 * 60, midnight: 24 * 60 }
const fixedNames = ['noon', 'midday', 'midnight'] as const

/** Reads a time of day, with or without 'at' before it. */
export function readTime(cursor: Cursor): Time | undefined {
  return attempt(cursor, () => {
    const announced = takeOne(cursor, ['the one at', 'at', '@']) !== undefined
    const same = takeOne(cursor, ['the same time', 'same time'])
    if (same) return { kind: 'same' }
    if (!announced && take(cursor, 'the')) return readChosen(cursor)
    return readAround(cursor, announced) ?? readFixed(cursor) ?? readMilitary(cursor, announced) ?? readClock(cursor, announced)
  })
}

/** 'The nine o'clock', 'the two thirty one', of times that were offered. */
function readChosen(cursor: Cursor): Time | undefined {
  const time = readClock(cursor, false)
  if (!time || (time.kind === 'half' && time.bare)) return undefined
  take(cursor, 'one')
  return time
}

/** 'noon', 'twelve noon', 'midnight'. */
function readFixed(cursor: Cursor): Time | undefined {
  return attempt(cursor, () => {
    takeOne(cursor, ['twelve', '12'])
    const name = takeOne(cursor, fixedNames)
    if (!name) return undefined
    return name === 'midnight' ? { kind: 'exact', minutes: 0, midnight: true } : { kind: 'exact', minutes: fixed[name] }
  })
}

// 'Two to four' is a range of hours, 'ten to four' a time.
export const minutesBeforeHour = [5, 10, 15, 20, 25]

/** 'half past two', 'quarter to noon', 'ten minutes after three', and the British 'half four'. */
function readAround(cursor: Cursor, announced: boolean): Time | undefined {
  return attempt(cursor, () => {
    take(cursor, 'a')
    const fraction = takeOne(cursor, ['half', 'quarter'])
    const distance = fraction ? { half: 30, quarter: 15 }[fraction] : takeCardinal(cursor)
    const counted = !fraction && takeOne(cursor, ['minutes', 'minute']) !== undefined
    if (distance === undefined || distance < 1) return undefined
    const direction = takeOne(cursor, ['past', 'after', 'to', 'of', 'before', 'till', 'til'])
    if (!direction) return fraction === 'half' ? halfBefore(cursor) : undefined
    const later = direction === 'past' || direction === 'after'
    if (!later && fraction === 'half') return undefined
    // 'Tuesday ten to four' may be a range of hours: only 'at' makes it a time.
    if (!later && !fraction && !counted && !(announced && minutesBeforeHour.includes(distance))) return undefined
    const shift = later ? distance : -distance
    const name = takeOne(cursor, fixedNames)
    if (name) return { kind: 'exact', minutes: (fixed[name] + shift) % 1440, ...(name === 'midnight' && later ? { midnight: true } : {}) }
    const hour = takeCardinal(cursor)
    if (hour === undefined || hour < 1 || hour > 12) return undefined
    take(cursor, 'oclock')
    // 'quarter to twelve pm' is said for a quarter of an hour before noon and before midnight.
    if (hour === 12 && !later && takeOne({ ...cursor }, ['am', 'pm'])) return undefined
    return meridiem(cursor, ((hour % 12) * 60 + shift + 720) % 720, false)
  })
}

/** 'Half four' is half past four in Britain and half past three to a German: both are kept. */
function halfBefore(cursor: Cursor): Time | undefined {
  const hour = takeCardinal(cursor)
  if (hour === undefined || hour < 1 || hour > 12) return undefined
  return { kind: 'half', minutes: ((hour + 11) % 12) * 60 + 30, bare: false, or: (hour % 12) * 60 + 30 }
}

/** '1400', '0900 hours', 'fourteen hundred', 'fourteen thirty', 'oh nine hundred', '14h30'. */
function readMilitary(cursor: Cursor, announced: boolean): Time | undefined {
  return attempt(cursor, () => {
    const digits = takeMatch(cursor, /^([01]?\d|2[0-3])([0-5]\d)$/)
    if (digits) return readDigits(cursor, digits[1] ?? '', Number(digits[2]), announced)
    const zero = takeOne(cursor, ['oh', 'o', 'zero'])
    const hour = takeCardinal(cursor)
    if (hour === undefined || hour > 23 || (zero && hour > 9)) return undefined
    if (take(cursor, 'hundred')) {
      take(cursor, 'hours')
      return { kind: 'exact', minutes: hour * 60 }
    }
    if (takeOne(cursor, ['h'])) return { kind: 'exact', minutes: hour * 60 + (readMinutes(cursor) ?? 0) }
    if (!zero && hour < 13) return undefined
    const minutes = readMinutes(cursor)
    if (minutes === undefined && !announced && !takeOne({ ...cursor }, ['oclock', 'hours'])) return undefined
    takeOne(cursor, ['oclock', 'hours'])
    // 'Oh nine' alone could be anything.
    return zero && minutes === undefined ? undefined : { kind: 'exact', minutes: hour * 60 + (minutes ?? 0) }
  })
}

/** Without 'at' or 'hours' 2030 is rather a year. Up to 1259 without a leading zero am or pm is still open. */
function readDigits(cursor: Cursor, hours: string, minutes: number, announced: boolean): Time | undefined {
  const hour = Number(hours)
  if (takeOne(cursor, ['hours', 'hrs'])) return { kind: 'exact', minutes: hour * 60 + minutes }
  if (hour === 20 && !announced) return undefined
  if (hour > 12 || hours.startsWith('0')) return { kind: 'exact', minutes: hour * 60 + minutes }
  return meridiem(cursor, (hour % 12) * 60 + minutes, false)
}

/** '2:30', '14:30', 'two', 'two thirty', 'two oh five', 'two o'clock', each with or without am or pm. */
function readClock(cursor: Cursor, announced: boolean): Time | undefined {
  const clock = takeMatch(cursor, /^(\d{1,2}):(\d{2})(?::00)?$/) ?? readDotted(cursor, announced)
  const hour = clock ? Number(clock[1]) : takeHour(cursor)
  if (hour === undefined || hour > 23) return undefined
  const said = clock ? Number(clock[2]) : readMinutes(cursor)
  const minutes = said ?? 0
  if (minutes > 59) return undefined
  // A leading zero or an hour after twelve is the 24-hour clock.
  if (clock && (hour === 0 || hour > 12 || clock[1]?.startsWith('0'))) return twentyFour(cursor, hour * 60 + minutes)
  const full = take(cursor, 'oclock')
  return meridiem(cursor, (hour % 12) * 60 + minutes, !announced && !full && said === undefined)
}

/** Models write '02:30 PM' and '14:30 PM'. A half of the day that contradicts the hours is left over, so that nothing is understood. */
function twentyFour(cursor: Cursor, minutes: number): Time {
  const half = takeOne({ ...cursor }, ['am', 'pm'])
  if (!half) return { kind: 'exact', minutes }
  if (minutes >= 60 && minutes < 780) return meridiem(cursor, minutes % 720, false)
  if (half === 'pm' ? minutes >= 780 : minutes < 60) take(cursor, half)
  return { kind: 'exact', minutes }
}

/** '2.30 pm', 'at 2.30'; without either it may be a date. */
function readDotted(cursor: Cursor, announced: boolean): RegExpExecArray | undefined {
  return attempt(cursor, () => {
    const dotted = takeMatch(cursor, /^(\d{1,2})\.([0-5]\d)$/)
    return dotted && (announced || takeOne({ ...cursor }, ['am', 'pm'])) ? dotted : undefined
  })
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
export function meridiem(cursor: Cursor, minutes: number, bare: boolean): Time {
  const half = takeOne(cursor, ['am', 'pm'])
  if (!half) return { kind: 'half', minutes, bare }
  const exact = minutes + (half === 'pm' ? 720 : 0)
  return exact === 0 ? { kind: 'exact', minutes: 0, midnight: true } : { kind: 'exact', minutes: exact }
}
