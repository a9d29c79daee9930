import { inZone, minutesOf, openOn, type Weekday, weekdayOf, weekdays } from '../calendar/zone.ts'
import { ask, askDays, isBefore, likely, localDate } from './local-days.ts'
import { NOT_UNDERSTOOD, PAST, type Setting, type When } from './meaning.ts'
import { isOffered } from './offered.ts'
import { likelyDate } from './said-date.ts'
import { eitherOf, upcoming, wallTime } from './wall-time.ts'
import { months } from './words.ts'

/** A time as programs write it. `offset`: none is the wall clock of the business. */
interface Written {
  date: string
  time: string
  offset?: string
  weekday?: Weekday
}

/** ISO 8601 with an hour, RFC 2822, what JavaScript's `Date` prints, and Unix timestamps. `undefined`: none of these. */
export function readWritten(text: string, setting: Setting): When | undefined {
  const written = readIso(text) ?? readRfc2822(text) ?? readPrinted(text) ?? readUnix(text)
  if (!written) return undefined
  const wall = valid(() => Temporal.PlainDateTime.from(`${written.date}T${written.time}`))
  if (!wall) return NOT_UNDERSTOOD
  const { offset } = written
  const utc = offset && valid(() => Temporal.Instant.from(`${written.date}T${written.time}${offset}`))
  if (offset && !utc) return NOT_UNDERSTOOD
  const contradicted = checkDate(wall.toPlainDate(), written.weekday, setting)
  if (contradicted) return contradicted
  if (!offset || !utc) return wallTime(wall, setting)
  return withOffset(new Date(utc.epochMilliseconds), wall, /^(?:z|[+-]00:?00)$/i.test(offset), setting)
}

/** A year that cannot be meant, or a weekday that is another day's. */
function checkDate(date: Temporal.PlainDate, weekday: Weekday | undefined, setting: Setting): When | undefined {
  const today = localDate(setting.now, setting)
  const moved = likelyDate(date, today)
  if (moved) return likely(moved, setting)
  if (!weekday || weekdayOf(date) === weekday || isBefore(date, today)) return undefined
  const other = date.add({ days: (weekdays.indexOf(weekday) - (date.dayOfWeek - 1) + 7) % 7 })
  const asked = askDays('weekday_or_date', date, other, setting)
  return asked instanceof Temporal.PlainDate ? undefined : asked
}

/**
 * Models write the wall clock of the business with a Z, or with an offset that is not the day's. The rule, in this order:
 *
 * 1. One reading was offered in this call, the instant as it is written or the wall clock in the zone of the business: it is meant.
 *    Both were offered: asked.
 * 2. With an offset other than Z, the instant as it is written.
 * 3. Exactly one reading is still to come and lies within the opening hours of its day: it is meant. Day and hour are said in any answer,
 *    so that a caller notices a slip.
 * 4. Else asked; when only one is still to come, about that one.
 */
function withOffset(written: Date, wall: Temporal.PlainDateTime, isUtc: boolean, setting: Setting): When {
  const asWritten = upcoming(written.getTime(), setting)
  const asWall = wallTime(wall, setting)
  if (asWall.kind === 'instant' && asWall.startsAt.getTime() !== written.getTime()) {
    const offered = [asWritten, asWall].filter((when) => when.kind === 'instant' && isOffered(when.startsAt, setting))
    if (offered.length === 1 && offered[0]) return offered[0]
    if (offered.length === 2) return eitherOf(asWritten, asWall, 'which_time')
  }
  if (!isUtc) return asWritten
  const [one, other] = [asWritten, asWall].filter((when) => when !== PAST)
  if (!one) return PAST
  const fitting = [asWritten, asWall].filter((when) => when.kind === 'instant' && isOpenAt(when.startsAt, setting))
  if (fitting.length === 1 && fitting[0]) return fitting[0]
  if (other) return eitherOf(one, other, 'which_time')
  return one.kind === 'instant' ? ask({ about: 'likely', startsAt: one.startsAt }) : one
}

function isOpenAt(at: Date, { openingHours = {}, dateOverrides, timeZone }: Setting): boolean {
  const local = inZone(at, timeZone)
  const minutes = local.hour * 60 + local.minute
  return openOn(openingHours, local.toPlainDate(), dateOverrides).some(
    ([opens, closes]) => minutesOf(opens) <= minutes && minutes < minutesOf(closes),
  )
}

// No expression here repeats anything without a bound.
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt]| ?, ?| at | )(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(?:([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)(?:\[[\w/+-]{1,40}\])?)?$/
const RFC_2822 = /^(?:([A-Za-z]{3}), ?)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d{2}:\d{2}(?::\d{2})?) ?(GMT|UTC|Z|[+-]\d{4})?$/
const PRINTED =
  /^([A-Za-z]{3}) ([A-Za-z]{3}) (\d{1,2}),? (\d{4}) (\d{2}:\d{2}(?::\d{2})?)(?: (?:GMT|UTC)?([+-]\d{4})?(?: \([^()]{1,40}\))?)?$/
// Seconds of the years 2001 to 2286, or as many milliseconds.
const UNIX = /^(\d{10})(\d{3})?$/

function readIso(text: string): Written | undefined {
  const [, date, time, offset] = ISO.exec(text) ?? []
  return date && time ? { date, time, ...named(offset) } : undefined
}

function readRfc2822(text: string): Written | undefined {
  const [, weekday, day = '', month = '', year, time, offset] = RFC_2822.exec(text) ?? []
  return year && time ? dated(year, month, day, time, weekday, offset) : undefined
}

function readPrinted(text: string): Written | undefined {
  const [, weekday, month = '', day = '', year, time, offset] = PRINTED.exec(text) ?? []
  const utc = / (?:GMT|UTC)$/.test(text) ? 'Z' : offset
  return year && time ? dated(year, month, day, time, weekday, utc) : undefined
}

function readUnix(text: string): Written | undefined {
  const [, seconds] = UNIX.exec(text) ?? []
  if (!seconds) return undefined
  const utc = inZone(Number(seconds) * 1000, 'UTC')
  return { date: utc.toPlainDate().toString(), time: utc.toPlainTime().toString(), offset: 'Z' }
}

function dated(
  year: string,
  month: string,
  day: string,
  time: string,
  weekday: string | undefined,
  offset: string | undefined,
): Written | undefined {
  const number = months.findIndex((name) => name.slice(0, 3) === month.toLowerCase()) + 1
  const name = weekdays.find((name) => name.slice(0, 3) === weekday?.toLowerCase())
  if (number === 0 || (weekday !== undefined && !name)) return undefined
  const date = `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`
  return { date, time, ...named(offset), ...(name && { weekday: name }) }
}

function named(offset: string | undefined): { offset?: string } {
  if (!offset) return {}
  return { offset: /^(?:UTC|GMT)$/i.test(offset) ? 'Z' : offset }
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
