import { randomUUID } from 'node:crypto'
import { type Diary, refOf, requireDestination } from '../calendar/access.ts'
import { isGivenBack } from '../calendar/busy.ts'
import { refusal, withBuffers } from '../calendar/slots.ts'
import { findStanding, listCancelledInCall } from '../db/appointments.ts'
import { type Booking, countBookings, holdBooking } from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { isDayFull } from './day-cap.ts'
import { finish, slotOf } from './finish.ts'
import { settleBookingLater } from './later.ts'
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
  if (cancelled) return restore(deps, diary, cancelled, { ...keys, vapiCallId: request.vapiCallId }, signal)

  const destination = requireDestination(diary)
  const outside = refusal(diary.rules, request.slot, deps.clock.now(), request.bookedBy)
  if (outside) return { kind: 'refused', why: outside }

  const during = withBuffers(diary.rules, request.slot, request.bookedBy)
  const hold = () =>
    inTenant(deps.db, clerkUserId, async (trx) => {
      if (request.bookedBy === 'caller') {
        if (await areTooMany(deps, trx, clerkUserId, request)) return 'too_many'
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
  for (let again = false; ; again = true) {
    const held = await hold()
    if (held instanceof Object) return finish(deps, diary, held, { signal })
    // A twin of this request was faster, or others fill the day, or another appointment stands there.
    const twin = await outcomeOfEarlier(deps, clerkUserId, request, keys, signal)
    if (twin) return twin
    if (held === 'too_many') throw new AppError('too_many_bookings', 'in the call, or of the number')
    if (held === 'cap') return { kind: 'refused', why: held }
    if (again || !(await isGivenBack(deps, diary, during, { signal }))) {
      // While we looked into the calendar a twin may have been faster.
      return (await outcomeOfEarlier(deps, clerkUserId, request, keys, signal)) ?? { kind: 'refused', why: 'taken' }
    }
  }
}

/** One caller must not fill the diary, nor have its owner's account invite half the town. */
async function areTooMany({ config, clock }: Deps, trx: TenantDb, clerkUserId: string, { vapiCallId, callerNumber }: BookingRequest) {
  const { bookingsPerCall, bookingsPerNumber } = config.limits
  const { ofCall, ofNumber } = await countBookings(trx, clerkUserId, { call: vapiCallId, number: callerNumber }, clock.now())
  return ofCall >= bookingsPerCall || ofNumber >= bookingsPerNumber
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
  { operationKey, wish, vapiCallId }: { operationKey: string | null; wish: string | null; vapiCallId: string | null },
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
      wish,
      callKey: vapiCallId === null ? null : callKeyOf(vapiCallId, cancelled.startsAt),
      connectionId: destination.id,
      calendarId: destination.calendarId,
      leaseMs,
    })
    if (held) await settleBookingLater(deps, trx, held, leaseMs)
    return held
  })
  // Where the cancelled event has not gone yet, it is on its way and takes nothing from its own appointment.
  if (held) return finish(deps, diary, held, { signal, exceptEvent: refOf(cancelled) })
  const twin = await inTenant(deps.db, clerkUserId, (trx) => findStanding(trx, clerkUserId, appointmentId))
  if (!twin) return { kind: 'refused', why: 'taken' }
  const booking = await onceKnown(deps, twin, signal)
  if (booking.status === 'held') return { kind: 'pending', booking }
  // The one that was faster came to nothing, and so does this.
  if (booking.status !== 'confirmed') return { kind: 'refused', why: 'taken' }
  return { kind: operationKey !== null && booking.operationKey === operationKey ? 'booked' : 'already', booking }
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
