import type { OpeningHours } from '../../../src/calendar/zone.ts'
import type { Setting, When } from '../../../src/words/meaning.ts'

/**
 * Phrases and what they mean, written out by hand in the local time of the business:
 *
 *     '2026-11-24'                        that day
 *     '2026-11-23 to 2026-11-29'          these days, the last included
 *     '2026-11-24 morning'                that part of it
 *     '2026-11-24 14:00-16:00'            these hours of it
 *     '2026-11-24 14:00'                  that time
 *     'ask which_week 2026-11-24, …'      a question, with what it offers
 *     'past', 'not_understood', 'missing …'
 */
export interface Family {
  about: string
  setting: Setting
  phrases: Record<string, string>
}

export const NEW_YORK = 'America/New_York'
const working: [string, string][] = [['09:00', '17:00']]
const openingHours: OpeningHours = { monday: working, tuesday: working, wednesday: working, thursday: working, friday: working }

/** A Friday, ten in the morning. */
export const friday: Setting = { timeZone: NEW_YORK, now: new Date('2026-11-20T10:00:00-05:00'), openingHours }

export function on(now: string, changed: Partial<Setting> = {}): Setting {
  return { ...friday, now: new Date(now), ...changed }
}

/** A reading in one short line, in local time. */
export function short(when: When, { timeZone }: Setting): string {
  const zoned = (at: Date) => Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone)
  const local = (at: Date) => zoned(at).toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')
  const date = (at: Date) => zoned(at).toPlainDate().toString()
  const clock = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
  if (when.kind === 'instant') return `${local(when.startsAt)}${when.note ? ` ${when.note}` : ''}`
  if (when.kind === 'days') {
    const { range, window, partOfDay } = when
    const [first, last] = [date(range.startsAt), date(new Date(range.endsAt.getTime() - 1))]
    const hours = window ? ` ${clock(window.fromMinutes)}-${clock(window.toMinutes)}` : partOfDay ? ` ${partOfDay}` : ''
    return `${first === last ? first : `${first} to ${last}`}${hours}`
  }
  if (when.kind === 'cannot') return when.why === 'missing_hour' ? `missing ${when.neighbours.map(local).join(', ')}` : when.why
  const { question } = when
  if (question.about === 'no_day') return 'ask no_day'
  if ('times' in question) return `ask ${question.about} ${question.times.map(local).join(', ')}`
  if ('startsAt' in question) return `ask ${question.about} ${local(question.startsAt)}`
  const about = question.about === 'which_span' ? `which_${question.span}` : question.about
  return `ask ${about} ${('day' in question ? [question.day] : question.days).map(date).join(', ')}`
}
