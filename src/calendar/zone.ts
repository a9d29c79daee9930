/**
 * Wall clock and instants. An instant is epoch milliseconds here; only days and edges of opening hours become Temporal objects,
 * never single slots. Nothing depends on the zone of the machine.
 */

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
export type Weekday = (typeof weekdays)[number]

/** Morning ends at 12:00 local time, afternoon at 17:00, evening at midnight. */
export type PartOfDay = 'morning' | 'afternoon' | 'evening'

/** Wall-clock intervals per weekday in the business's zone, e.g. monday: [['09:00','12:00'],['13:00','17:00']]; '24:00' is the next midnight. */
export type OpeningHours = Partial<Record<Weekday, [string, string][]>>

export const MINUTE_MS = 60_000

/** Minutes since midnight at which each part of the day begins and ends. */
export const partMinutes: Record<PartOfDay, { from: number; to: number }> = {
  morning: { from: 0, to: 12 * 60 },
  afternoon: { from: 12 * 60, to: 17 * 60 },
  evening: { from: 17 * 60, to: 24 * 60 },
}

export function weekdayOf(date: Temporal.PlainDate): Weekday {
  return weekdays[date.dayOfWeek - 1] ?? 'monday'
}

export function openOn(hours: OpeningHours, date: Temporal.PlainDate): [string, string][] {
  return hours[weekdayOf(date)] ?? []
}

export function inZone(ms: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone)
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
