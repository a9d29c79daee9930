import { logEvent, system } from '../audit/log.ts'
import { type Booking, cancelAsDeleted, findBooking, listOccupied, OCCUPYING, type Occupied } from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import { type Following, followEvents, type ToCome } from '../db/following.ts'
import type { Deps } from '../deps.ts'
import { tellOfDeletedEvent, tellOfImpossibleMove, tellOfMovedEvent } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'
import { refOf } from './access.ts'
import { overlapsAny } from './slots.ts'

type Known = Pick<ToCome, 'id' | 'startsAt' | 'endsAt' | 'providerEventId' | 'leaseNumber'>

/** What became of a booking whose event was looked at. */
type Followed = 'stays' | 'moved' | 'gone'

/**
 * Lets a settled booking follow what its owner has done with its event in her calendar: moved, it is when the event is, however long and
 * however soon that is; deleted, it is off. Where it would lie on another appointment nothing is changed: `followAll` tells whether that one
 * was moved, too.
 * @returns what became of it, also where somebody else was faster
 * @throws AppError as `useCalendar` and `read` of a calendar: then nothing is known, and nothing changed
 */
export async function follow(deps: Deps, calendar: Connection, booking: Known, signal: AbortSignal): Promise<Followed> {
  const { clerkUserId } = calendar
  const moved = await lookAt(deps, calendar, booking, signal)
  if (moved) await inTenant(deps.db, clerkUserId, (trx) => moveTogether(deps, trx, clerkUserId, [moved]))
  const now = await inTenant(deps.db, clerkUserId, (trx) => findBooking(trx, clerkUserId, booking.id))
  if (!now || !OCCUPYING.includes(now.status)) return 'gone'
  return timesOf(now, booking).isSame ? 'stays' : 'moved'
}

/**
 * The same for several of one calendar, which may have changed places. An owner whose event lies on another appointment now is told.
 * @param unread what becomes of an event that could not be read
 */
export async function followAll(
  deps: Deps,
  calendar: Connection,
  bookings: Known[],
  signal: AbortSignal,
  unread: (error: unknown) => undefined,
): Promise<void> {
  const { clerkUserId } = calendar
  const looks = await Promise.all(bookings.map((booking) => lookAt(deps, calendar, booking, signal).catch(unread)))
  const moved = looks.filter((one) => one !== undefined)
  if (moved.length === 0) return
  await inTenant(deps.db, clerkUserId, async (trx) => {
    for (const { booking, slot } of await moveTogether(deps, trx, clerkUserId, moved)) {
      const now = await findBooking(trx, clerkUserId, booking.id)
      if (now?.status === 'confirmed' && now.leaseNumber === booking.leaseNumber) await tellOfImpossibleMove(deps, trx, now, slot)
    }
  })
}

/** The owner has nothing else to cancel with than her own calendar, so an appointment whose event is gone from it is off. */
export async function cancelWithEvent(deps: Deps, clerkUserId: string, booking: Pick<Booking, 'id' | 'leaseNumber'>): Promise<void> {
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const cancelled = await cancelAsDeleted(trx, clerkUserId, booking)
    if (!cancelled) return
    await tellOfDeletedEvent(deps, trx, cancelled)
    deps.log.info({ bookingId: booking.id }, 'its event was deleted in the calendar: the booking is cancelled')
  })
}

/** Is the event at another time than the booking? One without any length says when it begins, and no more. */
export function timesOf(event: Interval, { startsAt, endsAt }: Interval): { slot: Interval; isSame: boolean } {
  const lengthMs = endsAt.getTime() - startsAt.getTime()
  const isLong = event.endsAt > event.startsAt
  const slot = { startsAt: event.startsAt, endsAt: isLong ? event.endsAt : new Date(event.startsAt.getTime() + lengthMs) }
  return { slot, isSame: slot.startsAt.getTime() === startsAt.getTime() && slot.endsAt.getTime() === endsAt.getTime() }
}

interface Moved extends Following {
  booking: Known
  /** Only its id is another one. */
  isSame: boolean
}

/** Reads the event of a booking. @returns what the booking is to become, if anything: one whose event is gone is cancelled */
async function lookAt(deps: Deps, calendar: Connection, booking: Known, signal: AbortSignal): Promise<Moved | undefined> {
  const event = await useCalendar(deps, calendar, signal, (opened) => opened.read(refOf(booking)))
  if (!event) return void (await cancelWithEvent(deps, calendar.clerkUserId, booking))
  const { slot, isSame } = timesOf(event, booking)
  return isSame && event.id === booking.providerEventId ? undefined : { booking, slot, event, isSame }
}

/** @returns those that stay where they were, because another appointment is where their events are */
async function moveTogether(deps: Deps, trx: TenantDb, clerkUserId: string, moved: Moved[]): Promise<Moved[]> {
  const reach = {
    startsAt: new Date(Math.min(...moved.map(({ slot }) => slot.startsAt.getTime()))),
    endsAt: new Date(Math.max(...moved.map(({ slot }) => slot.endsAt.getTime()))),
  }
  const going = withoutOverlaps(moved, await listOccupied(trx, clerkUserId, reach))
  const followed = await followEvents(trx, going)
  if (!followed) return [] // somebody took that time in this moment: the next look tells
  for (const { booking, slot, isSame } of going) {
    const now = isSame || !followed.includes(booking.id) ? undefined : await findBooking(trx, clerkUserId, booking.id)
    if (!now) continue
    await tellOfMovedEvent(deps, trx, now, booking, `followed/${booking.id}/${now.leaseNumber}`)
    const details = { booking_id: booking.id, kind: 'followed', old_start_time: booking.startsAt, new_start_time: slot.startsAt }
    const subject = { kind: 'booking', id: now.appointmentId } as const
    await logEvent(trx, { clerkUserId, actor: system, action: 'booking.moved', subject, details })
    deps.log.info({ bookingId: booking.id }, 'its event was moved in the calendar: the booking follows')
  }
  return moved.filter((one) => !going.includes(one))
}

/** Those that can move at the same time: none lies on another one, wherever that goes, nor on any that stays. */
function withoutOverlaps(moved: Moved[], occupied: Occupied[]): Moved[] {
  let going = moved.toSorted((a, b) => Number(b.isSame) - Number(a.isSame))
  for (;;) {
    const ids = new Set(going.map(({ booking }) => booking.id))
    const staying = occupied.filter(({ id }) => !ids.has(id))
    const left = going.filter(
      ({ slot, isSame }, index) => isSame || !overlapsAny(slot, [...staying, ...going.slice(0, index).map((one) => one.slot)]),
    )
    if (left.length === going.length) return going
    going = left
  }
}
