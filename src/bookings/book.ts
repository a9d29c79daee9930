import { createHash, randomUUID } from 'node:crypto'
import { type Diary, destinationOf } from '../calendar/access.ts'
import { busyTimes } from '../calendar/busy.ts'
import { type Refusal, refusal } from '../calendar/slots.ts'
import { type Booking, confirmBooking, failBooking, findByOperation, findByWish, holdBooking } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'

/** What somebody wants booked. */
export interface BookingRequest {
  slot: Interval
  timeZone: string
  subject: string
  address: string | null
  notes: string | null
  customer: { name: string | null; email: string | null; phone: string | null }
  /** The same key again is the same request, however often it is delivered. `null`: it has no identity of its own. */
  operation: string | null
  /** In which conversation: the same wish there is never booked twice. */
  conversation: string
  vapiCallId: string | null
}

/** How it ended. What is not here is thrown: AppError of the calendar, or `repeat_differs`. */
export type Outcome =
  /** The vendor has the event. */
  | { kind: 'booked'; booking: Booking }
  /** This wish was booked before, in this conversation. */
  | { kind: 'already'; booking: Booking }
  /** The time is kept; whether the vendor has the event is not known yet and is being found out. */
  | { kind: 'pending'; booking: Booking }
  | { kind: 'refused'; why: Refusal }

/**
 * Books: takes the time in our own database first, looks at the live calendars, then asks the vendor, whose event id follows from ours.
 * Whatever is repeated or crashes in between, there is at most one event, and `settle` finishes what is left half-way.
 */
export async function book(deps: Deps, diary: Diary, request: BookingRequest, signal: AbortSignal): Promise<Outcome> {
  const { clerkUserId } = diary
  const wish = digest(request.conversation, request.slot.startsAt.toISOString(), request.customer.name?.toLowerCase() ?? '')
  const operationKey = request.operation === null ? null : digest(request.operation)
  const before = await inTenant(deps.db, clerkUserId, async (trx) => ({
    same: await findByOperation(trx, clerkUserId, operationKey),
    alike: await findByWish(trx, clerkUserId, wish),
  }))
  if (before.same) return outcomeOfRepeat(deps, diary, before.same, wish, signal)
  if (before.alike) return outcomeOfWish(before.alike)

  const destination = destinationOf(diary)
  const outside = refusal(diary.rules, request.slot, [], deps.clock.now())
  if (outside) return { kind: 'refused', why: outside }

  const id = randomUUID()
  const booking = await inTenant(deps.db, clerkUserId, (trx) =>
    holdBooking(trx, {
      clerkUserId,
      id,
      appointmentId: id,
      connectionId: destination.id,
      operationKey,
      wish,
      vapiCallId: request.vapiCallId,
      subject: request.subject,
      address: request.address,
      notes: request.notes,
      customerName: request.customer.name,
      customerEmail: request.customer.email,
      customerPhone: request.customer.phone,
      startsAt: request.slot.startsAt,
      endsAt: request.slot.endsAt,
      timeZone: request.timeZone,
      leaseMs: deps.config.timeouts.settleLeaseMs,
    }),
  )
  // A twin of this request was faster, or another appointment. Either is there to be read now.
  if (!booking) return outcomeOfLoser(deps, diary, { operationKey, wish }, signal)

  try {
    const busy = await busyTimes(deps, diary, request.slot, { signal, except: booking.appointmentId })
    if (refusal(diary.rules, request.slot, busy, deps.clock.now()) === 'taken') {
      await release(deps, booking, 'slot_taken')
      return { kind: 'refused', why: 'taken' }
    }
  } catch (error) {
    await release(deps, booking, error instanceof AppError ? error.code : 'internal') // nobody was asked to create anything
    throw error
  }
  return createAtVendor(deps, diary, booking, signal)
}

/** Asks the vendor for the event of a held booking, as often as it takes: the event's id follows from the booking's. */
export async function createAtVendor(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  const destination = diary.connections.find((one) => one.id === booking.connectionId)
  if (!destination) {
    await release(deps, booking, 'calendar_not_connected')
    throw new AppError('calendar_not_connected', 'disconnected before the event was made')
  }
  try {
    const event = await useCalendar(deps, destination, signal, (calendar) => calendar.create(eventOf(booking)))
    await inTenant(deps.db, booking.clerkUserId, (trx) => confirmBooking(trx, booking, event))
    return { kind: 'booked', booking }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'provider_unavailable') return { kind: 'pending', booking }
    await release(deps, booking, error.code)
    if (error.code === 'slot_taken') return { kind: 'refused', why: 'taken' }
    throw error
  }
}

function eventOf(booking: Booking) {
  const { customerName, customerEmail, customerPhone } = booking
  const lines = [
    customerName && `Name: ${customerName}`,
    customerPhone && `Phone: ${customerPhone}`,
    customerEmail && `E-mail: ${customerEmail}`,
    booking.notes,
    'Booked by phone.',
  ]
  return {
    bookingId: booking.id,
    subject: booking.subject,
    description: lines.filter((line) => line).join('\n'),
    location: booking.address ?? '',
    startsAt: booking.startsAt,
    endsAt: booking.endsAt,
    timeZone: booking.timeZone,
    attendee: customerEmail === null ? null : { name: customerName ?? customerEmail, email: customerEmail },
  }
}

/** The same function call again: the same truth, and no second effect. */
async function outcomeOfRepeat(deps: Deps, diary: Diary, booking: Booking, wish: string, signal: AbortSignal): Promise<Outcome> {
  if (booking.wish !== wish) throw new AppError('repeat_differs', 'same operation, other wish')
  if (booking.status === 'confirmed') return { kind: 'booked', booking }
  if (booking.status === 'held') return createAtVendor(deps, diary, booking, signal)
  if (booking.failure === 'slot_taken') return { kind: 'refused', why: 'taken' }
  throw new AppError('provider_refused', `an earlier delivery ended as ${booking.status} ${booking.failure ?? ''}`)
}

function outcomeOfWish(booking: Booking): Outcome {
  return booking.status === 'held' ? { kind: 'pending', booking } : { kind: 'already', booking }
}

async function outcomeOfLoser(
  deps: Deps,
  diary: Diary,
  { operationKey, wish }: { operationKey: string | null; wish: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const { clerkUserId } = diary
  const { same, alike } = await inTenant(deps.db, clerkUserId, async (trx) => ({
    same: await findByOperation(trx, clerkUserId, operationKey),
    alike: await findByWish(trx, clerkUserId, wish),
  }))
  if (same) return outcomeOfRepeat(deps, diary, same, wish, signal)
  return alike ? outcomeOfWish(alike) : { kind: 'refused', why: 'taken' }
}

function release(deps: Deps, booking: Booking, failure: string): Promise<void> {
  return inTenant(deps.db, booking.clerkUserId, (trx) => failBooking(trx, booking, failure))
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
