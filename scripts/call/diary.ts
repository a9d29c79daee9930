import * as z from 'zod'
import { weekdayOf } from '../../src/calendar/zone.ts'
import { months } from '../../src/words/words.ts'
import type { Demo } from '../start/demo.ts'
import { print, style } from './screen.ts'

const Moment = z.object({ dateTime: z.string() })
const Entry = z.object({
  id: z.string(),
  summary: z.string().default('(no title)'),
  location: z.string().optional(),
  start: Moment,
  end: Moment,
  attendees: z.array(z.object({ email: z.string() })).default([]),
})
export type Entry = z.infer<typeof Entry>

const AHEAD_DAYS = 60

/** What stands in the owner's calendar from today on, as Google itself tells it, earliest first. */
export async function readDiary({ calendar, timeZone }: Demo): Promise<Entry[]> {
  const url = new URL(calendar.url)
  const today = Temporal.Now.zonedDateTimeISO(timeZone).startOfDay()
  url.search = String(
    new URLSearchParams({
      singleEvents: 'true',
      orderBy: 'startTime',
      timeMin: today.toInstant().toString(),
      timeMax: today.add({ days: AHEAD_DAYS }).toInstant().toString(),
    }),
  )
  const response = await fetch(url, { headers: { authorization: `Bearer ${calendar.token}` } })
  if (!response.ok) throw new Error(`The calendar answered ${response.status} ${await response.text()}`)
  return z.object({ items: z.array(Entry) }).parse(await response.json()).items
}

export function showDiary(entries: Entry[], timeZone: string, isNew: (entry: Entry) => boolean = () => false): void {
  let lastDay = ''
  for (const entry of entries) {
    const day = dayOf(entry, timeZone)
    const fresh = isNew(entry)
    const line = `${(day === lastDay ? '' : day).padEnd(13)}${clock(entry.start, timeZone)}–${clock(entry.end, timeZone)}  ${entry.summary}`
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
  const date = local(entry.start, timeZone).toPlainDate()
  const short = (word = '') => word.charAt(0).toUpperCase() + word.slice(1, 3)
  return `${short(weekdayOf(date))} ${String(date.day).padStart(2)} ${short(months[date.month - 1])}`
}

function clock(moment: Entry['start'], timeZone: string): string {
  return local(moment, timeZone).toPlainTime().toString({ smallestUnit: 'minute' })
}

function local({ dateTime }: Entry['start'], timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.from(dateTime).toZonedDateTimeISO(timeZone)
}
