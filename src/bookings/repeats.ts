import { setTimeout as delay } from 'node:timers/promises'
import { refusalOf } from '../calendar/refusals.ts'
import { findStanding } from '../db/appointments.ts'
import { type Booking, findBooking, findByCallKey, findByOperation } from '../db/bookings.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError, errorCodes } from '../errors.ts'
import { sha256Hex } from '../secrets.ts'
import type { BookingRequest, Outcome } from './request.ts'

const LOOK_AGAIN_MS = 100
// Long enough for a second click and a repeated request, short enough that nobody means another appointment by it.
const SAME_POST_SECONDS = 60

/** By what a request is known when it comes again. */
export interface Keys {
  operationKey: string | null
  /** Digest of what is asked for, kept with the booking: that may be moved, or get an address, and its repeat is one all the same. */
  wish: string | null
  callKey: string | null
}

export function keysOf(request: BookingRequest): Keys {
  const { operation } = request
  const wish = operation === null ? null : digest('wish', contentOf(request))
  return { operationKey: operationKeyOf(operation), wish, callKey: wishKey(request) }
}

/** By what a function call, or a post with a key, is known when it is delivered again. */
export function operationKeyOf(operation: string | null): string | null {
  return operation === null ? null : digest(operation)
}

/** By what an appointment is known that is asked for again in the same call. */
export function callKeyOf(vapiCallId: string, startsAt: Date): string {
  return digest(vapiCallId, startsAt.toISOString())
}

/** Requests under different ids, or none, that mean the same. */
function wishKey(request: BookingRequest): string | null {
  const { bookedBy, operation, vapiCallId, slot } = request
  if (bookedBy === 'owner') return operation === null ? digest('owner', contentOf(request)) : null
  // Outside a call nobody knows who repeats whom.
  return vapiCallId === null ? null : callKeyOf(vapiCallId, slot.startsAt)
}

/**
 * What became of the same request when it came before. One that is under way is waited for, and its repeat hears what has come of the
 * appointment by now.
 * @returns `undefined` when it comes for the first time
 * @throws AppError `repeat_differs`; `not_changeable` where it is cancelled; where it failed the code of that, or `provider_refused` once that is over
 */
export async function outcomeOfEarlier(
  deps: Deps,
  clerkUserId: string,
  request: BookingRequest,
  keys: Keys,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const earlier = await inTenant(deps.db, clerkUserId, (trx) => findEarlier(trx, clerkUserId, request, keys))
  if (!earlier) return undefined
  // By the row and not by where it was found: it may have come in between the two look-ups.
  const isSame = keys.operationKey !== null && earlier.operationKey === keys.operationKey
  const isSameWish = earlier.wish === null ? contentOf(earlier) === contentOf(request) : earlier.wish === keys.wish
  if (isSame && !isSameWish) throw new AppError('repeat_differs', 'same operation, other details')
  const failure = earlier.status === 'held' ? codeOf : () => 'provider_refused' as const
  const known = await onceKnown(deps, earlier, signal)
  // Cancelled and taken back, the appointment stands by another booking.
  const booking = known.status === 'cancelled' ? ((await standingOf(deps, known)) ?? known) : known
  if (['confirmed', 'completed', 'no_show'].includes(booking.status)) return { kind: isSame ? 'booked' : 'already', booking }
  // Whoever made it died before the vendor was asked: it will be given free, so nobody is told that it is kept.
  if (booking.status === 'held' && booking.askedAt === null) throw new AppError('provider_unavailable', 'held, but never asked for')
  if (booking.status === 'held') return { kind: 'pending', booking }
  if (booking.status === 'cancelled') throw new AppError('not_changeable', 'it was cancelled since')
  const why = refusalOf(booking.failure)
  if (why) return { kind: 'refused', why }
  throw new AppError(failure(booking), `an earlier delivery ended as ${booking.status} ${booking.failure ?? ''}`)
}

function standingOf({ db }: Deps, { clerkUserId, appointmentId }: Booking): Promise<Booking | undefined> {
  return inTenant(db, clerkUserId, (trx) => findStanding(trx, clerkUserId, appointmentId))
}

/** The booking once its outcome is known, or as it stands when nobody works on it any more or there is no time to wait. */
export async function onceKnown(deps: Deps, first: Booking, signal: AbortSignal): Promise<Booking> {
  let booking = first
  for (;;) {
    const isUnderWay = booking.ageSeconds * 1000 < deps.config.timeouts.toolCallMs
    if (booking.status !== 'held' || signal.aborted || !isUnderWay) return booking
    await delay(LOOK_AGAIN_MS)
    booking = (await inTenant(deps.db, first.clerkUserId, (trx) => findBooking(trx, first.clerkUserId, first.id))) ?? booking
  }
}

async function findEarlier(trx: TenantDb, clerkUserId: string, { bookedBy }: BookingRequest, { operationKey, callKey }: Keys) {
  const same = await findByOperation(trx, clerkUserId, operationKey)
  if (same) return same
  const alike = await findByCallKey(trx, clerkUserId, callKey)
  // While nobody knows what became of the first one, the same post can only be its repeat.
  const counts = alike && (bookedBy === 'caller' || alike.ageSeconds < SAME_POST_SECONDS || alike.status === 'held')
  return counts ? alike : undefined
}

function codeOf({ failure }: Booking) {
  return errorCodes.find((code) => code === failure) ?? 'provider_refused'
}

/** Every detail that somebody would see, of a request or of what was made of it. */
function contentOf(one: BookingRequest | Booking): string {
  const { startsAt, endsAt } = 'slot' in one ? one.slot : one
  const customer =
    'customer' in one
      ? [one.customer.name, one.customer.email, one.customer.phone]
      : [one.customerName, one.customerEmail, one.customerPhone]
  const guests = one.guests.map(({ name, email }) => [name, email])
  return JSON.stringify([startsAt, endsAt, one.subject, one.address, one.notes, ...customer, guests])
}

function digest(...parts: string[]): string {
  return sha256Hex(JSON.stringify(parts))
}
