import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useAccount } from '../oauth/use-calendar.ts'
import type { BusyTime, Calendar, CalendarEntry, Interval } from '../providers/provider.ts'

/** One calendar whose busy times count, as its owner may see it. */
export interface SeenCalendar {
  connectionId: string
  calendarEmail: string
  /** `null` where the vendor does not tell it. */
  name: string | null
  busy: BusyTime[]
  /** What stands in it, by name; empty where it shows only when its owner is busy. */
  entries: CalendarEntry[]
  /** Why nothing of it is known. */
  failure: AppError | undefined
}

/** All calendars of a connection that count, for their owner's eyes. One that cannot be read says why. */
export async function lookInto(
  deps: Deps,
  connection: Connection,
  range: Interval,
  timeZone: string,
  signal: AbortSignal,
): Promise<SeenCalendar[]> {
  const { id: connectionId, calendarEmail, calendarId, calendarName, busyCalendarIds } = connection
  const counted = [...new Set([calendarId, ...busyCalendarIds])]
  const unseen = { connectionId, calendarEmail, busy: [], entries: [], failure: undefined }
  try {
    return await useAccount(deps, connection, signal, async (provider, access) => {
      const infos = counted.length > 1 ? await provider.calendars(access) : []
      const names = new Map([...infos.map(({ id, name }): [string, string] => [id, name]), [calendarId, calendarName]])
      return Promise.all(
        counted.map(async (id) => {
          const calendar = provider.calendar(access, id)
          const [busy, entries] = await Promise.all([calendar.busy(range), namesIn(calendar, range, connection.timeZone ?? timeZone)])
          return { ...unseen, name: names.get(id) ?? null, busy, entries }
        }),
      )
    })
  } catch (error) {
    if (error instanceof AppError) return [{ ...unseen, name: calendarName, failure: error }]
    throw error
  }
}

/** Some calendars show when their owner is busy and nothing else. */
async function namesIn(calendar: Calendar, range: Interval, timeZone: string): Promise<CalendarEntry[]> {
  try {
    return await calendar.events(range, timeZone)
  } catch (error) {
    // A refused token is renewed, and the calendar read once more.
    if (error instanceof AppError && error.code !== 'consent_revoked') return []
    throw error
  }
}
