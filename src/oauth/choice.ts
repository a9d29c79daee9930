import type { Choice, Connection } from '../db/connections.ts'
import { AppError } from '../errors.ts'
import type { CalendarInfo } from '../providers/provider.ts'

/** destination: bookings go there; busy: only its busy times count. */
export const ROLES = ['destination', 'busy'] as const
export type Role = (typeof ROLES)[number]

/** What an owner wants otherwise about a connection; what is left out stays. */
export interface Change {
  role?: Role | undefined
  calendarId?: string | undefined
  busyCalendarIds?: string[] | undefined
}

/**
 * Of an account that has just been connected: its first calendar that can be written to; where only its busy times count, one that can be
 * read will do. Connected again, it keeps what was chosen before, as far as it still has it; and the destination stays the destination,
 * whatever it is added as besides.
 * @throws AppError `calendar_unusable`
 */
export function choiceOnConnecting(asked: Role, calendars: CalendarInfo[], before: Connection | undefined): Choice {
  const role = before?.role === 'destination' ? 'destination' : asked
  const kept = calendars.find(({ id, canWrite }) => id === before?.calendarId && (canWrite || role === 'busy'))
  const calendar = kept ?? calendars.find(({ canWrite }) => canWrite) ?? (role === 'busy' ? calendars[0] : undefined)
  if (!calendar) throw new AppError('calendar_unusable', 'no calendar to write to')
  const busyCalendarIds = (before?.busyCalendarIds ?? []).filter((id) => id !== calendar.id && calendars.some((one) => one.id === id))
  return { role, ...placeOf(calendar), busyCalendarIds }
}

/** Can a change be judged only by what the account holds now? */
export function dependsOnCalendars({ role, calendarId, busyCalendarIds = [] }: Change): boolean {
  return role === 'destination' || calendarId !== undefined || busyCalendarIds.length > 0
}

/**
 * @param calendars all of the account, where the change depends on them
 * @throws AppError `destination_needed`, `calendar_missing`, `calendar_read_only`
 */
export function choiceAfter(current: Connection, change: Change, calendars: CalendarInfo[]): Choice {
  if (current.role === 'destination' && change.role === 'busy') throw new AppError('destination_needed', 'the only destination')
  const role = change.role ?? current.role
  const listed = new Map(calendars.map((calendar) => [calendar.id, calendar]))
  const wanted = [...(change.calendarId === undefined ? [] : [change.calendarId]), ...(change.busyCalendarIds ?? [])]
  if (wanted.some((id) => !listed.has(id))) throw new AppError('calendar_missing', 'none of this account')

  const calendarId = change.calendarId ?? current.calendarId
  const calendar = listed.get(calendarId)
  if (role === 'destination' && (change.calendarId !== undefined || change.role !== undefined)) {
    if (!calendar) throw new AppError('calendar_missing', 'the chosen one is gone')
    if (!calendar.canWrite) throw new AppError('calendar_read_only', 'bookings would go there')
  }
  // Whoever lets bookings go elsewhere is still busy where she was, unless she says otherwise.
  const isLeft = calendarId !== current.calendarId && listed.has(current.calendarId)
  const further = change.busyCalendarIds ?? [...(isLeft ? [current.calendarId] : []), ...current.busyCalendarIds]
  const { calendarName, calendarLink, timeZone, appointmentMinutes } = current
  return {
    ...(calendar ? placeOf(calendar) : { calendarId, calendarName, calendarLink, timeZone, appointmentMinutes }),
    role,
    busyCalendarIds: [...new Set(further)].filter((id) => id !== calendarId),
  }
}

function placeOf({ id, name, link, timeZone, minutes }: CalendarInfo) {
  return { calendarId: id, calendarName: name, calendarLink: link, timeZone, appointmentMinutes: minutes }
}
