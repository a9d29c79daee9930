import * as z from 'zod'
import { weekdayOf } from '../../src/calendar/zone.ts'
import { months } from '../../src/words/words.ts'
import type { Demo } from '../start/demo.ts'
import { print, style } from './screen.ts'

const Entry = z.object({
  id: z.string(),
  subject: z.string(),
  location: z.string(),
  start_time: z.string(),
  end_time: z.string(),
  attendees: z.array(z.object({ email: z.string() })),
})
export type Entry = z.infer<typeof Entry>

const AHEAD_DAYS = 60

/** What stands in the owner's calendar from today on, whichever she has connected meanwhile, earliest first; nothing without one. */
export async function readDiary({ baseUrl, token }: Demo): Promise<Entry[]> {
  const response = await fetch(`${baseUrl}/calendar/events?days_ahead=${AHEAD_DAYS}`, { headers: { authorization: `Bearer ${token}` } })
  if (response.status === 409) return []
  if (!response.ok) throw new Error(`The calendar answered ${response.status} ${await response.text()}`)
  const { events } = z.object({ events: z.array(Entry) }).parse(await response.json())
  return events.sort((a, b) => Date.parse(a.start_time) - Date.parse(b.start_time))
}

export function showDiary(entries: Entry[], timeZone: string, isNew: (entry: Entry) => boolean = () => false): void {
  let lastDay = ''
  for (const entry of entries) {
    const day = dayOf(entry, timeZone)
    const fresh = isNew(entry)
    const line = `${(day === lastDay ? '' : day).padEnd(13)}${clock(entry.start_time, timeZone)}–${clock(entry.end_time, timeZone)}  ${entry.subject}`
    print(fresh ? style('green', `+ ${line}   ← new`) : `  ${line}`)
    if (fresh) {
      const guests = entry.attendees.map(({ email }) => email).join(', ')
      const details = [entry.location, guests && `invited ${guests}`].filter((detail) => detail)
      if (details.length > 0) print(style('green', `${' '.repeat(28)}${details.join(', ')}`))
    }
    lastDay = day
  }
  print()
}

/** "Tue  1 Dec". */
export function dayOf(entry: Entry, timeZone: string): string {
  const date = local(entry.start_time, timeZone).toPlainDate()
  const short = (word = '') => word.charAt(0).toUpperCase() + word.slice(1, 3)
  return `${short(weekdayOf(date))} ${String(date.day).padStart(2)} ${short(months[date.month - 1])}`
}

function clock(instant: string, timeZone: string): string {
  return local(instant, timeZone).toPlainTime().toString({ smallestUnit: 'minute' })
}

function local(instant: string, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone)
}
