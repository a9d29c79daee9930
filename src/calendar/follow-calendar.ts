import { SETTLED_SECONDS } from '../db/bookings.ts'
import { type Db, inTenant, type TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import { listToCome, listToLookAt, markLookedAt, type ToCome } from '../db/following.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'
import { calendarOf, openDiary } from './access.ts'
import { followAll, timesOf } from './follow.ts'

// Looked at so often, found within a minute and begun within another, an appointment follows within a quarter of an hour.
const LOOK_EVERY_SECONDS = 10 * 60
const FIND_EVERY_SECONDS = 60
const AT_MOST = 1000
// Vendors push several times for one change.
const DEBOUNCE_SECONDS = 1
// One list over more than that without an appointment would be mostly of what is nobody's here: a year of it takes longer than a look may.
const LONGEST_GAP_MS = 31 * 24 * 60 * 60_000

type Which = JobData['follow-calendar']

/**
 * A job: holds the appointments to come of one connection against its calendar, and lets them follow it. One list shows those that are as they
 * were; the others are looked at one by one. A calendar that cannot be read says nothing, and the next look is soon.
 */
export async function followCalendar(deps: Deps, which: Which, stop: AbortSignal): Promise<void> {
  const { clerkUserId, connectionId } = which
  const calendars = await inTenant(deps.db, clerkUserId, async (trx) => {
    await markLookedAt(trx, clerkUserId, connectionId)
    const diary = await openDiary(deps, trx, clerkUserId)
    const toCome = (await listToCome(trx, clerkUserId, deps.clock.now())).flatMap((booking) => {
      const calendar = calendarOf(diary, booking)
      return calendar?.id === connectionId && calendar.state === 'active' ? [{ booking, calendar }] : []
    })
    // What was written a moment ago cannot be told from what the vendor does not show yet.
    if (toCome.some(({ booking }) => booking.isFresh)) await followLater(deps, trx, which, 'settled', SETTLED_SECONDS)
    const settled = toCome.filter(({ booking }) => booking.isSettled)
    return [...Map.groupBy(settled, ({ calendar }) => calendar.calendarId).values()].map((those) => ({
      calendar: those[0]?.calendar,
      timeZone: diary.rules.timeZone,
      bookings: those.map(({ booking }) => booking),
    }))
  })
  const signal = AbortSignal.any([stop, AbortSignal.timeout(deps.config.timeouts.providerCreateMs * 3)])
  for (const { calendar, bookings, timeZone } of calendars) {
    if (!calendar) continue
    const changed = await changedIn(deps, calendar, bookings, timeZone, signal).catch(readNothing(deps, connectionId))
    await followAll(deps, calendar, changed ?? [], signal, readNothing(deps, connectionId))
  }
}

/** A job: has every calendar with appointments to come looked at now and then, whatever its vendor pushes; the looks spread over a minute. */
export async function findToFollow(deps: Deps): Promise<void> {
  const due = await listToLookAt(deps.db, { olderThanSeconds: LOOK_EVERY_SECONDS, now: deps.clock.now(), atMost: AT_MOST })
  for (const [index, { clerkUserId, id }] of due.entries()) {
    const startAfterSeconds = Math.floor((index / due.length) * FIND_EVERY_SECONDS)
    await deps.jobs.send(deps.db, 'follow-calendar', { clerkUserId, connectionId: id }, { startAfterSeconds, singletonKey: id })
  }
}

/** Its vendor says that something has changed there: what was read before is not used again. However often it says so, it is looked at once. */
export async function followPushed(deps: Deps, which: Which): Promise<void> {
  deps.recentReadings.drop(which.clerkUserId)
  await followLater(deps, deps.db, which, 'pushed', DEBOUNCE_SECONDS)
}

/** @param why a look that waits for one reason does not put off that for another */
function followLater({ jobs }: Deps, trx: TenantDb | Db, which: Which, why: string, startAfterSeconds: number): Promise<void> {
  return jobs.send(trx, 'follow-calendar', which, { startAfterSeconds, singletonKey: `${why}/${which.connectionId}` })
}

/** Those whose event is not in the calendar as it was, by one list, or one of each time that is far from the others. */
async function changedIn(deps: Deps, calendar: Connection, bookings: ToCome[], timeZone: string, signal: AbortSignal): Promise<ToCome[]> {
  const lists = await useCalendar(deps, calendar, signal, (opened) =>
    Promise.all(rangesOf(bookings, deps.clock.now()).map((range) => opened.events(range, timeZone))),
  )
  const shown = new Map(lists.flat().map((event) => [event.id, event]))
  return bookings.filter((booking) => {
    const event = shown.get(booking.providerEventId ?? '')
    return !event || !timesOf(event, booking).isSame
  })
}

/** Ranges in which all of these lie, from now on. */
function rangesOf(bookings: ToCome[], now: Date): Interval[] {
  const ranges: Interval[] = []
  for (const { startsAt, endsAt } of bookings.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime())) {
    const last = ranges.at(-1)
    const isNear = last && startsAt.getTime() - last.endsAt.getTime() <= LONGEST_GAP_MS
    if (isNear) last.endsAt = endsAt > last.endsAt ? endsAt : last.endsAt
    else ranges.push({ startsAt: startsAt > now ? startsAt : now, endsAt })
  }
  return ranges
}

function readNothing({ log }: Deps, connectionId: string) {
  return (error: unknown) => {
    if (!(error instanceof AppError)) throw error
    log.warn({ err: error, connectionId }, 'whether the owner has changed her appointments could not be seen now')
    return undefined
  }
}
