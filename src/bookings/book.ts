import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Diary, requireDestination } from '../calendar/access.ts'
import { busyTimes } from '../calendar/busy.ts'
import { overlapsAny, type Refusal, refusal } from '../calendar/slots.ts'
import {
  type Booking,
  confirmBooking,
  countBookings,
  failBooking,
  findByCallKey,
  findByOperation,
  holdBooking,
  markAsked,
} from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { CalendarEvent, Interval } from '../providers/provider.ts'
import { sha256Hex } from '../secrets.ts'

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
  /** From which the call came, in E.164, as far as that can be believed. */
  callerNumber: string | null
  /** In which call: the same time there is never booked twice. */
  vapiCallId: string | null
}

/** How it ended. What is not here is thrown: AppError of the calendar, `repeat_differs`, `too_many_bookings`, or `provider_refused` for a repeat of what failed. */
export type Outcome =
  /** The vendor has the event. */
  | { kind: 'booked'; booking: Booking }
  /** This time was booked before, in this call. */
  | { kind: 'already'; booking: Booking }
  /** The time is kept; whether the vendor has the event is not known yet and is being found out. */
  | { kind: 'pending'; booking: Booking }
  | { kind: 'refused'; why: Refusal | 'taken' }

/**
 * Books: takes the time in our own database first, then looks at the live calendars, then asks the vendor. `settle` brings to an end what
 * stops half-way.
 * A repeat waits for the first to finish and hears what became of it.
 */
export async function book(deps: Deps, diary: Diary, request: BookingRequest, signal: AbortSignal): Promise<Outcome> {
  const keys = {
    operationKey: request.operation === null ? null : digest(request.operation),
    // Outside a call nobody knows who repeats whom.
    callKey: request.vapiCallId === null ? null : digest(request.vapiCallId, request.slot.startsAt.toISOString()),
  }
  const earlier = await outcomeOfEarlier(deps, diary, { request, ...keys }, signal)
  if (earlier) return earlier

  const destination = requireDestination(diary)
  const outside = refusal(diary.rules, request.slot, deps.clock.now())
  if (outside) return { kind: 'refused', why: outside }

  const booking = await inTenant(deps.db, diary.clerkUserId, async (trx) => {
    await refuseTooMany(deps, trx, diary.clerkUserId, request)
    return holdBooking(trx, {
      ...rowOf(request, diary.clerkUserId),
      ...keys,
      connectionId: destination.id,
      leaseMs: deps.config.timeouts.settleLeaseMs,
    })
  })
  if (booking) return finish(deps, diary, booking, signal)
  // A twin of this request was faster, or another appointment stands there.
  return (await outcomeOfEarlier(deps, diary, { request, ...keys }, signal)) ?? { kind: 'refused', why: 'taken' }
}

/** One caller must not fill the diary, nor have its owner's account invite half the town. @throws AppError `too_many_bookings` */
async function refuseTooMany({ config, clock }: Deps, trx: TenantDb, clerkUserId: string, { vapiCallId, callerNumber }: BookingRequest) {
  const { bookingsPerCall, bookingsPerNumber } = config.limits
  const { ofCall, ofNumber } = await countBookings(trx, clerkUserId, { call: vapiCallId, number: callerNumber }, clock.now())
  if (ofCall >= bookingsPerCall || ofNumber >= bookingsPerNumber)
    throw new AppError('too_many_bookings', `${ofCall} in the call, ${ofNumber} of the number`)
}

/** The held booking's way to the vendor; only the request that made it goes it. */
async function finish(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  try {
    await refuseTaken(deps, diary, booking, signal)
    const isStillHeld = await inTenant(deps.db, booking.clerkUserId, (trx) => markAsked(trx, booking))
    if (!isStillHeld) throw new AppError('provider_unavailable', 'this request stood still for too long, and the time was given free')
    return await askVendor(deps, diary, booking, signal)
  } catch (error) {
    await inTenant(deps.db, booking.clerkUserId, (trx) => failBooking(trx, booking, error instanceof AppError ? error.code : 'internal'))
    if (error instanceof AppError && error.code === 'slot_taken') return { kind: 'refused', why: 'taken' }
    throw error
  }
}

/**
 * Takes up a booking of which the vendor may have the event already. If it has, that settles it; if not, the time must still be free.
 * @throws AppError `slot_taken`, `calendar_not_connected`; every other failure of the vendor leaves it pending
 */
export async function finishAgain(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<Outcome> {
  try {
    const event = await useCalendar(deps, connectionOf(diary, booking), signal, (calendar) => calendar.find(booking.id))
    if (event) return await confirm(deps, booking, event)
    await refuseTaken(deps, diary, booking, signal)
    return await askVendor(deps, diary, booking, signal)
  } catch (error) {
    // A no to a second request says nothing about the first, unless it tells of the event or the time itself.
    const isFinal = error instanceof AppError && ['slot_taken', 'calendar_not_connected'].includes(error.code)
    if (isFinal || !(error instanceof AppError)) throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event exists is still not known')
    return { kind: 'pending', booking }
  }
}

/** @throws AppError `slot_taken` */
async function refuseTaken(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<void> {
  const slot = { startsAt: booking.startsAt, endsAt: booking.endsAt }
  const busy = await busyTimes(deps, diary, slot, { signal, except: booking.appointmentId })
  if (overlapsAny(slot, busy)) throw new AppError('slot_taken', 'by an event in a calendar')
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
  const confirmed = await inTenant(deps.db, booking.clerkUserId, (trx) => confirmBooking(trx, booking, event)).catch((error: unknown) => {
    deps.log.error({ err: error, bookingId: booking.id }, 'the event exists, but could not be confirmed here yet')
    return false
  })
  return { kind: confirmed ? 'booked' : 'pending', booking }
}

function connectionOf(diary: Diary, booking: Booking): Connection {
  const connection = diary.connections.find((one) => one.id === booking.connectionId)
  if (!connection) throw new AppError('calendar_not_connected', 'disconnected before the event was made')
  return connection
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
    // Readers in another zone, and programs that show UTC, still find the time that was agreed on the phone.
    `When: ${writtenTime(booking.startsAt, booking.timeZone)}`,
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
    attendees: customerEmail === null ? [] : [{ name: customerName ?? customerEmail, email: customerEmail }],
  }
}

/** "Tuesday, December 1, 2026 at 10:00 AM (America/Chicago)". */
function writtenTime(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, dateStyle: 'full', timeStyle: 'short' })
  return `${format.format(at).replaceAll(/\s/g, ' ')} (${timeZone})`
}

/** What became of the same function call, or of the same time in the same call, when it came before. One that is under way is waited for. */
async function outcomeOfEarlier(
  deps: Deps,
  { clerkUserId }: Diary,
  { request, operationKey, callKey }: { request: BookingRequest; operationKey: string | null; callKey: string | null },
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  for (;;) {
    const { same, alike } = await inTenant(deps.db, clerkUserId, async (trx) => ({
      same: await findByOperation(trx, clerkUserId, operationKey),
      alike: await findByCallKey(trx, clerkUserId, callKey),
    }))
    if (same && !isFor(same, request)) throw new AppError('repeat_differs', 'same operation, other details')
    const booking = same ?? alike
    if (!booking) return undefined
    if (booking.status === 'confirmed') return { kind: same ? 'booked' : 'already', booking }
    if (booking.status !== 'held') {
      if (booking.failure === 'slot_taken') return { kind: 'refused', why: 'taken' }
      throw new AppError('provider_refused', `an earlier delivery ended as ${booking.status} ${booking.failure ?? ''}`)
    }
    const isUnderWay = booking.ageSeconds * 1000 < deps.config.timeouts.toolCallMs
    if (signal.aborted || !isUnderWay) return { kind: 'pending', booking }
    await delay(LOOK_AGAIN_MS)
  }
}

/** Is this the booking that `request` asks for, in every detail that somebody would see? */
function isFor(booking: Booking, { slot, subject, address, notes, customer }: BookingRequest): boolean {
  const { startsAt, endsAt, customerName, customerEmail, customerPhone } = booking
  const made = [startsAt, endsAt, booking.subject, booking.address, booking.notes, customerName, customerEmail, customerPhone]
  const asked = [slot.startsAt, slot.endsAt, subject, address, notes, customer.name, customer.email, customer.phone]
  return JSON.stringify(made) === JSON.stringify(asked)
}

function digest(...parts: string[]): string {
  return sha256Hex(JSON.stringify(parts))
}
