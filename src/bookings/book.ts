import { randomUUID } from 'node:crypto'
import { calendarOf, type Diary, requireDestination } from '../calendar/access.ts'
import { busyTimes, isGivenBack, type Look } from '../calendar/busy.ts'
import { overlapsAny, refusal, withBuffers } from '../calendar/slots.ts'
import { findStanding, listCancelledInCall } from '../db/appointments.ts'
import { type Booking, confirmBooking, countBookings, failBooking, findBooking, holdBooking, markAsked } from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { tellOfBooking } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CalendarEvent, Interval } from '../providers/provider.ts'
import { isDayFull } from './day-cap.ts'
import { eventOf } from './event.ts'
import { lookForConflictLater, settleBookingLater } from './later.ts'
import { callKeyOf, keysOf, onceKnown, outcomeOfEarlier } from './repeats.ts'
import type { BookingRequest, Outcome } from './request.ts'

/**
 * Books: takes the time in our own database first, then looks at the live calendars, then asks the vendor. What stops half-way is
 * brought to an end by a job (`settle.ts`), which is sent with the first transaction.
 * A repeat waits for the first to finish and hears what became of it.
 */
export async function book(deps: Deps, diary: Diary, request: BookingRequest, signal: AbortSignal): Promise<Outcome> {
  const { clerkUserId } = diary
  const keys = keysOf(request)
  const earlier = await outcomeOfEarlier(deps, clerkUserId, request, keys, signal)
  if (earlier) return earlier

  const cancelled = await cancelledInCall(deps, clerkUserId, request)
  if (cancelled) return restore(deps, diary, cancelled, { operationKey: keys.operationKey, vapiCallId: request.vapiCallId }, signal)

  const destination = requireDestination(diary)
  const outside = refusal(diary.rules, request.slot, deps.clock.now(), request.bookedBy)
  if (outside) return { kind: 'refused', why: outside }

  const during = withBuffers(diary.rules, request.slot, request.bookedBy)
  const hold = () =>
    inTenant(deps.db, clerkUserId, async (trx) => {
      if (request.bookedBy === 'caller') {
        await refuseTooMany(deps, trx, clerkUserId, request)
        if (await isDayFull(trx, diary, request.slot.startsAt)) return 'cap'
      }
      const { settleLeaseMs } = deps.config.timeouts
      const held = await holdBooking(trx, {
        ...rowOf(request, clerkUserId),
        ...keys,
        during,
        connectionId: destination.id,
        calendarId: destination.calendarId,
        leaseMs: settleLeaseMs,
      })
      if (held) await settleBookingLater(deps, trx, held, settleLeaseMs)
      return held
    })
  const first = await hold()
  if (first instanceof Object) return finish(deps, diary, first, signal)
  // A twin of this request was faster, or others fill the day, or another appointment stands there.
  const twin = await outcomeOfEarlier(deps, clerkUserId, request, keys, signal)
  if (twin) return twin
  const second = first === undefined && (await isGivenBack(deps, diary, during, { signal })) ? await hold() : first
  return second instanceof Object ? finish(deps, diary, second, signal) : { kind: 'refused', why: second ?? 'taken' }
}

/** One caller must not fill the diary, nor have its owner's account invite half the town. @throws AppError `too_many_bookings` */
async function refuseTooMany({ config, clock }: Deps, trx: TenantDb, clerkUserId: string, { vapiCallId, callerNumber }: BookingRequest) {
  const { bookingsPerCall, bookingsPerNumber } = config.limits
  const { ofCall, ofNumber } = await countBookings(trx, clerkUserId, { call: vapiCallId, number: callerNumber }, clock.now())
  if (ofCall >= bookingsPerCall || ofNumber >= bookingsPerNumber)
    throw new AppError('too_many_bookings', `${ofCall} in the call, ${ofNumber} of the number`)
}

/** Whoever books the very time that she cancelled in this call takes back that she did. */
async function cancelledInCall({ db, clock }: Deps, clerkUserId: string, { vapiCallId, bookedBy, slot }: BookingRequest) {
  if (vapiCallId === null || bookedBy !== 'caller') return undefined
  const cancelled = await inTenant(db, clerkUserId, (trx) => listCancelledInCall(trx, clerkUserId, vapiCallId, clock.now()))
  const isSlot = ({ startsAt, endsAt }: Booking) =>
    startsAt.getTime() === slot.startsAt.getTime() && endsAt.getTime() === slot.endsAt.getTime()
  return cancelled.find(isSlot)
}

/**
 * Lets an appointment stand again that was cancelled. Its event is gone for ever, so it is a new booking of the same appointment, with the
 * same code; it had that time, so of the rules only the future and overlaps count.
 */
export async function restore(
  deps: Deps,
  diary: Diary,
  cancelled: Booking,
  { operationKey, vapiCallId }: { operationKey: string | null; vapiCallId: string | null },
  signal: AbortSignal,
): Promise<Outcome> {
  const { clerkUserId, appointmentId } = cancelled
  const destination = requireDestination(diary)
  const why = refusal(diary.rules, slotOf(cancelled), deps.clock.now(), 'owner')
  if (why) return { kind: 'refused', why }
  const { settleLeaseMs: leaseMs } = deps.config.timeouts
  const held = await inTenant(deps.db, clerkUserId, async (trx) => {
    const held = await holdBooking(trx, {
      ...detailsOf(cancelled),
      during: withBuffers(diary.rules, slotOf(cancelled), cancelled.bookedBy === 'owner' ? 'owner' : 'caller'),
      id: randomUUID(),
      operationKey,
      callKey: vapiCallId === null ? null : callKeyOf(vapiCallId, cancelled.startsAt),
      connectionId: destination.id,
      calendarId: destination.calendarId,
      leaseMs,
    })
    if (held) await settleBookingLater(deps, trx, held, leaseMs)
    return held
  })
  if (held) return finish(deps, diary, held, signal)
  const twin = await inTenant(deps.db, clerkUserId, (trx) => findStanding(trx, clerkUserId, appointmentId))
  if (!twin) return { kind: 'refused', why: 'taken' }
  const booking = await onceKnown(deps, twin, signal)
  if (booking.status === 'held') return { kind: 'pending', booking }
  // The one that was faster came to nothing, and so does this.
  if (booking.status !== 'confirmed') return { kind: 'refused', why: 'taken' }
  return { kind: operationKey !== null && booking.operationKey === operationKey ? 'booked' : 'already', booking }
}

/** The held booking's way to the vendor; only the request that made it goes it. */
async function finish(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  try {
    await refuseTaken(deps, diary, booking, { signal })
    const isStillOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => markAsked(trx, booking))
    if (!isStillOurs) throw new AppError('provider_unavailable', 'this request stood still for too long, and somebody else took it up')
    return await askVendor(deps, diary, booking, signal)
  } catch (error) {
    const failure = error instanceof AppError ? error.code : 'internal'
    const isOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => failBooking(trx, booking, failure, false))
    if (!isOurs) return standing(deps, booking, error)
    if (error instanceof AppError && error.code === 'slot_taken') return { kind: 'refused', why: 'taken' }
    throw error
  }
}

/** What became of a booking that somebody else took up because this request stood still for too long. @throws its own failure where that took place */
async function standing(deps: Deps, { clerkUserId, id }: Booking, error: unknown): Promise<Outcome> {
  const now = await inTenant(deps.db, clerkUserId, (trx) => findBooking(trx, clerkUserId, id))
  if (now?.status === 'confirmed') return { kind: 'booked', booking: now }
  if (now?.status === 'held') return { kind: 'pending', booking: now }
  throw error
}

/**
 * Takes up a booking of which the vendor may have the event already. If it has, that settles it; if not, the time must still be to come, and free.
 * @throws AppError `slot_taken`, `time_past`, `calendar_not_connected`; every other failure of the vendor leaves it pending
 */
export async function finishAgain(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  try {
    const event = await useCalendar(deps, connectionOf(diary, booking), signal, (calendar) => calendar.read(booking.id))
    if (event) return await confirm(deps, booking, event)
    refuseBegun(deps, diary, booking)
    // Should its event exist after all, where the vendor has not found it yet, it is not in its own way.
    await refuseTaken(deps, diary, booking, { signal, exceptEvent: booking.id })
    return await askVendor(deps, diary, booking, signal)
  } catch (error) {
    // A no to a second request says nothing about the first, unless it tells of the event or the time itself.
    const isFinal = error instanceof AppError && ['slot_taken', 'time_past', 'calendar_not_connected'].includes(error.code)
    if (isFinal || !(error instanceof AppError)) throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event exists is still not known')
    return { kind: 'pending', booking }
  }
}

/** Nobody is invited to what has begun, however long the vendor was away: callers and the owner are bound by the future alike. @throws AppError `time_past` */
function refuseBegun({ clock }: Deps, { rules }: Diary, booking: Booking): void {
  if (refusal(rules, slotOf(booking), clock.now(), 'owner') === 'past') throw new AppError('time_past', 'it has begun without its event')
}

/** @throws AppError `slot_taken` */
async function refuseTaken(deps: Deps, diary: Diary, booking: Booking, look: Look): Promise<void> {
  const during = withBuffers(diary.rules, slotOf(booking), booking.bookedBy === 'owner' ? 'owner' : 'caller')
  const busy = await busyTimes(deps, diary, during, { ...look, except: booking.appointmentId })
  if (overlapsAny(during, busy)) throw new AppError('slot_taken', 'by an event in a calendar')
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

async function confirm(deps: Deps, booking: Booking, event: CalendarEvent): Promise<Outcome> {
  const confirmed = await inTenant(deps.db, booking.clerkUserId, async (trx) => {
    const confirmed = await confirmBooking(trx, booking, event)
    if (confirmed) await afterBooking(deps, trx, confirmed)
    return confirmed
  }).catch((error: unknown) => {
    deps.log.error({ err: error, bookingId: booking.id }, 'the event exists, but could not be confirmed here yet')
  })
  return confirmed ? { kind: 'booked', booking: confirmed } : { kind: 'pending', booking }
}

/** What follows in the same transaction: the owner is told what a caller booked, and the calendars are looked at once more. */
async function afterBooking(deps: Deps, trx: TenantDb, booking: Booking): Promise<void> {
  if (booking.bookedBy === 'caller') await tellOfBooking(trx, booking)
  await lookForConflictLater(deps, trx, booking)
}

/** Where the event of a booking is, or is to be. @throws AppError `calendar_not_connected` */
export function connectionOf(diary: Diary, booking: Booking): Connection {
  const connection = calendarOf(diary, booking)
  if (!connection) throw new AppError('calendar_not_connected', 'disconnected before the event was made')
  return connection
}

function slotOf({ startsAt, endsAt }: Booking): Interval {
  return { startsAt, endsAt }
}

function rowOf(request: BookingRequest, clerkUserId: string) {
  const { bookedBy, slot, timeZone, subject, address, notes, customer, guests, vapiCallId, callerNumber } = request
  const id = randomUUID()
  return {
    clerkUserId,
    id,
    appointmentId: id,
    bookedBy,
    vapiCallId,
    callerNumber,
    subject,
    address,
    notes,
    customerName: customer.name,
    customerEmail: customer.email,
    customerPhone: customer.phone,
    guests,
    startsAt: slot.startsAt,
    endsAt: slot.endsAt,
    timeZone,
  }
}

/** What was agreed, whatever became of it. */
function detailsOf(booking: Booking) {
  const { clerkUserId, appointmentId, bookedBy, vapiCallId, callerNumber, subject, address, notes } = booking
  const { customerName, customerEmail, customerPhone, guests, startsAt, endsAt, timeZone } = booking
  const what = { clerkUserId, appointmentId, bookedBy, vapiCallId, callerNumber, subject, address, notes }
  return { ...what, customerName, customerEmail, customerPhone, guests, startsAt, endsAt, timeZone }
}
