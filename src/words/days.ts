import { ask, isBefore, todayOf } from './local-days.ts'
import { PAST, type Setting, type When } from './meaning.ts'
import { readOneDay } from './one-day.ts'
import type { Phrase } from './phrase.ts'
import { type DaySpan, readSpanDays } from './several-days.ts'

/** The day or days that a phrase names. */
export type DayReading = { kind: 'day'; date: Temporal.PlainDate } | DaySpan

/** Which days were meant, counted from today in the zone of the business; or what to ask, or why not. */
export function readDays(phrase: Phrase, setting: Setting): DayReading | When {
  if (phrase.open) return ask({ about: 'no_day' })
  // A week is what is looked through when nothing is asked.
  const anyDay = phrase.soonest && !phrase.day && !phrase.weekday ? ({ kind: 'ahead', from: 0, to: 6 } as const) : undefined
  const span = phrase.span ?? anyDay
  const reading = span ? readSpanDays(span, phrase.weekday, setting) : readOneDay(phrase, setting)
  if (!(reading instanceof Temporal.PlainDate)) return reading
  return isBefore(reading, todayOf(setting)) ? PAST : { kind: 'day', date: reading }
}
