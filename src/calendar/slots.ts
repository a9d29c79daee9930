import type { Interval } from '../providers/provider.ts'
import {
  dayStart,
  inZone,
  localDay,
  MINUTE_MS,
  minutesOf,
  type OpeningHours,
  openOn,
  type PartOfDay,
  partMinutes,
  wallToInstant,
} from './zone.ts'

/** What a business allows. */
export interface Rules {
  /** IANA name. */
  timeZone: string
  openingHours: OpeningHours
  /** Slots begin in steps of this from each opening edge; an appointment may last longer or shorter. */
  slotMinutes: number
  /** Elapsed time between now and the earliest start, whatever the clocks do in between. */
  noticeMinutes: number
  /** How far to look when the caller asks for nothing in particular. For whoever makes the wish; not a limit. */
  aheadDays: number
  /** The last day that can be booked, in local days after today. */
  horizonDays: number
}

export interface Wish {
  range: Interval
  /** Length of the appointment. */
  minutes: number
  partOfDay?: PartOfDay | undefined
}

/** Why the rules do not allow a slot: the first reason that applies, in this order. */
export type Refusal = 'past' | 'too_soon' | 'too_far' | 'closed' | 'off_grid'

/** Epoch milliseconds, half-open. */
interface Span {
  start: number
  end: number
}

/**
 * What can be booked: exactly the slots inside `wish.range` that `refusal` does not refuse and that overlap nothing busy.
 * @param busy in any order, may overlap each other
 * @returns earliest first; a slot that would run past closing time or past the range is left out
 */
export function freeSlots(rules: Rules, wish: Wish, busy: Interval[], now: Date): Interval[] {
  const limits = limitsAt(rules, now)
  const length = wish.minutes * MINUTE_MS
  const step = rules.slotMinutes * MINUTE_MS
  const from = Math.max(wish.range.startsAt.getTime(), limits.earliest)
  const to = Math.min(wish.range.endsAt.getTime(), limits.end + length)
  if (!(from < to && length > 0 && step > 0)) return []

  const taken = merged(busy)
  const starts = new Set<number>() // opening hours that overlap would offer a start twice
  for (const opening of openingsBetween(rules, from, to, wish.partOfDay)) {
    const skipped = Math.max(0, Math.ceil((from - opening.start) / step)) // steps that lie before the range
    for (let start = opening.start + skipped * step; start + length <= Math.min(opening.end, to); start += step) {
      const inPart = start >= opening.part.start && start < opening.part.end
      if (inPart && withinLimits(limits, start) === undefined && !isTaken(taken, start, start + length)) starts.add(start)
    }
  }
  return [...starts].sort((a, b) => a - b).map((start) => ({ startsAt: new Date(start), endsAt: new Date(start + length) }))
}

/**
 * Why the rules do not allow a slot; `undefined`: they do. The same rules decide what is offered and what is booked. They are the owner's, for
 * others: she herself is bound by the future alone.
 */
export function refusal(rules: Rules, slot: Interval, now: Date, bookedBy: 'caller' | 'owner' = 'caller'): Refusal | undefined {
  const start = slot.startsAt.getTime()
  const end = slot.endsAt.getTime()
  const step = rules.slotMinutes * MINUTE_MS
  if (!(start < end && step > 0)) return 'off_grid'
  if (bookedBy === 'owner') return start < now.getTime() ? 'past' : undefined

  const outside = withinLimits(limitsAt(rules, now), start)
  if (outside) return outside
  const around = openingsBetween(rules, start, end).filter((opening) => opening.start <= start && end <= opening.end)
  if (around.length === 0) return 'closed'
  return around.some((opening) => (start - opening.start) % step === 0) ? undefined : 'off_grid'
}

/** Whether the calendars leave no room for a slot. @param busy in any order, may overlap each other */
export function overlapsAny(slot: Interval, busy: Interval[]): boolean {
  return overlapping(busy)(slot)
}

/** The same for many slots: `busy` is put in order once. */
export function overlapping(busy: Interval[]): (slot: Interval) => boolean {
  const taken = merged(busy)
  return ({ startsAt, endsAt }) => isTaken(taken, startsAt.getTime(), endsAt.getTime())
}

interface Limits {
  now: number
  earliest: number
  /** Exclusive: the midnight after the last day that can be booked. */
  end: number
}

function limitsAt(rules: Rules, now: Date): Limits {
  return {
    now: now.getTime(),
    earliest: now.getTime() + Math.max(0, rules.noticeMinutes) * MINUTE_MS,
    end: localDay(lastDay(rules, now), rules.timeZone).endsAt.getTime(),
  }
}

/** The last day that can be booked, as its local midnight. */
export function lastDay({ timeZone, horizonDays }: Rules, now: Date): Date {
  return new Date(dayStart(inZone(now, timeZone).toPlainDate().add({ days: horizonDays }), timeZone))
}

function withinLimits(limits: Limits, start: number): Refusal | undefined {
  if (start < limits.now) return 'past'
  if (start < limits.earliest) return 'too_soon'
  return start < limits.end ? undefined : 'too_far'
}

/** The opening hours of all days that `from` and `to` may touch, as instants, each with the part of its day that is wanted. */
function openingsBetween(rules: Rules, from: number, to: number, partOfDay?: PartOfDay): (Span & { part: Span })[] {
  const { timeZone } = rules
  // One day more on both sides: where a clock goes back over midnight, two local days interleave.
  const last = inZone(to, timeZone).toPlainDate().add({ days: 1 })
  const openings: (Span & { part: Span })[] = []
  for (
    let day = inZone(from, timeZone).toPlainDate().subtract({ days: 1 });
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    const hours = openOn(rules.openingHours, day)
    // A day that a zone left out when it crossed the date line (Samoa, 30 December 2011) has no hours.
    if (hours.length === 0 || !day.toZonedDateTime(timeZone).toPlainDate().equals(day)) continue
    const edge = (minutes: number) => wallToInstant(day, minutes, timeZone)
    const window = partOfDay && partMinutes[partOfDay]
    const part = window
      ? { start: edge(window.from), end: edge(window.to) }
      : { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY }
    for (const [opens, closes] of hours) openings.push({ start: edge(minutesOf(opens)), end: edge(minutesOf(closes)), part })
  }
  return openings
}

/** Sorted and without overlaps, so that one look-up decides. */
function merged(busy: Interval[]): Span[] {
  const spans = busy
    .map(({ startsAt, endsAt }) => ({ start: startsAt.getTime(), end: endsAt.getTime() }))
    .filter(({ start, end }) => !(start >= end))
    .sort((a, b) => a.start - b.start)
  // A busy time that is not a time would count as free.
  if (spans.some(({ start, end }) => Number.isNaN(start + end))) throw new RangeError('a busy interval has no valid start or end')
  const result: Span[] = []
  for (const span of spans) {
    const before = result.at(-1)
    if (before && span.start <= before.end) before.end = Math.max(before.end, span.end)
    else result.push(span)
  }
  return result
}

function isTaken(taken: Span[], start: number, end: number): boolean {
  let low = 0
  let high = taken.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((taken[middle]?.end ?? 0) <= start) low = middle + 1
    else high = middle
  }
  const next = taken[low] // the first that ends after our start
  return next !== undefined && next.start < end
}
