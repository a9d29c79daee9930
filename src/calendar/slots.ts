import type { BusyKind, Interval } from '../providers/provider.ts'
import { type Hours, type Opening, openingsAround, openingsBetween } from './openings.ts'
import { isTaken, merged, type Span, spanOf } from './spans.ts'
import { type DayWindow, type DayWindows, dayStart, inZone, localDay, MINUTE_MS, type PartOfDay, wallToInstant } from './zone.ts'

/** What a business allows. */
export interface Rules extends Hours {
  /** Length of an appointment where nobody asks for another. */
  slotMinutes: number
  /** How far apart starts lie, whatever the length. */
  stepMinutes: number
  /** Kept free around each appointment of callers. */
  bufferBeforeMinutes: number
  bufferAfterMinutes: number
  /** How many appointments callers may have on one local day; `null`: as many as fit. */
  dailyCap: number | null
  /** Elapsed time between now and the earliest start, whatever the clocks do in between. */
  noticeMinutes: number
  /** How far to look when the caller asks for nothing in particular. For whoever makes the wish; not a limit. */
  aheadDays: number
  /** The last day that can be booked, in local days after today. */
  horizonDays: number
  /** What words such as 'morning' mean here. */
  windows: DayWindows
  /** Which events take time that might as well not. What a vendor does not tell apart always does. */
  blocking: Record<BusyKind, boolean>
}

export interface Wish {
  range: Interval
  /** Length of the appointment. */
  minutes: number
  /** In which the start lies, on the clock of the business; where both are given, in both. */
  partOfDay?: PartOfDay | undefined
  window?: DayWindow | undefined
}

/** Why a slot cannot be booked, in the order in which the reasons are told. */
export type Refusal = 'past' | 'too_soon' | 'too_far' | 'closed' | 'off_grid' | 'cap' | 'not_offered' | 'taken'

/** By callers within the rules, which are the owner's for others; by herself at any free time to come. */
export type BookedBy = 'caller' | 'owner'

/** What there is already. */
export interface Taken {
  /** In any order, may overlap each other; our own appointments with their buffers. */
  busy: Interval[]
  /** Starts of all appointments of callers on the days in question; only a cap asks for them. */
  appointments: Date[]
  /** The only times at which the calendar that bookings go to takes an appointment of the wished length; `null` or left out: any. */
  offered?: Interval[] | null
}

const NOTHING: Taken = { busy: [], appointments: [] }

/**
 * What can be booked: exactly the slots inside `wish.range`, and in the wished part of the day, that `reasonsAgainst` has nothing against.
 * @returns earliest first; a slot that would run past closing time or past the range is left out
 */
export function freeSlots(rules: Rules, wish: Wish, taken: Taken, now: Date): Interval[] {
  const length = wish.minutes * MINUTE_MS
  const step = rules.stepMinutes * MINUTE_MS
  const from = Math.max(wish.range.startsAt.getTime(), now.getTime())
  const to = Math.min(wish.range.endsAt.getTime(), horizonEnd(rules, now) + length)
  if (!(from < to && length > 0 && step > 0)) return []

  const range = { startsAt: new Date(from), endsAt: new Date(to) }
  const against = reasonsAgainst(rules, range, { taken, now })
  const offered = taken.offered?.map(({ startsAt }) => startsAt.getTime()).sort((a, b) => a - b)
  const slots = new Map<number, Interval>() // opening hours that overlap would offer a start twice
  for (const opening of openingsBetween(rules, { start: from, end: to })) {
    const wanted = wantedOn(opening.date, rules, wish)
    const begin = Math.max(opening.start, from, wanted.start)
    const end = Math.min(opening.end, to) - length
    for (const start of offered ? between(offered, begin, end) : stepsFrom(opening.origin, begin, end, step)) {
      if (start >= wanted.end) break
      const slot = { startsAt: new Date(start), endsAt: new Date(start + length) }
      if (against(slot).length === 0) slots.set(start, slot)
    }
  }
  return [...slots.values()].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

/**
 * All that stands against a slot, in the order of `Refusal`; nothing: it can be booked. The one judge of what is offered and what is booked.
 * @param range of all slots that will be asked about, so that the hours of its days are counted once
 */
export function reasonsAgainst(
  rules: Rules,
  range: Interval,
  { now, taken = NOTHING, bookedBy = 'caller' }: { now: Date; taken?: Taken; bookedBy?: BookedBy },
): (slot: Interval) => Refusal[] {
  const step = rules.stepMinutes * MINUTE_MS
  const busy = merged(taken.busy)
  const earliest = now.getTime() + Math.max(0, rules.noticeMinutes) * MINUTE_MS
  const latest = horizonEnd(rules, now)
  const around = bookedBy === 'caller' && isSound(range) ? openingsAround(openingsBetween(rules, spanOf(range))) : () => []
  const isFull = fullDays(rules, taken.appointments)
  const offered = taken.offered && new Set(taken.offered.map(({ startsAt, endsAt }) => `${startsAt.getTime()} ${endsAt.getTime()}`))
  const isAligned = (start: number) => (opening: Opening) => (start - opening.origin) % step === 0

  return (slot) => {
    const { start, end } = spanOf(slot)
    if (!(start < end && step > 0)) return ['off_grid']
    const found: Refusal[] = []
    if (start < now.getTime()) found.push('past')
    if (bookedBy === 'caller') {
      if (start >= now.getTime() && start < earliest) found.push('too_soon')
      if (start >= latest) found.push('too_far')
      const openings = around({ start, end })
      if (openings.length === 0) found.push('closed')
      else if (!openings.some(isAligned(start))) found.push('off_grid')
      if (isFull(slot.startsAt)) found.push('cap')
    }
    if (isTaken(busy, spanOf(withBuffers(rules, slot, bookedBy)))) found.push('taken')
    // Of what stands there the calendar does not offer the time either; that it stands there says more.
    else if (offered && !offered.has(`${start} ${end}`)) found.push('not_offered')
    return found
  }
}

/** The first reason against one slot. Without `taken` only the rules are asked. */
export function refusal(rules: Rules, slot: Interval, now: Date, bookedBy: BookedBy = 'caller', taken?: Taken): Refusal | undefined {
  return reasonsAgainst(rules, slot, { now, bookedBy, ...(taken ? { taken } : {}) })(slot)[0]
}

/** What an appointment occupies: nothing else may overlap it. The buffers are for callers' appointments. */
export function withBuffers(rules: Rules, { startsAt, endsAt }: Interval, bookedBy: BookedBy = 'caller'): Interval {
  if (bookedBy === 'owner') return { startsAt, endsAt }
  return {
    startsAt: new Date(startsAt.getTime() - rules.bufferBeforeMinutes * MINUTE_MS),
    endsAt: new Date(endsAt.getTime() + rules.bufferAfterMinutes * MINUTE_MS),
  }
}

/** Whether the calendars leave no room for a slot. @param busy in any order, may overlap each other */
export function overlapsAny(slot: Interval, busy: Interval[]): boolean {
  return overlapping(busy)(slot)
}

/** The same for many slots: `busy` is put in order once. */
export function overlapping(busy: Interval[]): (slot: Interval) => boolean {
  const taken = merged(busy)
  return (slot) => isTaken(taken, spanOf(slot))
}

/** The last day that can be booked, as its local midnight. */
export function lastDay({ timeZone, horizonDays }: Pick<Rules, 'timeZone' | 'horizonDays'>, now: Date): Date {
  return new Date(dayStart(inZone(now, timeZone).toPlainDate().add({ days: horizonDays }), timeZone))
}

/** Exclusive: the midnight after the last day that can be booked. */
function horizonEnd(rules: Rules, now: Date): number {
  return localDay(lastDay(rules, now), rules.timeZone).endsAt.getTime()
}

/** Those of `sorted` that lie between `begin` and `end`, both included, without looking at the others: there may be thousands. */
function* between(sorted: number[], begin: number, end: number): Generator<number> {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < begin) low = middle + 1
    else high = middle
  }
  for (let start = sorted[low]; start !== undefined && start <= end; start = sorted[low]) {
    yield start
    low += 1
  }
}

/** Every step from `origin` on that lies between `begin` and `end`, both included. */
function stepsFrom(origin: number, begin: number, end: number, step: number): number[] {
  const first = origin + Math.ceil((begin - origin) / step) * step
  return Array.from({ length: Math.max(0, Math.floor((end - first) / step) + 1) }, (_, index) => first + index * step)
}

function isSound({ startsAt, endsAt }: Interval): boolean {
  return startsAt < endsAt
}

/** When on that day a start is wished for. */
function wantedOn(date: Temporal.PlainDate, { timeZone, windows }: Rules, { partOfDay, window }: Wish): Span {
  const wanted = [...(partOfDay ? [windows[partOfDay]] : []), ...(window ? [window] : [])]
  const edge = (minutes: number) => wallToInstant(date, minutes, timeZone)
  return {
    start: Math.max(Number.NEGATIVE_INFINITY, ...wanted.map(({ fromMinutes }) => edge(fromMinutes))),
    end: Math.min(Number.POSITIVE_INFINITY, ...wanted.map(({ toMinutes }) => edge(toMinutes))),
  }
}

/** Days on which callers have as many appointments as they may. */
function fullDays({ dailyCap, timeZone }: Rules, appointments: Date[]): (startsAt: Date) => boolean {
  if (dailyCap === null) return () => false
  const dayOf = (at: Date) => inZone(at, timeZone).toPlainDate().toString()
  const days = Map.groupBy(appointments, dayOf)
  return (startsAt) => (days.get(dayOf(startsAt))?.length ?? 0) >= dailyCap
}
