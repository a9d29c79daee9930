import { LRUCache } from 'lru-cache'
import type { Connection } from '../db/connections.ts'
import type { BusyTime, Interval } from '../providers/provider.ts'

// Rough, for the limit alone: two dates and what holds them.
const BYTES_A_TIME = 200
const BYTES_A_READING = 500
const MOST_BYTES = 8 * 1024 * 1024

/** Times as a calendar tells them; `null`: it tells none of that kind. */
type Times = BusyTime[] | null

/** What was read of calendars a moment ago. For offers alone: whoever books reads anew. */
export interface RecentReadings {
  /**
   * Times of a connection, from what was read of it lately where that covers `range`, else by `read`. A reading that fails is not kept.
   * @param what kind of times they are; of each kind `read` gives the same ones
   * @returns perhaps more than lies in `range`
   */
  of(connection: Connection, what: string, range: Interval, read: () => Promise<Times>): Promise<Times>
  /** Something in this tenant's calendars has changed: nothing that was read before, or is being read now, is used again. */
  drop(clerkUserId: string): void
}

interface Reading {
  /** Which times of which calendars of the account, in which state of the connection. */
  of: string
  range: Interval
  times: Times
  readAt: number
}

/** @param keepMs how long an answer serves; afterwards nothing of it is left */
export function createRecentReadings(keepMs: number): RecentReadings {
  // By tenant, so that nobody's times are found under somebody else's key, and all of one go at once.
  const tenants = new LRUCache<string, { era: symbol; readings: Reading[] }>({
    ttl: keepMs,
    ttlAutopurge: true,
    maxSize: MOST_BYTES,
    sizeCalculation: ({ readings }) => readings.reduce((sum, { times }) => sum + BYTES_A_READING + (times?.length ?? 0) * BYTES_A_TIME, 1),
  })
  const isFresh = ({ readAt }: Reading) => performance.now() - readAt < keepMs

  return {
    async of(connection, what, range, read) {
      const { clerkUserId } = connection
      const of = keyOf(connection, what)
      const known = tenants.get(clerkUserId) ?? { era: Symbol(), readings: [] }
      const found = known.readings.find((one) => isFresh(one) && one.of === of && contains(one.range, range))
      if (found) return found.times

      // What is dropped while the vendor answers does not come back with the answer: the era is over then.
      if (!tenants.has(clerkUserId)) tenants.set(clerkUserId, known)
      const readAt = performance.now()
      const times = await read()
      const current = tenants.get(clerkUserId)
      if (current?.era === known.era) {
        const others = current.readings.filter((one) => isFresh(one) && !(one.of === of && contains(range, one.range)))
        tenants.set(clerkUserId, { era: known.era, readings: [...others, { of, range, times, readAt }] })
      }
      return times
    },
    drop(clerkUserId) {
      tenants.delete(clerkUserId)
    },
  }
}

/** A connection that was made anew, or whose calendars are chosen otherwise, is another one. */
function keyOf({ id, accountId, calendarId, busyCalendarIds, state }: Connection, what: string): string {
  return JSON.stringify([what, id, accountId, calendarId, busyCalendarIds, state])
}

function contains(outer: Interval, inner: Interval): boolean {
  return outer.startsAt <= inner.startsAt && inner.endsAt <= outer.endsAt
}
