import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { type Reason, timeOf } from './explain.ts'
import { slotLabels } from './slot-label.ts'
import type { Rules } from './slots.ts'
import { lastDay } from './slots.ts'
import { inZone, MINUTE_MS, openOn } from './zone.ts'

/** A rule by the name of its setting, with its value in words or as a number. */
export interface NamedRule {
  name: string
  value: string | number
}

/** Which rule of the business is the reason; `null`: none, but something that stands in the diary. */
export function ruleBehind(reason: Reason, rules: Rules, slot: Interval): NamedRule | null {
  switch (reason.code) {
    case 'too_soon':
      return { name: 'notice_minutes', value: rules.noticeMinutes }
    case 'too_far':
      return { name: 'horizon_days', value: rules.horizonDays }
    case 'closed':
      return hoursOf(rules, slot)
    case 'off_grid':
      return { name: 'step_minutes', value: rules.stepMinutes }
    case 'cap':
      return { name: 'daily_cap', value: rules.dailyCap ?? 0 }
    case 'buffer':
      return {
        name: 'buffer_before_minutes and buffer_after_minutes',
        value: `${rules.bufferBeforeMinutes} and ${rules.bufferAfterMinutes}`,
      }
    case 'event':
      return reason.kind ? { name: `${reason.kind}_blocks`, value: 'true' } : null
    default:
      return null
  }
}

/** One sentence for the owner. */
export function wordsOf(reason: Reason, rules: Rules, slot: Interval, now: Date): string {
  const label = slotLabels(rules.timeZone)
  if ('text' in reason) {
    const which = reason.calendar ? `The calendar of ${reason.calendar.calendarEmail} cannot be read, so nothing is offered. ` : ''
    return `${which}${reason.text}`
  }
  switch (reason.code) {
    case 'past':
      return 'That time has passed.'
    case 'too_soon':
      return `Callers book ${lengthWords(rules.noticeMinutes)} ahead at least, so the earliest is ${label(new Date(now.getTime() + rules.noticeMinutes * MINUTE_MS)).formatted}.`
    case 'too_far':
      return `Callers book ${rules.horizonDays} days ahead at most, up to ${dateOf(label(lastDay(rules, now)).formatted)}.`
    case 'closed': {
      const { name, value } = hoursOf(rules, slot)
      const by = name === 'date_overrides' ? ' by a date override' : ''
      return value === '' ? `Closed on that day${by}.` : `Outside the hours of that day${by}, ${value}.`
    }
    case 'off_grid':
      return `Appointments begin every ${lengthWords(rules.stepMinutes)}, counted from ${rules.startsFrom === 'hour' ? 'the full hour' : 'each opening'}.`
    case 'not_offered':
      return 'The connected calendar takes no appointment of this length at that time: its own hours, notice or calendars stand against it.'
    case 'cap':
      return `Callers have as many appointments on that day as they may, ${rules.dailyCap}.`
    case 'repeated_hour':
      return 'The clock shows that time twice that night, and only the first of the two is offered.'
    case 'booking':
      return `An appointment stands there: ${titleOf(reason)}.`
    case 'event':
      return `An event in the calendar of ${reason.calendar.calendarEmail} takes that time: ${titleOf(reason)}.`
    case 'buffer':
      return `Too near to ${titleOf(reason.near)}, ${label(timeOf(reason.near).startsAt).formatted}: ${lengthWords(rules.bufferBeforeMinutes)} before an appointment and ${lengthWords(rules.bufferAfterMinutes)} after it are kept free.`
  }
}

/** "24 hours", "90 minutes". */
function lengthWords(minutes: number): string {
  const [count, unit] = minutes >= 60 && minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** A slot's label without its time. */
function dateOf(label: string): string {
  return label.replace(/ at .*$/, '')
}

function titleOf(reason: Extract<Reason, { code: 'booking' | 'event' }>): string {
  const subject = reason.code === 'booking' ? reason.booking.subject : reason.subject
  return subject === null ? 'busy, with no more to see' : oneLine(subject, 200) || '(No title)'
}

/** The opening hours of the day on which the slot begins, and where they are set. */
function hoursOf({ timeZone, openingHours, dateOverrides }: Rules, { startsAt }: Interval): NamedRule {
  const date = inZone(startsAt, timeZone).toPlainDate()
  const isOverridden = dateOverrides.some(({ from, to }) => from <= date.toString() && date.toString() <= to)
  const value = openOn(openingHours, date, dateOverrides).map(([from, to]) => `${from}-${to}`)
  return { name: isOverridden ? 'date_overrides' : 'opening_hours', value: value.join(', ') }
}
