import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Diary, destinationOf } from '../calendar/access.ts'
import { busyTimes } from '../calendar/busy.ts'
import { overlapsAny, type Refusal, refusal } from '../calendar/slots.ts'
import { type Booking, confirmBooking, failBooking, findByOperation, findByWish, holdBooking, markAsked } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'

const LOOK_AGAIN_MS = 100

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
 * Books: takes the time in our own database first, then `finish` looks at the live calendars and asks the vendor.
 * A repeat waits for the first to finish and hears what became of it.
 */
export async function book(deps: Deps, diary: Diary, request: BookingRequest, signal: AbortSignal): Promise<Outcome> {
  const keys = {
    operationKey: request.operation === null ? null : digest(request.operation),
    wish: digest(request.conversation, request.slot.startsAt.toISOString(), request.customer.name?.toLowerCase() ?? ''),
  }
  const earlier = await outcomeOfEarlier(deps, diary, { request, ...keys }, signal)
  if (earlier) return earlier

  const destination = destinationOf(diary)
  const outside = refusal(diary.rules, request.slot, [], deps.clock.now())
  if (outside) return { kind: 'refused', why: outside }

  const booking = await inTenant(deps.db, diary.clerkUserId, (trx) =>
    holdBooking(trx, {
      ...rowOf(request, diary.clerkUserId),
      ...keys,
      connectionId: destination.id,
      leaseMs: deps.config.timeouts.settleLeaseMs,
    }),
  )
  if (booking) return finish(deps, diary, booking, signal)
  // A twin of this request was faster, or another appointment stands there.
  return (await outcomeOfEarlier(deps, diary, { request, ...keys }, signal)) ?? { kind: 'refused', why: 'taken' }
}

/**
 * Brings a held booking to its end. Only whoever holds its lease does so: the request that made it, later the sweeper. The id of the
 * vendor's event follows from the booking's, so asking again makes no second one.
 */
export async function finish(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  try {
    const destination = diary.connections.find((one) => one.id === booking.connectionId)
    if (!destination) throw new AppError('calendar_not_connected', 'disconnected before the event was made')
    if (booking.askedAt === null) {
      // Once the vendor was asked, what stands at that time may be our own event.
      const slot = { startsAt: booking.startsAt, endsAt: booking.endsAt }
      const busy = await busyTimes(deps, diary, slot, { signal, except: booking.appointmentId })
      if (overlapsAny(slot, busy)) throw new AppError('slot_taken', 'by an event in a calendar')
      await inTenant(deps.db, booking.clerkUserId, (trx) => markAsked(trx, booking))
    }
    return await ask(deps, destination, booking, signal)
  } catch (error) {
    await inTenant(deps.db, booking.clerkUserId, (trx) => failBooking(trx, booking, error instanceof AppError ? error.code : 'internal'))
    if (error instanceof AppError && error.code === 'slot_taken') return { kind: 'refused', why: 'taken' }
    throw error
  }
}

/** @throws AppError only where it is certain that there is no event */
async function ask(deps: Deps, destination: Connection, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  const pending: Outcome = { kind: 'pending', booking }
  const event = await useCalendar(deps, destination, signal, (calendar) => calendar.create(eventOf(booking))).catch((error: unknown) => {
    const isAnswer = error instanceof AppError && error.code !== 'provider_unavailable'
    // A no to a second request says nothing about the first, unless it tells of the event itself.
    if (isAnswer && (booking.askedAt === null || error.code === 'slot_taken')) throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event exists is not known yet')
  })
  if (!event) return pending
  return inTenant(deps.db, booking.clerkUserId, (trx) => confirmBooking(trx, booking, event)).then(
    () => ({ kind: 'booked', booking }),
    (error: unknown) => {
      deps.log.error({ err: error, bookingId: booking.id }, 'the event exists, but could not be confirmed here yet')
      return pending
    },
  )
}

function rowOf({ slot, timeZone, subject, address, notes, customer, vapiCallId }: BookingRequest, clerkUserId: string) {
  const id = randomUUID()
  return {
    clerkUserId,
    id,
    appointmentId: id,
    vapiCallId,
    subject,
    address,
    notes,
    customerName: customer.name,
    customerEmail: customer.email,
    customerPhone: customer.phone,
    startsAt: slot.startsAt,
    endsAt: slot.endsAt,
    timeZone,
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

/** What became of the same function call, or of the same wish, when it came before. One that is under way is waited for. */
async function outcomeOfEarlier(
  deps: Deps,
  { clerkUserId }: Diary,
  { request, operationKey, wish }: { request: BookingRequest; operationKey: string | null; wish: string },
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  for (;;) {
    const { same, alike } = await inTenant(deps.db, clerkUserId, async (trx) => ({
      same: await findByOperation(trx, clerkUserId, operationKey),
      alike: await findByWish(trx, clerkUserId, wish),
    }))
    if (same && !isFor(same, request)) throw new AppError('repeat_differs', 'same operation, other details')
    const booking = same ?? alike
    if (!booking) return undefined
    if (booking.status === 'confirmed') return { kind: same ? 'booked' : 'already', booking }
    if (booking.status !== 'held') {
      if (booking.failure === 'slot_taken') return { kind: 'refused', why: 'taken' }
      throw new AppError('provider_refused', `an earlier delivery ended as ${booking.status} ${booking.failure ?? ''}`)
    }
    if (signal.aborted) return { kind: 'pending', booking }
    await delay(LOOK_AGAIN_MS)
  }
}

/** Is this the booking that `request` asks for, in every detail that somebody would see? */
function isFor(booking: Booking, { slot, subject, address, notes, customer }: BookingRequest): boolean {
  const details = (one: unknown[]) => JSON.stringify(one)
  return (
    details([booking.startsAt, booking.endsAt, booking.subject, booking.address, booking.notes]) ===
      details([slot.startsAt, slot.endsAt, subject, address, notes]) &&
    details([booking.customerName, booking.customerEmail, booking.customerPhone]) ===
      details([customer.name, customer.email, customer.phone])
  )
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
