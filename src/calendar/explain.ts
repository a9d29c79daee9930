import { listOccupied, type Occupied } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { settled } from '../oauth/status.ts'
import { slotsOf } from '../oauth/use-calendar.ts'
import type { BusyKind, Interval } from '../providers/provider.ts'
import type { Diary } from './access.ts'
import { canBeNamed } from './availability.ts'
import { countedAppointments, takingTime } from './busy.ts'
import { lookInto, type SeenCalendar } from './look-into.ts'
import { overlapsAny, type Refusal, reasonsAgainst, withBuffers } from './slots.ts'
import { MINUTE_MS } from './zone.ts'

/** Which calendar, as its owner knows it. */
export type Named = Pick<SeenCalendar, 'connectionId' | 'calendarEmail' | 'name'>

/** One reason why a time is not offered to callers. */
export type Reason =
  /** By the rules alone. */
  | { code: Exclude<Refusal, 'taken'> }
  /** The clock shows the time twice that night; words name the first. */
  | { code: 'repeated_hour' }
  /** One of our appointments stands there. */
  | { code: 'booking'; booking: Occupied }
  /** An event takes the time. `subject` is `null` where its calendar shows only that there is one. */
  | { code: 'event'; calendar: Named; time: Interval; subject: string | null; kind: BusyKind | undefined }
  /** Nothing stands there, but too near. */
  | { code: 'buffer'; near: Extract<Reason, { code: 'booking' | 'event' }> }
  /** What a calendar holds is not known, so none of its time is offered. */
  | { code: ErrorCode; calendar: Named | null; text: string }

/** Why callers are not offered a time, by what the calendars show now: every reason that applies, none where they are offered it. */
export async function explain(deps: Deps, diary: Diary, slot: Interval, signal: AbortSignal): Promise<Reason[]> {
  const { clerkUserId, rules } = diary
  const around = withBuffers(rules, slot)
  const [{ ours, appointments }, offered, ...seen] = await Promise.all([
    inTenant(deps.db, clerkUserId, async (trx) => ({
      ours: await listOccupied(trx, clerkUserId, around),
      appointments: await countedAppointments(trx, diary, slot),
    })),
    offeredThen(deps, diary, slot, signal),
    ...diary.connections.map((one) => lookInto(deps, one, around, rules.timeZone, signal)),
  ])
  const taken = { busy: [], appointments, offered: offered instanceof AppError ? null : offered }
  const byRules = reasonsAgainst(rules, slot, { now: deps.clock.now(), taken })(slot)
  const standing = [
    ...ours.map((booking): Standing => ({ code: 'booking', booking })),
    ...seen.flat().flatMap((one) => eventsOf(one, diary, around, ours)),
  ]
  return [
    ...byRules.flatMap((code): Reason[] => (code === 'taken' ? [] : [{ code }])),
    ...(canBeNamed(slot.startsAt, rules.timeZone) ? [] : [{ code: 'repeated_hour' } as const]),
    ...unconnected(diary),
    ...seen.flat().flatMap((one): Reason[] => (one.failure ? [{ ...failureOf(one.failure), calendar: named(one) }] : [])),
    ...(offered instanceof AppError ? unoffered(offered, diary, seen.flat()) : []),
    ...standing.map((one): Reason => (overlapsAny(slot, [timeOf(one)]) ? one : { code: 'buffer', near: one })),
  ]
}

async function offeredThen(deps: Deps, diary: Diary, slot: Interval, signal: AbortSignal): Promise<Interval[] | null | AppError> {
  const destination = destinationOf(diary)
  if (!destination) return null
  const minutes = (slot.endsAt.getTime() - slot.startsAt.getTime()) / MINUTE_MS
  return settled(slotsOf(deps, destination, slot, minutes, signal))
}

/** What is busy may be known all the same. Where it is not, the calendar is told already. */
function unoffered(failure: AppError, diary: Diary, seen: SeenCalendar[]): Reason[] {
  const destination = destinationOf(diary)
  if (!destination || seen.some((one) => one.failure && one.connectionId === destination.id)) return []
  const { id: connectionId, calendarEmail, calendarName: name } = destination
  // Of a length that it does not take it can be read well.
  const calendar = failure.code === 'length_not_offered' ? null : { connectionId, calendarEmail, name }
  return [{ ...failureOf(failure), calendar }]
}

function destinationOf({ connections }: Diary) {
  return connections.find(({ role }) => role === 'destination')
}

type Standing = Extract<Reason, { code: 'booking' | 'event' }>

/** When it is, without buffers. */
export function timeOf(one: Standing): Interval {
  return one.code === 'booking' ? one.booking : one.time
}

/** What in one calendar takes time within `range`, by name where it tells. Our own appointments are told as such. */
function eventsOf(seen: SeenCalendar, { rules }: Diary, range: Interval, ours: Occupied[]): Standing[] {
  const calendar = named(seen)
  const busy = takingTime(rules, seen.busy).filter((one) => overlapsAny(range, [one]))
  const isOurs = new Set(ours.map(({ providerEventId }) => providerEventId))
  const entries = seen.entries.filter(
    (entry) => entry.busy !== null && takingTime(rules, [{ ...entry, kind: entry.busy.kind }]).length > 0 && overlapsAny(range, [entry]),
  )
  const nameless = busy.filter((one) => !entries.some((entry) => overlapsAny(entry, [one])))
  return [
    ...entries
      .filter(({ id }) => !isOurs.has(id))
      .map((entry): Standing => ({ code: 'event', calendar, time: entry, subject: entry.subject, kind: entry.busy?.kind })),
    ...nameless.map((time): Standing => ({ code: 'event', calendar, time, subject: null, kind: time.kind })),
  ]
}

/** Without a calendar that bookings go to, nothing is offered at all. */
function unconnected(diary: Diary): Reason[] {
  if (destinationOf(diary)) return []
  return [{ ...failureOf(new AppError('calendar_not_connected', 'no destination calendar')), calendar: null }]
}

function failureOf({ code, text }: AppError) {
  return { code, text }
}

function named({ connectionId, calendarEmail, name }: SeenCalendar): Named {
  return { connectionId, calendarEmail, name }
}
