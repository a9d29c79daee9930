import type { Diary } from '../calendar/access.ts'
import { inZone } from '../calendar/zone.ts'
import type { Booking } from '../db/bookings.ts'
import type { Interval } from '../providers/provider.ts'
import { type Question, settingAt, type When } from '../words/meaning.ts'
import { readWhen } from '../words/when.ts'

// "The one on Thursday", "my Thursday appointment", "the Thursday one".
const AROUND = /\b(?:the|my|that)\b(?: one\b| appointment\b| booking\b)?|\b(?<=day )(?:one|appointment|booking)\b/gi

/**
 * Those appointments that somebody may mean by her words for the time. Of a day all of that day are meant, of an hour alone all at that hour.
 * @returns `undefined` when the words name no time; none: they name another
 */
export function meantBy(words: string, bookings: Booking[], { rules }: Diary, now: Date): Booking[] | undefined {
  const setting = { ...settingAt(rules, now), offers: bookings.map(({ startsAt }) => startsAt) }
  const readings = [words, words.replaceAll(AROUND, ' ')].map((text) => readWhen(text, setting))
  const when = readings.find((one) => one.kind !== 'cannot' || one.why !== 'not_understood')
  return when && bookings.filter(({ startsAt }) => mayBe(when, startsAt, rules))
}

function mayBe(when: When, startsAt: Date, rules: Diary['rules']): boolean {
  switch (when.kind) {
    case 'instant':
      return isSame(when.startsAt, startsAt)
    case 'days': {
      const { hour, minute } = inZone(startsAt, rules.timeZone)
      const windows = [when.partOfDay && rules.windows[when.partOfDay], when.window].filter((window) => window !== undefined)
      const isWithin = windows.every(({ fromMinutes, toMinutes }) => fromMinutes <= hour * 60 + minute && hour * 60 + minute < toMinutes)
      return contains(when.range, startsAt) && isWithin
    }
    case 'ask':
      return mayAnswer(when.question, startsAt, rules.timeZone)
    case 'cannot':
      return false
  }
}

/** Whichever of its readings was meant. */
function mayAnswer(question: Question, startsAt: Date, timeZone: string): boolean {
  const times = 'times' in question ? question.times : 'startsAt' in question ? [question.startsAt] : []
  const days = 'days' in question ? question.days : 'day' in question ? [question.day] : []
  const length = question.about === 'which_span' ? { week: 7, weekend: 2 }[question.span] : 1
  return times.some((time) => isSame(time, startsAt)) || days.some((day) => contains(daysFrom(day, length, timeZone), startsAt))
}

function daysFrom(midnight: Date, length: number, timeZone: string): Interval {
  return { startsAt: midnight, endsAt: new Date(inZone(midnight, timeZone).add({ days: length }).epochMilliseconds) }
}

function contains({ startsAt, endsAt }: Interval, at: Date): boolean {
  return startsAt <= at && at < endsAt
}

function isSame(one: Date, other: Date): boolean {
  return one.getTime() === other.getTime()
}
