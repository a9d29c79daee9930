import { type DayReading, readDays } from './day.ts'
import { NOT_UNDERSTOOD, PAST, type Setting, type When } from './meaning.ts'
import { readPhrase, type SaidPart } from './phrase.ts'
import type { Time } from './phrase-time.ts'
import { dayStart, minutesOf, type OpeningHours, openOn, usualWindows, wallToInstant } from './zone.ts'

/** Words → time, the same on every machine. Reads English phrases, ISO dates and ISO times, and everything `spokenTime` says. */
export function readWhen(text: string, setting: Setting): When {
  const trimmed = text.trim()
  const written = readIso(trimmed, setting)
  if (written) return written
  const phrase = readPhrase(trimmed)
  if (!phrase) return NOT_UNDERSTOOD
  const reading = readDays(phrase, setting)
  if (reading.kind !== 'day' && reading.kind !== 'week') return reading
  if (!phrase.time) return wholeDays(reading, phrase.part, setting)
  if (reading.kind === 'week') return NOT_UNDERSTOOD
  const saidToday = phrase.day?.kind === 'offset' && phrase.day.days === 0
  // "Tonight at midnight" can only be the one to come.
  if (saidToday && phrase.time.kind === 'exact' && phrase.time.minutes === 0) return at(reading.date.add({ days: 1 }), 0, setting)
  return timeOfDay(reading.date, phrase.time, phrase.part, setting)
}

const ISO = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)([Zz]|[+-]\d{2}(?::?\d{2})?)?$/

/** With an offset or Z it is an instant, without one the wall clock of the business. */
function readIso(text: string, setting: Setting): When | undefined {
  const [, date, time, offset] = ISO.exec(text) ?? []
  if (!date || !time) return undefined
  const parsed = valid(() => (offset ? Temporal.Instant.from(`${date}T${time}${offset}`) : Temporal.PlainDateTime.from(`${date}T${time}`)))
  if (!parsed) return NOT_UNDERSTOOD
  return parsed instanceof Temporal.Instant ? upcoming(parsed.epochMilliseconds, setting) : wallTime(parsed, setting)
}

/** Temporal refuses 30 February or 25:00 by throwing. */
function valid<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function wholeDays(reading: DayReading, part: SaidPart | undefined, { timeZone, now }: Setting): When {
  const [first, end] = reading.kind === 'day' ? [reading.date, reading.date.add({ days: 1 })] : [reading.first, reading.end]
  const range = { startsAt: new Date(dayStart(first, timeZone)), endsAt: new Date(dayStart(end, timeZone)) }
  if (!part) return { kind: 'days', range }
  const partOfDay = part === 'night' ? 'evening' : part
  if (wallToInstant(end.subtract({ days: 1 }), usualWindows[partOfDay].toMinutes, timeZone) <= now.getTime()) return PAST
  return { kind: 'days', range, partOfDay }
}

/** Hours of the clock at which each word can be meant: six in the afternoon is still said, and four in the evening. */
const saidHours: Record<SaidPart, (hour: number) => boolean> = {
  morning: (hour) => hour < 12,
  afternoon: (hour) => hour >= 12 && hour < 19,
  evening: (hour) => hour >= 16,
  night: (hour) => hour >= 18 || hour < 5,
}

function timeOfDay(date: Temporal.PlainDate, time: Time, part: SaidPart | undefined, setting: Setting): When {
  const readings = time.kind === 'exact' ? [time.minutes] : [time.minutes, time.minutes + 720]
  const fitting = part ? readings.filter((minutes) => saidHours[part](Math.floor(minutes / 60))) : readings
  const [first, second] = fitting
  if (first === undefined) return NOT_UNDERSTOOD
  if (second === undefined) return at(date, first, setting)
  const open = fitting.filter((minutes) => isOpen(setting.openingHours, date, minutes))
  if (open.length === 1 && open[0] !== undefined) return at(date, open[0], setting)
  const instant = (minutes: number) => new Date(wallToInstant(date, minutes, setting.timeZone))
  const times: [Date, Date] = [instant(first), instant(second)]
  if (times[1] < setting.now) return PAST
  // The morning has gone by: only the second reading is left.
  if (times[0] < setting.now) return at(date, second, setting)
  return { kind: 'ask', question: { about: 'half_of_day', times } }
}

/** On a day without opening hours those of the rest of the week tell what kind of hours the business keeps. */
function isOpen(hours: OpeningHours | undefined, date: Temporal.PlainDate, minutes: number): boolean {
  if (!hours) return false
  const today = openOn(hours, date)
  const known = today.length > 0 ? today : Object.values(hours).flat()
  return known.some(([opens, closes]) => minutesOf(opens) <= minutes && minutes < minutesOf(closes))
}

function at(date: Temporal.PlainDate, minutes: number, setting: Setting): When {
  return wallTime(date.toPlainDateTime(new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60)), setting)
}

function wallTime(wall: Temporal.PlainDateTime, setting: Setting): When {
  const earlier = wall.toZonedDateTime(setting.timeZone, { disambiguation: 'earlier' })
  const later = wall.toZonedDateTime(setting.timeZone, { disambiguation: 'later' })
  if (!earlier.toPlainDateTime().equals(wall)) {
    if (later.epochMilliseconds < setting.now.getTime()) return PAST
    return { kind: 'cannot', why: 'missing_hour', neighbours: [new Date(earlier.epochMilliseconds), new Date(later.epochMilliseconds)] }
  }
  const repeated = earlier.epochMilliseconds !== later.epochMilliseconds
  return upcoming(earlier.epochMilliseconds, setting, repeated)
}

function upcoming(ms: number, { now }: Setting, repeated = false): When {
  if (ms < now.getTime()) return PAST
  return { kind: 'instant', startsAt: new Date(ms), note: repeated ? 'repeated_hour' : undefined }
}
