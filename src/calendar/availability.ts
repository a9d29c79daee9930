import type { Deps } from '../deps.ts'
import type { Interval } from '../providers/provider.ts'
import { type Diary, requireDestination } from './access.ts'
import { takenTimes } from './busy.ts'
import { freeSlots, lastDay, type Rules, type Wish } from './slots.ts'
import { DAY_MS, inZone, localDay, MINUTE_MS, wallToInstant } from './zone.ts'

// Read at once with what was asked for, so that "nothing that day" comes with the nearest others, and that the next question in the same
// call is answered by the same reading.
const NEAR_DAYS = 14
const BEYOND_DAYS = 7
const OWNERS_MINUTES = 30

export interface Availability {
  /** Inside the wish, earliest first. */
  slots: Interval[]
  /** When the wish has none: the next ones after it, at any time of day. */
  others: Interval[]
}

/**
 * What is free, by the live calendars. When there is nothing within two weeks, or a week of what was asked for, all that can be booked is
 * looked through.
 * @throws AppError as `takenTimes`: where a calendar cannot be read nothing is offered
 */
export async function findSlots(deps: Deps, diary: Diary, wish: Wish, signal: AbortSignal): Promise<Availability> {
  const now = deps.clock.now()
  const { rules } = diary
  const last = localDay(lastDay(rules, now), rules.timeZone).endsAt.getTime()
  const from = Math.max(wish.range.startsAt.getTime(), now.getTime())
  const near = Math.max(wish.range.endsAt.getTime() + BEYOND_DAYS * DAY_MS, now.getTime() + NEAR_DAYS * DAY_MS)
  const free = async (read: Interval, asked: Wish[]) => {
    if (read.startsAt >= read.endsAt) return asked.map(() => [])
    const taken = await takenTimes(deps, diary, read, wish.minutes, signal)
    return asked.map((one) => freeSlots(rules, one, taken, now).filter((slot) => canBeNamed(slot.startsAt, rules.timeZone)))
  }
  const first = { startsAt: new Date(from), endsAt: new Date(Math.min(localDay(new Date(near), rules.timeZone).endsAt.getTime(), last)) }
  // What is read for a wish about Thursday answers the next one about Tuesday too.
  const isNear = from < now.getTime() + NEAR_DAYS * DAY_MS
  const read = { startsAt: isNear ? now : first.startsAt, endsAt: first.endsAt }
  const [slots = [], others = []] = await free(read, [wish, { range: first, minutes: wish.minutes }])
  if (slots.length > 0) return { slots, others: [] }
  if (others.length > 0) return { slots, others }
  const rest = { startsAt: first.endsAt, endsAt: new Date(last) }
  const [later = []] = await free(rest, [{ range: rest, minutes: wish.minutes }])
  return { slots, others: later }
}

// Bind callers, and never the owner.
const WITHOUT_CALLERS_LIMITS = { bufferBeforeMinutes: 0, bufferAfterMinutes: 0, dailyCap: null, noticeMinutes: 0 }

/**
 * What the owner may choose from within her business's opening hours, on its grid and as far ahead as she asks. She is bound by the future
 * and by overlaps alone, so she can book every one of them.
 * @throws AppError as `takenTimes`
 */
export function ownersOpenings(deps: Deps, diary: Diary, wish: Wish, signal: AbortSignal): Promise<Availability> {
  const daysAsked = Math.ceil((wish.range.endsAt.getTime() - deps.clock.now().getTime()) / DAY_MS)
  const rules = { ...diary.rules, ...WITHOUT_CALLERS_LIMITS, horizonDays: Math.max(diary.rules.horizonDays, daysAsked) }
  return findSlots(deps, { ...diary, rules }, wish, signal)
}

/**
 * What the owner may choose from for herself: free half hours, or what her calendar takes instead, from Monday to Friday within the hours, in her zone, today and on the days after,
 * `days` local days in all. Her business's rules are for others.
 * @throws AppError as `takenTimes`
 */
export async function ownersSlots(
  deps: Deps,
  diary: Diary,
  { days, startHour, endHour }: { days: number; startHour: number; endHour: number },
  signal: AbortSignal,
): Promise<Interval[]> {
  const now = deps.clock.now()
  const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`
  const hours: [string, string][] = [[clock(startHour), clock(endHour)]]
  const openingHours = { monday: hours, tuesday: hours, wednesday: hours, thursday: hours, friday: hours }
  const lengths = requireDestination(diary).appointmentMinutes
  const takesAny = lengths.length === 0
  const minutes = takesAny || lengths.includes(OWNERS_MINUTES) ? OWNERS_MINUTES : diary.rules.slotMinutes
  const rules: Rules = {
    ...diary.rules,
    ...WITHOUT_CALLERS_LIMITS,
    openingHours,
    dateOverrides: [],
    startsFrom: 'opening',
    stepMinutes: takesAny ? OWNERS_MINUTES : diary.rules.stepMinutes,
    horizonDays: days - 1,
  }
  const range = { startsAt: now, endsAt: localDay(lastDay(rules, now), rules.timeZone).endsAt }
  const taken = await takenTimes(deps, { ...diary, rules }, range, minutes, signal)
  return freeSlots(rules, { range, minutes }, taken, now)
}

/** Of a time that the clock shows twice the first is meant, whoever says it: the second cannot be offered in words. */
export function canBeNamed(at: Date, timeZone: string): boolean {
  const local = inZone(at, timeZone)
  return wallToInstant(local.toPlainDate(), local.hour * 60 + local.minute, timeZone) >= at.getTime() - MINUTE_MS
}
