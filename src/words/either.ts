import { type DayWindow, usualWindows } from '../calendar/zone.ts'
import { ask } from './local-days.ts'
import { NOT_UNDERSTOOD, type Setting, type When } from './meaning.ts'
import { eitherOf } from './wall-time.ts'

type Days = When & { kind: 'days' }

/**
 * "Tuesday or Wednesday", "at two or three", "morning or afternoon": what lies side by side is looked through together; of the rest the
 * caller says which comes first.
 */
export function eitherWhen(one: When, other: When, setting: Setting): When {
  if (one.kind === 'instant' && other.kind === 'instant') return eitherOf(one, other, 'either_time')
  if (one.kind === 'days' && other.kind === 'days')
    return one.range.startsAt <= other.range.startsAt ? eitherDays(one, other, setting) : eitherDays(other, one, setting)
  if (one.kind === 'ask' || one.kind === 'cannot') return one
  return other.kind === 'ask' || other.kind === 'cannot' ? other : NOT_UNDERSTOOD
}

/** @param one begins first, or together with the other */
function eitherDays(one: Days, other: Days, setting: Setting): When {
  const [hours, others] = [hoursOf(one, setting), hoursOf(other, setting)]
  if (one.range.startsAt < other.range.startsAt) {
    const sameHours = hours.fromMinutes === others.fromMinutes && hours.toMinutes === others.toMinutes
    if (!sameHours || one.range.endsAt < other.range.startsAt)
      return ask({ about: 'either_day', days: [one.range.startsAt, other.range.startsAt] })
    return one.range.endsAt >= other.range.endsAt ? one : { ...one, range: { startsAt: one.range.startsAt, endsAt: other.range.endsAt } }
  }
  const touching = hours.fromMinutes <= others.toMinutes && others.fromMinutes <= hours.toMinutes
  if (!touching || one.range.endsAt.getTime() !== other.range.endsAt.getTime()) return NOT_UNDERSTOOD
  const window = {
    fromMinutes: Math.min(hours.fromMinutes, others.fromMinutes),
    toMinutes: Math.max(hours.toMinutes, others.toMinutes),
  }
  return { kind: 'days', range: one.range, window }
}

function hoursOf({ window, partOfDay }: Days, { windows = usualWindows }: Setting): DayWindow {
  return window ?? (partOfDay ? windows[partOfDay] : { fromMinutes: 0, toMinutes: 24 * 60 })
}
