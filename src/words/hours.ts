import { type DayWindow, minutesOf, openOn, usualWindows } from '../calendar/zone.ts'
import { NOT_UNDERSTOOD, type Setting, type When } from './meaning.ts'
import type { SaidPart } from './phrase.ts'
import type { SaidHours } from './phrase-hours.ts'
import type { Time } from './phrase-time.ts'
import { at, eitherOf } from './wall-time.ts'

/** Which hour, or which hours, of a day were meant. */

// 'Around three': earlier and later by up to this, exclusive.
const AROUND_MINUTES = 45
const HALF_DAY = 12 * 60
const DAY = 24 * 60

/** Hours of the clock at which each word can be meant: six in the afternoon is still said, and four in the evening. */
const saidHours: Record<SaidPart, (hour: number) => boolean> = {
  morning: (hour) => hour < 12,
  afternoon: (hour) => hour >= 12 && hour < 19,
  evening: (hour) => hour >= 16,
  night: (hour) => hour >= 18 || hour < 5,
}

/** An hour as it was said. `day`: how its day was; in full is by weekday and date both, as Ringbook itself says it. */
export interface Hour {
  time: Time
  part: SaidPart | undefined
  day: 'today' | 'in_full' | 'otherwise'
}

/** An hour on one day. */
export function timeOfDay(date: Temporal.PlainDate, { time, part, day }: Hour, setting: Setting): When {
  if (time.kind === 'half' && time.or !== undefined) {
    const { minutes, or, bare } = time
    const read = (minutes: number) => timeOfDay(date, { time: { kind: 'half', minutes, bare }, part, day }, setting)
    const [one, other] = [read(minutes), read(or)]
    return one.kind === 'ask' || other.kind === 'ask' ? NOT_UNDERSTOOD : eitherOf(one, other, 'which_time')
  }
  // "Tuesday morning at twelve" is noon to some, and half past twelve in the morning is at night.
  if (part === 'morning' && time.kind === 'half' && time.minutes < 60) {
    return eitherOf(at(date, time.minutes, setting), at(date, time.minutes + HALF_DAY, setting), 'half_of_day')
  }
  const fitting = readings(time, part)
  const [first, second] = fitting
  if (first === undefined) return NOT_UNDERSTOOD
  // "Friday at midnight" begins or ends Friday, and "Friday night at one" is rather on Saturday.
  const overnight = (time.kind === 'exact' && time.midnight) || (part === 'night' && first < 5 * 60)
  if (overnight && day !== 'in_full') {
    const after = at(date.add({ days: 1 }), first, setting)
    return day === 'today' ? after : eitherOf(at(date, first, setting), after, 'which_time')
  }
  if (second === undefined) return at(date, first, setting)
  const open = fitting.filter((minutes) => isOpen(setting, date, minutes))
  if (open.length === 1 && open[0] !== undefined) return at(date, open[0], setting)
  // When the morning has gone by, only the second reading is left.
  return eitherOf(at(date, first, setting), at(date, second, setting), 'half_of_day')
}

/** Minutes since midnight that a time can stand for, with the part of the day that was said. */
function readings(time: Time, part?: SaidPart): number[] {
  if (time.kind === 'same') return []
  const all = time.kind === 'exact' ? [time.minutes] : [time.minutes, time.minutes + HALF_DAY]
  // The evening ends with midnight.
  if (!part || (time.kind === 'exact' && time.midnight && part === 'evening')) return all
  return all.filter((minutes) => saidHours[part](Math.floor(minutes / 60)))
}

/** Hours within each of several days. @param date the first of them: its opening hours settle what am and pm do not */
export function windowOf(hours: SaidHours, part: SaidPart | undefined, date: Temporal.PlainDate, setting: Setting): DayWindow | When {
  switch (hours.kind) {
    case 'named':
      return typeof hours.window === 'string' ? (setting.windows ?? usualWindows)[hours.window] : hours.window
    case 'around': {
      const minutes = hourOf(hours.time, part, date, setting)
      if (typeof minutes !== 'number') return minutes
      return { fromMinutes: Math.max(0, minutes - AROUND_MINUTES), toMinutes: Math.min(DAY, minutes + AROUND_MINUTES) }
    }
    case 'between': {
      const { from, to } = hours
      if (from && to) return closed(from, to, part, date, setting)
      return from ? openEnded(from, part, date, setting) : to ? openBegun(to, part, date, setting) : NOT_UNDERSTOOD
    }
  }
}

/** 'After three'. */
function openEnded(from: Time, part: SaidPart | undefined, date: Temporal.PlainDate, setting: Setting): DayWindow | When {
  const minutes = edge(from, part, date, setting, touchesOpen)
  if (typeof minutes !== 'number') return minutes
  return from.kind === 'exact' && from.midnight ? NOT_UNDERSTOOD : { fromMinutes: minutes, toMinutes: DAY }
}

/** 'Before noon'. */
function openBegun(to: Time, part: SaidPart | undefined, date: Temporal.PlainDate, setting: Setting): DayWindow | When {
  const minutes = edge(to, part, date, setting, touchesOpen)
  return typeof minutes === 'number' ? { fromMinutes: 0, toMinutes: minutes || DAY } : minutes
}

/** 'Between two and four', 'from ten to two': the halves of the day in which the hours follow each other and the business is open. */
function closed(from: Time, to: Time, part: SaidPart | undefined, date: Temporal.PlainDate, setting: Setting): DayWindow | When {
  const ends = readings(to).map((minutes) => minutes || DAY)
  const windows = readings(from, part)
    .flatMap((fromMinutes) => ends.map((toMinutes) => ({ fromMinutes, toMinutes })))
    .filter(({ fromMinutes, toMinutes }) => fromMinutes < toMinutes && toMinutes - fromMinutes < HALF_DAY)
  const open = windows.filter((window) => hoursKnown(setting, date).some((opening) => overlap(opening, window)))
  const [first, second] = open.length > 0 ? open : windows
  if (!first || !second) return first ?? NOT_UNDERSTOOD
  const half = whichHalf(first.fromMinutes, second.fromMinutes, date, setting)
  return typeof half === 'number' ? (half === first.fromMinutes ? first : second) : half
}

/** The same hour of each of several days, in minutes since midnight. */
export function hourOf(time: Time, part: SaidPart | undefined, date: Temporal.PlainDate, setting: Setting): number | When {
  return edge(time, part, date, setting, isOpen)
}

type Fits = (setting: Setting, date: Temporal.PlainDate, minutes: number) => boolean

/** One end of a range of hours. Of both halves of the day the one that fits the opening hours. */
function edge(time: Time, part: SaidPart | undefined, date: Temporal.PlainDate, setting: Setting, fits: Fits): number | When {
  if (time.kind === 'half' && time.or !== undefined) return NOT_UNDERSTOOD
  const all = readings(time, part)
  const fitting = all.length > 1 ? all.filter((minutes) => fits(setting, date, minutes)) : all
  const [first, second] = fitting.length > 0 ? fitting : all
  if (first === undefined || second === undefined) return first ?? NOT_UNDERSTOOD
  return whichHalf(first, second, date, setting)
}

/** Both halves of the day are asked about, unless one has gone by. */
function whichHalf(one: number, other: number, date: Temporal.PlainDate, setting: Setting): number | When {
  const [first, second] = [at(date, one, setting), at(date, other, setting)]
  const when = eitherOf(first, second, 'half_of_day')
  return when.kind === 'instant' ? (when === first ? one : other) : when
}

function isOpen(setting: Setting, date: Temporal.PlainDate, minutes: number): boolean {
  return hoursKnown(setting, date).some(([opens, closes]) => opens <= minutes && minutes < closes)
}

/** 'After five' and 'before nine' are said of the hours at which a business closes and opens, too. */
function touchesOpen(setting: Setting, date: Temporal.PlainDate, minutes: number): boolean {
  return hoursKnown(setting, date).some(([opens, closes]) => opens <= minutes && minutes <= closes)
}

/** In minutes since midnight. On a day without opening hours those of the rest of the week tell what kind of hours the business keeps. */
function hoursKnown({ openingHours, dateOverrides }: Setting, date: Temporal.PlainDate): [opens: number, closes: number][] {
  if (!openingHours) return []
  const today = openOn(openingHours, date, dateOverrides)
  const known = today.length > 0 ? today : Object.values(openingHours).flat()
  return known.map(([opens, closes]) => [minutesOf(opens), minutesOf(closes)])
}

function overlap([opens, closes]: [number, number], { fromMinutes, toMinutes }: DayWindow): boolean {
  return opens < toMinutes && fromMinutes < closes
}
