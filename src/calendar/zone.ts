import type { Interval } from '../providers/provider.ts'

/**
 * Wall clock and instants. Where many are counted an instant is epoch milliseconds; only days and edges of opening hours become Temporal
 * objects, never single slots. Nothing depends on the zone of the machine.
 */

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
export type Weekday = (typeof weekdays)[number]

/** A part of the day that an appointment is wished in; when each is, the business says. */
export type PartOfDay = 'morning' | 'afternoon' | 'evening'

/** Wall-clock intervals per weekday in the business's zone, e.g. monday: [['09:00','12:00'],['13:00','17:00']]; '24:00' is the next midnight. */
export type OpeningHours = Partial<Record<Weekday, [string, string][]>>

/** Days with other hours than those of their weekday; none: closed. Both days count. Dates are ISO 8601. */
export interface DateOverride {
  from: string
  to: string
  hours: [string, string][]
}

export const MINUTE_MS = 60_000
/** Elapsed time. A local day is an hour longer or shorter where the clocks change. */
export const DAY_MS = 24 * 60 * MINUTE_MS

/** A stretch of any day, in minutes since midnight. */
export interface DayWindow {
  fromMinutes: number
  toMinutes: number
}

/** The words for a stretch of the day. */
export const dayWords = ['morning', 'afternoon', 'evening', 'lunchtime', 'after_work'] as const
/** What a business means by them. */
export type DayWindows = Record<(typeof dayWords)[number], DayWindow>

/** What they mean where a business says nothing else. */
export const usualWindows: DayWindows = {
  morning: { fromMinutes: 0, toMinutes: 12 * 60 },
  afternoon: { fromMinutes: 12 * 60, toMinutes: 17 * 60 },
  evening: { fromMinutes: 17 * 60, toMinutes: 24 * 60 },
  lunchtime: { fromMinutes: 11 * 60 + 30, toMinutes: 13 * 60 + 30 },
  after_work: { fromMinutes: 17 * 60, toMinutes: 24 * 60 },
}

export function weekdayOf(date: Temporal.PlainDate): Weekday {
  return weekdays[date.dayOfWeek - 1] ?? 'monday'
}

/**
 * The hours of that day, in the order in which they are kept; none: closed all day.
 * @param overrides of several that cover it the last counts
 */
export function openOn(hours: OpeningHours, date: Temporal.PlainDate, overrides: DateOverride[] = []): [string, string][] {
  const day = date.toString()
  const override = overrides.findLast(({ from, to }) => from <= day && day <= to)
  return override?.hours ?? hours[weekdayOf(date)] ?? []
}

/** What clock and calendar on the wall show at an instant. @param at a number is epoch milliseconds */
export function inZone(at: Date | number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.valueOf()).toZonedDateTimeISO(timeZone)
}

/** ISO 8601 with the offset of that zone at that time: `2026-12-01T09:00:00-06:00`. */
export function offsetTime(at: Date, timeZone: string): string {
  return inZone(at, timeZone).toString({ timeZoneName: 'never', smallestUnit: 'second' })
}

/** The local day that `at` lies in, from midnight to midnight. */
export function localDay(at: Date, timeZone: string): Interval {
  const date = inZone(at, timeZone).toPlainDate()
  return { startsAt: new Date(dayStart(date, timeZone)), endsAt: new Date(dayStart(date.add({ days: 1 }), timeZone)) }
}

/** The first instant of a local day: not 00:00 where the clocks change at midnight. */
export function dayStart(date: Temporal.PlainDate, timeZone: string): number {
  return date.toZonedDateTime(timeZone).epochMilliseconds
}

/** 'HH:mm' as minutes since midnight; '24:00' is 1440. */
export function minutesOf(time: string): number {
  if (time === '24:00') return 24 * 60
  const { hour, minute } = Temporal.PlainTime.from(time)
  return hour * 60 + minute
}

/** A wall time as an instant. A missing wall time moves forward, of a repeated one the first counts. `minutes` may be 1440. */
export function wallToInstant(date: Temporal.PlainDate, minutes: number, timeZone: string): number {
  if (minutes >= 24 * 60) return dayStart(date.add({ days: 1 }), timeZone)
  const plainTime = new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60)
  return date.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds
}
