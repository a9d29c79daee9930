import { occurrences } from '../people.ts'
import { instantOf } from '../zones.ts'
import { dateOf, type Interval, isOpen, openings } from './schedule.ts'
import type { Account, EventType, Site } from './site.ts'

const MINUTE_MS = 60_000

/** One appointment that somebody asks for, or could ask for. */
interface Wish {
  account: Account
  eventType: EventType
  /** uid of a booking that will make room. */
  except?: string | undefined
}

/**
 * When an event type can be booked: at its interval, counted from the start of each opening.
 * @returns earliest first; those that lie within `range` as a whole
 */
export function freeSlots(site: Site, wish: Wish, minutes: number, range: Interval): Interval[] {
  const { account, eventType, except } = wish
  const step = (eventType.slotInterval ?? minutes) * MINUTE_MS
  const taken = busyTimes(site, account, except)
  const slots: Interval[] = []
  for (const opening of openings(account.schedule, range)) {
    const skipped = Math.max(0, Math.ceil((range.startsAt.getTime() - opening.startsAt.getTime()) / step))
    for (let start = opening.startsAt.getTime() + skipped * step; start <= range.endsAt.getTime(); start += step) {
      const slot = { startsAt: new Date(start), endsAt: new Date(start + minutes * MINUTE_MS) }
      // A range that ends with the last second of a day holds what ends at midnight.
      if (slot.endsAt.getTime() - 1000 > range.endsAt.getTime() || slot.endsAt > opening.endsAt) break
      if (inTime(site, account, eventType, slot.startsAt) && isFree(taken, eventType, slot)) slots.push(slot)
    }
  }
  return slots
}

/** Can this very time be booked? It need not lie on the grid of slots. */
export function isAvailable(site: Site, { account, eventType, except }: Wish, time: Interval): boolean {
  return isOpen(account.schedule, time) && isFree(busyTimes(site, account, except), eventType, time)
}

/** Not too soon for the event type's notice, and not beyond its window. */
export function inTime(site: Site, account: Account, { minimumBookingNotice, windowDays }: EventType, startsAt: Date): boolean {
  const now = site.now()
  if (startsAt.getTime() < now.getTime() + minimumBookingNotice * MINUTE_MS) return false
  if (windowDays === null) return true
  const { timeZone } = account.schedule
  return startsAt < instantOf(`${dateOf(now, timeZone).add({ days: windowDays + 1 })}T00:00`, timeZone)
}

function isFree(taken: Interval[], { buffers }: EventType, time: Interval): boolean {
  const wanted = widened(time, buffers)
  return !taken.some((one) => one.startsAt < wanted.endsAt && one.endsAt > wanted.startsAt)
}

/** All of the host's bookings, whatever their event type, and what stands in her connected calendars. */
function busyTimes(site: Site, account: Account, except: string | undefined): Interval[] {
  const bookings = [...site.bookings.values()]
    .filter((one) => one.account === account && one.uid !== except && (one.status === 'accepted' || one.status === 'pending'))
    .map((one) => widened(one, one.eventType.buffers))
  const events = account.person.calendars.flatMap((calendar) =>
    [...calendar.events.values()]
      .filter((event) => !event.deleted && event.status !== 'cancelled' && !event.declined)
      .filter((event) => event.showAs !== 'free' && event.showAs !== 'workingElsewhere')
      .flatMap((event) => occurrences(event, calendar.timeZone)),
  )
  return [...bookings, ...events]
}

function widened({ startsAt, endsAt }: Interval, { before, after }: EventType['buffers']): Interval {
  return { startsAt: new Date(startsAt.getTime() - before * MINUTE_MS), endsAt: new Date(endsAt.getTime() + after * MINUTE_MS) }
}
