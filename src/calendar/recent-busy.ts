import { LRUCache } from 'lru-cache'
import type { Connection } from '../db/connections.ts'
import type { BusyTime, Interval } from '../providers/provider.ts'

// Rough, for the limit alone: two dates and what holds them.
const BYTES_A_TIME = 200
const BYTES_A_READING = 500
const MOST_BYTES = 8 * 1024 * 1024

/** What was read of calendars a moment ago. For offers alone: whoever books reads anew. */
export interface RecentBusy {
  /**
   * Busy times of a connection, from what was read of it lately where that covers `range`, else by `read`. A reading that fails is not kept.
   * @returns perhaps more than lies in `range`
   */
  busyOf(connection: Connection, range: Interval, read: () => Promise<BusyTime[]>): Promise<BusyTime[]>
  /** Something in this tenant's calendars has changed: nothing that was read before, or is being read now, is used again. */
  drop(clerkUserId: string): void
}

interface Reading {
  /** Which calendars of the account, in which state of the connection. */
  of: string
  range: Interval
  busy: BusyTime[]
  readAt: number
}

/** @param keepMs how long an answer serves; afterwards nothing of it is left */
export function createRecentBusy(keepMs: number): RecentBusy {
  // By tenant, so that nobody's times are found under somebody else's key, and all of one go at once.
  const tenants = new LRUCache<string, { era: symbol; readings: Reading[] }>({
    ttl: keepMs,
    ttlAutopurge: true,
    maxSize: MOST_BYTES,
    sizeCalculation: ({ readings }) => readings.reduce((sum, { busy }) => sum + BYTES_A_READING + busy.length * BYTES_A_TIME, 1),
  })
  const isFresh = ({ readAt }: Reading) => performance.now() - readAt < keepMs

  return {
    async busyOf(connection, range, read) {
      const { clerkUserId } = connection
      const of = keyOf(connection)
      const known = tenants.get(clerkUserId) ?? { era: Symbol(), readings: [] }
      const found = known.readings.find((one) => isFresh(one) && one.of === of && contains(one.range, range))
      if (found) return found.busy

      // What is dropped while the vendor answers does not come back with the answer: the era is over then.
      if (!tenants.has(clerkUserId)) tenants.set(clerkUserId, known)
      const readAt = performance.now()
      const busy = await read()
      const current = tenants.get(clerkUserId)
      if (current?.era === known.era) {
        const others = current.readings.filter((one) => isFresh(one) && !(one.of === of && contains(range, one.range)))
        tenants.set(clerkUserId, { era: known.era, readings: [...others, { of, range, busy, readAt }] })
      }
      return busy
    },
    drop(clerkUserId) {
      tenants.delete(clerkUserId)
    },
  }
}

/** A connection that was made anew, or whose calendars are chosen otherwise, is another one. */
function keyOf({ id, accountId, calendarId, busyCalendarIds, state }: Connection): string {
  return JSON.stringify([id, accountId, calendarId, busyCalendarIds, state])
}

function contains(outer: Interval, inner: Interval): boolean {
  return outer.startsAt <= inner.startsAt && inner.endsAt <= outer.endsAt
}
