import { PAST, type Setting, type When } from './meaning.ts'

/** An hour on a day of the business, as an instant: skipped hours are refused, of repeated ones the first is meant, what has gone by is past. */

/** @param minutes since midnight, below 1440 */
export function at(date: Temporal.PlainDate, minutes: number, setting: Setting): When {
  return wallTime(date.toPlainDateTime(new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60)), setting)
}

export function wallTime(wall: Temporal.PlainDateTime, setting: Setting): When {
  const earlier = wall.toZonedDateTime(setting.timeZone, { disambiguation: 'earlier' })
  const later = wall.toZonedDateTime(setting.timeZone, { disambiguation: 'later' })
  if (!earlier.toPlainDateTime().equals(wall)) {
    if (later.epochMilliseconds < setting.now.getTime()) return PAST
    return { kind: 'cannot', why: 'missing_hour', neighbours: [new Date(earlier.epochMilliseconds), new Date(later.epochMilliseconds)] }
  }
  const repeated = earlier.epochMilliseconds !== later.epochMilliseconds
  return upcoming(earlier.epochMilliseconds, setting, repeated)
}

/** @param ms since the epoch */
export function upcoming(ms: number, { now }: Setting, repeated = false): When {
  if (ms < now.getTime()) return PAST
  return { kind: 'instant', startsAt: new Date(ms), note: repeated ? 'repeated_hour' : undefined }
}

/** Two readings of the same words: a question, unless one has gone by or is an hour that the clock skips. */
export function eitherOf(one: When, other: When, about: 'half_of_day' | 'which_time' | 'either_time'): When {
  if (one.kind !== 'instant') return other.kind === 'instant' || one === PAST ? other : one
  if (other.kind !== 'instant') return one
  const [first, second] = one.startsAt <= other.startsAt ? [one, other] : [other, one]
  if (first.startsAt.getTime() === second.startsAt.getTime()) return first
  return { kind: 'ask', question: { about, times: [first.startsAt, second.startsAt] } }
}
