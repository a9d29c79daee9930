import type { Deps } from '../deps.ts'
import type { Interval } from '../providers/provider.ts'
import type { Diary } from './access.ts'
import { busyTimes } from './busy.ts'
import { freeSlots, type Wish } from './slots.ts'
import { DAY_MS, inZone, MINUTE_MS, wallToInstant } from './zone.ts'

// Read at once with what was asked for, so that "nothing that day" comes with the nearest others.
const BEYOND_DAYS = 14

export interface Availability {
  /** Inside the wish, earliest first. */
  slots: Interval[]
  /** When the wish has none: the next ones after it, at any time of day. */
  others: Interval[]
}

/**
 * What is free, by the live calendars.
 * @throws AppError as `busyTimes`: where a calendar cannot be read nothing is offered
 */
export async function findSlots(deps: Deps, diary: Diary, wish: Wish, signal: AbortSignal): Promise<Availability> {
  const now = deps.clock.now()
  const { startsAt, endsAt } = wish.range
  const from = new Date(Math.max(startsAt.getTime(), now.getTime()))
  const wide = { startsAt: from, endsAt: new Date(Math.max(endsAt.getTime(), from.getTime() + BEYOND_DAYS * DAY_MS)) }
  const busy = await busyTimes(deps, diary, wide, { signal })
  const free = (asked: Wish) => freeSlots(diary.rules, asked, busy, now).filter((slot) => canBeNamed(slot.startsAt, diary.rules.timeZone))
  const slots = free(wish)
  if (slots.length > 0) return { slots, others: [] }
  return { slots, others: free({ range: wide, minutes: wish.minutes }) }
}

/** Of a time that the clock shows twice the first is meant, whoever says it: the second cannot be offered in words. */
function canBeNamed(at: Date, timeZone: string): boolean {
  const local = inZone(at, timeZone)
  return wallToInstant(local.toPlainDate(), local.hour * 60 + local.minute, timeZone) >= at.getTime() - MINUTE_MS
}
