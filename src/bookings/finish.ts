import { calendarOf, type Diary, refOf } from '../calendar/access.ts'
import { type Look, refuseUnfree } from '../calendar/busy.ts'
import { refusalOf } from '../calendar/refusals.ts'
import { refusal, withBuffers } from '../calendar/slots.ts'
import { type Booking, confirmBooking, failBooking, findBooking, markAsked } from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { tellOfBooking } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CalendarEvent, Interval } from '../providers/provider.ts'
import { eventOf } from './event.ts'
import { lookForConflictLater } from './later.ts'
import type { Outcome } from './request.ts'

/** The held booking's way to the vendor; only the request that made it goes it. */
export async function finish(deps: Deps, diary: Diary, booking: Booking, look: Look): Promise<Outcome> {
  try {
    await refuseTaken(deps, diary, booking, look)
    const isStillOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => markAsked(trx, booking))
    if (!isStillOurs) throw new AppError('provider_unavailable', 'this request stood still for too long, and somebody else took it up')
    return await askVendor(deps, diary, booking, look.signal)
  } catch (error) {
    const failure = error instanceof AppError ? error.code : 'internal'
    const isOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => failBooking(trx, booking, failure, false))
    if (!isOurs) return standing(deps, booking, error)
    const why = refusalOf(failure)
    if (why) return { kind: 'refused', why }
    throw error
  }
}

/**
 * What became of a booking that somebody else took up because this request stood still for too long.
 * @throws its own failure where that took place
 */
async function standing(deps: Deps, { clerkUserId, id }: Booking, error: unknown): Promise<Outcome> {
  const now = await inTenant(deps.db, clerkUserId, (trx) => findBooking(trx, clerkUserId, id))
  if (now?.status === 'confirmed') return { kind: 'booked', booking: now }
  if (now?.status === 'held') return { kind: 'pending', booking: now }
  throw error
}

/**
 * Takes up a booking of which the vendor may have the event already. If it has, that settles it; if not, the time must still be to come,
 * and free.
 * @throws AppError `slot_taken`, `slot_not_offered`, `time_past`, `calendar_not_connected`, `length_not_offered`, `contact_needed`; every other failure of the vendor leaves it pending
 */
export async function finishAgain(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  try {
    const event = await useCalendar(deps, connectionOf(diary, booking), signal, (calendar) => calendar.read(refOf(booking)))
    if (event) return await confirm(deps, booking, event)
    refuseBegun(deps, diary, booking)
    // Should its event exist after all, where the vendor has not found it yet, it is not in its own way.
    await refuseTaken(deps, diary, booking, { signal, exceptEvent: refOf(booking) })
    // Cancelled while we looked: nobody is invited any more.
    if (!(await inTenant(deps.db, booking.clerkUserId, (trx) => markAsked(trx, booking)))) return { kind: 'pending', booking }
    return await askVendor(deps, diary, booking, signal)
  } catch (error) {
    if (!(error instanceof AppError) || isFinal(error)) throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event exists is still not known')
    return { kind: 'pending', booking }
  }
}

const FINAL: ErrorCode[] = ['time_past', 'calendar_not_connected', 'length_not_offered', 'contact_needed']

/** A no to a second request says nothing about the first, unless it tells of the event, the time or the wish itself. */
export function isFinal({ code }: AppError): boolean {
  return refusalOf(code) !== undefined || FINAL.includes(code)
}

/**
 * Nobody is invited to what has begun, however long the vendor was away: callers and the owner are bound by the future alike.
 * @throws AppError `time_past`
 */
function refuseBegun({ clock }: Deps, { rules }: Diary, booking: Booking): void {
  if (refusal(rules, slotOf(booking), clock.now(), 'owner') === 'past') throw new AppError('time_past', 'it has begun without its event')
}

/** @throws AppError as `refuseUnfree` */
async function refuseTaken(deps: Deps, diary: Diary, booking: Booking, look: Look): Promise<void> {
  const slot = slotOf(booking)
  const during = withBuffers(diary.rules, slot, booking.bookedBy === 'owner' ? 'owner' : 'caller')
  await refuseUnfree(deps, diary, slot, during, { ...look, into: connectionOf(diary, booking), except: booking.appointmentId })
}

/** @throws AppError only where it is certain that this request made no event */
async function askVendor(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  const event = await useCalendar(deps, connectionOf(diary, booking), signal, (calendar) => calendar.create(eventOf(booking))).catch(
    (error: unknown) => {
      if (error instanceof AppError && error.code !== 'provider_unavailable') throw error
      deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event exists is not known yet')
    },
  )
  return event ? confirm(deps, booking, event) : { kind: 'pending', booking }
}

/** @throws AppError `not_changeable` when it was cancelled or given up meanwhile: then its event is taken away */
async function confirm(deps: Deps, booking: Booking, event: CalendarEvent): Promise<Outcome> {
  const now = await inTenant(deps.db, booking.clerkUserId, async (trx) => {
    const confirmed = await confirmBooking(trx, booking, event)
    if (confirmed) await afterBooking(deps, trx, confirmed)
    return confirmed ?? (await findBooking(trx, booking.clerkUserId, booking.id))
  }).catch((error: unknown) => {
    deps.log.error({ err: error, bookingId: booking.id }, 'the event exists, but could not be confirmed here yet')
  })
  if (!now || now.status === 'held') return { kind: 'pending', booking }
  if (now.status === 'confirmed') return { kind: 'booked', booking: now }
  throw new AppError('not_changeable', `it is ${now.status} by now`)
}

/** What follows in the same transaction: it is told, and the calendars are looked at once more. */
async function afterBooking(deps: Deps, trx: TenantDb, booking: Booking): Promise<void> {
  await tellOfBooking(deps, trx, booking)
  await lookForConflictLater(deps, trx, booking)
}

/** Where the event of a booking is, or is to be. @throws AppError `calendar_not_connected` */
export function connectionOf(diary: Diary, booking: Booking): Connection {
  const connection = calendarOf(diary, booking)
  if (!connection) throw new AppError('calendar_not_connected', 'disconnected before the event was made')
  return connection
}

/** When it is, without buffers. */
export function slotOf({ startsAt, endsAt }: Booking): Interval {
  return { startsAt, endsAt }
}
