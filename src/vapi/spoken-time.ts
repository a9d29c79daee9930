import { inZone, minutesOf, weekdayOf } from '../calendar/zone.ts'
import { capital, cardinal, monthName, ordinal } from '../words/words.ts'

/** "Tuesday the first of December at two thirty in the afternoon". `readWhen` understands every one of these. */
export function spokenTime(at: Date, timeZone: string): string {
  return `${spokenDay(at, timeZone)} at ${spokenHour(at, timeZone)}`
}

/** "Tuesday the first of December". */
export function spokenDay(at: Date, timeZone: string): string {
  const local = inZone(at, timeZone)
  const weekday = capital(weekdayOf(local.toPlainDate()))
  return `${weekday} the ${ordinal(local.day)} of ${monthName(local.month)}`
}

/** "two thirty in the afternoon", "noon". */
export function spokenHour(at: Date, timeZone: string): string {
  return joined(clockWords(inZone(at, timeZone)))
}

/** "from one to four thirty in the afternoon"; both on one day. */
export function spokenStretch([first, last]: [Date, Date], timeZone: string): string {
  const [from, to] = [clockWords(inZone(first, timeZone)), clockWords(inZone(last, timeZone))]
  return `from ${from.part === to.part ? from.clock : joined(from)} to ${joined(to)}`
}

/** Opening hours of one day: "from nine in the morning to noon and from one in the afternoon to five in the evening". */
export function spokenHours(hours: [string, string][]): string {
  return hours.map(([opens, closes]) => `from ${wallWords(opens)} to ${wallWords(closes)}`).join(' and ')
}

function wallWords(time: string): string {
  const minutes = minutesOf(time) % 1440
  return joined(clockWords({ hour: Math.floor(minutes / 60), minute: minutes % 60 }))
}

function joined({ clock, part }: { clock: string; part: string }): string {
  return part ? `${clock} ${part}` : clock
}

/** Hour and part of the day apart, so that several times can share the part: "nine or ten thirty in the morning". */
export function clockWords({ hour, minute }: { hour: number; minute: number }): { clock: string; part: string } {
  if (minute === 0 && hour === 0) return { clock: 'midnight', part: '' }
  if (minute === 0 && hour === 12) return { clock: 'noon', part: '' }
  const minutes = minute === 0 ? '' : minute < 10 ? ` oh ${cardinal(minute)}` : ` ${cardinal(minute)}`
  return { clock: `${cardinal(hour % 12 || 12)}${minutes}`, part: partWords(hour) }
}

/** Half past midnight is "twelve thirty at night": "in the morning" would be heard as half past noon. */
function partWords(hour: number): string {
  if (hour === 0 || hour >= 21) return 'at night'
  if (hour < 12) return 'in the morning'
  return hour < 17 ? 'in the afternoon' : 'in the evening'
}
