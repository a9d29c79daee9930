import { type DayWindow, dayStart, inZone, MINUTE_MS, type PartOfDay, usualWindows, wallToInstant, weekdayOf } from '../calendar/zone.ts'
import { type DayReading, readDays } from './days.ts'
import { eitherWhen } from './either.ts'
import { hourOf, timeOfDay, windowOf } from './hours.ts'
import { localDate } from './local-days.ts'
import { NOT_UNDERSTOOD, PAST, type Setting, type When } from './meaning.ts'
import { isOffered, settledByOffers } from './offered.ts'
import { type Phrase, readTokens } from './phrase.ts'
import type { Time } from './phrase-time.ts'
import type { DaySpan } from './several-days.ts'
import { tokenize, withoutFillers } from './tokens.ts'
import { at, eitherOf, upcoming } from './wall-time.ts'
import { readWritten } from './written.ts'
import { isSameClock, withoutZone } from './zone-words.ts'

/**
 * Words → time, the same on every machine. Reads what callers say in English, what programs write, and everything `spokenTime` says.
 * Never guesses between two readings: it asks, or says that it cannot.
 */
export function readWhen(text: string, setting: Setting): When {
  const trimmed = text.trim()
  return settledByOffers(readWritten(trimmed, setting) ?? readWords(trimmed, setting), setting)
}

function readWords(text: string, setting: Setting): When {
  const tokens = tokenize(text)
  const said = tokens && withoutZone(withoutFillers(tokens))
  const phrase = said && readTokens(said.tokens)
  if (!phrase) return NOT_UNDERSTOOD
  const when = readAll(phrase, setting)
  const [zone] = said.zones
  if (zone === undefined || said.zones.some((one) => isSameClock(one, setting.timeZone, setting.now))) return when
  // Who names another zone may live there, or be a model that adds one.
  const there = readAll(phrase, { ...setting, timeZone: zone })
  return when.kind === 'instant' && there.kind === 'instant' ? eitherOf(when, there, 'which_time') : NOT_UNDERSTOOD
}

function readAll(phrase: Phrase, setting: Setting): When {
  const when = readOne(phrase, setting)
  return phrase.or ? eitherWhen(settledByOffers(when, setting), settledByOffers(readOne(phrase.or, setting), setting), setting) : when
}

function readOne(phrase: Phrase, setting: Setting): When {
  if (phrase.wait !== undefined) {
    const ms = setting.now.getTime() + phrase.wait * MINUTE_MS
    return upcoming(Math.ceil(ms / MINUTE_MS) * MINUTE_MS, setting)
  }
  if (phrase.time?.kind === 'same') return sameTime(phrase, setting)
  const offered = amongOffers(phrase, setting)
  if (offered) return offered
  const reading = readDays(phrase, setting)
  if (reading.kind === 'ask') return offeredOf(reading, phrase, setting) ?? reading
  if (reading.kind !== 'day' && reading.kind !== 'span') return reading
  if (!phrase.time) return wholeDays(reading, phrase, setting)
  return reading.kind === 'day' ? onDay(reading.date, phrase, phrase.time, setting) : anyDayAt(reading, phrase, phrase.time, setting)
}

/** One hour of one day. */
function onDay(date: Temporal.PlainDate, phrase: Phrase, time: Time, setting: Setting): When {
  const { day, weekday, part } = phrase
  const saidToday = day?.kind === 'offset' && day.days === 0
  const inFull = day?.kind === 'date' && weekday !== undefined
  return timeOfDay(date, { time, part, day: saidToday ? 'today' : inFull ? 'in_full' : 'otherwise' }, setting)
}

/** "Next week at two": that hour of any of the days. */
function anyDayAt({ first, end }: DaySpan, phrase: Phrase, time: Time, setting: Setting): When {
  const minutes = hourOf(time, phrase.part, first, setting)
  if (typeof minutes !== 'number') return minutes
  return daysWithin(first, end, { window: { fromMinutes: minutes, toMinutes: minutes + 1 } }, setting)
}

function wholeDays(reading: DayReading, { part, hours }: Phrase, setting: Setting): When {
  const [first, end] = reading.kind === 'day' ? [reading.date, reading.date.add({ days: 1 })] : [reading.first, reading.end]
  const partOfDay = part === 'night' ? 'evening' : part
  const window = hours && windowOf(hours, part, first, setting)
  if (window && !('fromMinutes' in window)) return window
  if (!window || !partOfDay) return daysWithin(first, end, { ...(partOfDay && { partOfDay }), ...(window && { window }) }, setting)
  const within = overlapOf(window, (setting.windows ?? usualWindows)[partOfDay])
  if (within) return daysWithin(first, end, { partOfDay, window: within }, setting)
  // "Around six in the afternoon" is no longer in the afternoon, and is meant all the same; "lunchtime in the evening" is nothing.
  return hours.kind === 'named' ? NOT_UNDERSTOOD : daysWithin(first, end, { window }, setting)
}

function overlapOf(one: DayWindow, other: DayWindow): DayWindow | undefined {
  const both = { fromMinutes: Math.max(one.fromMinutes, other.fromMinutes), toMinutes: Math.min(one.toMinutes, other.toMinutes) }
  return both.fromMinutes < both.toMinutes ? both : undefined
}

function daysWithin(
  first: Temporal.PlainDate,
  end: Temporal.PlainDate,
  within: { partOfDay?: PartOfDay; window?: DayWindow },
  { timeZone, now, windows = usualWindows }: Setting,
): When {
  const range = { startsAt: new Date(dayStart(first, timeZone)), endsAt: new Date(dayStart(end, timeZone)) }
  const until = within.window?.toMinutes ?? (within.partOfDay ? windows[within.partOfDay].toMinutes : 24 * 60)
  if (wallToInstant(end.subtract({ days: 1 }), until, timeZone) <= now.getTime()) return PAST
  return { kind: 'days', range, ...within }
}

/** "The same time on Friday", "same time next week": that of the day the conversation is about. */
function sameTime({ time: _, ...phrase }: Phrase, setting: Setting): When {
  if (!setting.day) return readOne(phrase, setting)
  const before = inZone(setting.day, setting.timeZone)
  const day = before.toPlainDate()
  const ofWeek = phrase.span?.kind === 'week' && !phrase.weekday
  const reading = readDays(ofWeek ? { ...phrase, weekday: { name: weekdayOf(day), which: 'bare' } } : phrase, setting)
  const minutes = before.hour * 60 + before.minute
  // Where the conversation is about a whole day, no hour has been said.
  if (reading.kind === 'span' || (reading.kind === 'day' && minutes === 0)) return wholeDays(reading, phrase, setting)
  if (reading.kind !== 'day') return reading
  const weekLater = day.add({ days: 7 })
  if (!ofWeek || reading.date.equals(weekLater)) return at(reading.date, minutes, setting)
  // "Same time next week", of an appointment that is next week already.
  if (reading.date.equals(day)) return at(weekLater, minutes, setting)
  return eitherOf(at(reading.date, minutes, setting), at(weekLater, minutes, setting), 'which_time')
}

/**
 * The offer that is repeated in fewer words than it was said in: "at nine", "Tuesday at nine", "the fifth at nine". Of two such offers one is
 * asked about where a weekday was said, which would else be the next to come.
 */
function amongOffers(phrase: Phrase, setting: Setting): When | undefined {
  const { time, weekday } = phrase
  if (!time || !setting.offers) return undefined
  const dates = new Map(setting.offers.map((offer) => localDate(offer, setting)).map((date) => [date.toString(), date]))
  const [found, other, ...others] = [...dates.values()]
    .filter((date) => isSaidOf(date, phrase))
    .map((date) => settledByOffers(onDay(date, phrase, time, setting), setting))
    .filter((when) => when.kind === 'instant' && isOffered(when.startsAt, setting))
  if (!found || !other) return found
  return weekday && others.length === 0 ? eitherOf(found, other, 'which_time') : undefined
}

/** Of two days that may be meant the one on which that hour was offered. */
function offeredOf({ question }: When & { kind: 'ask' }, phrase: Phrase, setting: Setting): When | undefined {
  const { time } = phrase
  if (!time || !('days' in question) || question.about === 'which_span') return undefined
  const found = question.days
    .map((day) => settledByOffers(onDay(localDate(day, setting), phrase, time, setting), setting))
    .filter((when) => when.kind === 'instant' && isOffered(when.startsAt, setting))
  return found.length === 1 ? found[0] : undefined
}

/** Whether nothing of what was said about the day contradicts this one. */
function isSaidOf(date: Temporal.PlainDate, { day, weekday, span }: Phrase): boolean {
  if (span || (weekday && (weekday.which !== 'bare' || weekday.name !== weekdayOf(date)))) return false
  if (!day) return true
  if (day.kind !== 'date' || day.year !== undefined || day.months !== undefined) return false
  return day.day === date.day && (day.month ?? date.month) === date.month
}
