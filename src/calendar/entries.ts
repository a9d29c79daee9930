import type { Deps } from '../deps.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CalendarEntry } from '../providers/provider.ts'
import { type Diary, requireDestination } from './access.ts'
import { dayStart, inZone } from './zone.ts'

/**
 * What stands in the owner's destination calendar today, from midnight on, and on the days after: `days` local days in all. Earliest first.
 * @throws AppError `calendar_not_connected`, `consent_revoked`, and what a vendor's `events` throws
 */
export async function listEntries(deps: Deps, diary: Diary, days: number, signal: AbortSignal): Promise<CalendarEntry[]> {
  const destination = requireDestination(diary)
  const { timeZone } = diary.rules
  const today = inZone(deps.clock.now(), timeZone).toPlainDate()
  const range = { startsAt: new Date(dayStart(today, timeZone)), endsAt: new Date(dayStart(today.add({ days }), timeZone)) }
  return useCalendar(deps, destination, signal, (calendar) => calendar.events(range, destination.timeZone ?? timeZone))
}
