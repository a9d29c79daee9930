import { openDiary } from '../calendar/access.ts'
import { type Booking, failBooking, findBooking, leaseBooking, listUnsettled, listUntold, releaseBooking } from '../db/bookings.ts'
import { listUnsettledChanges } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { tellOfFailedBooking } from '../notices/tell.ts'
import { finishAgain } from './finish.ts'
import { settleBookingLater, settleChangeLater, tellVendorLater } from './later.ts'

// Of each kind in one go; it comes again soon.
const AT_MOST = 100

/**
 * A job: finishes a booking that a crash or a silent vendor left half-way. Where the vendor was asked, its calendar tells, or it is asked
 * again; when that does not help for too long, the time is given free and the owner is told. Where it was not, nobody was promised anything
 * and the time is free at once. While the vendor is silent it comes again and again, so that the outcome is known soon after its return.
 */
export async function settleBooking(deps: Deps, { clerkUserId, bookingId }: JobData['settle-booking'], signal: AbortSignal): Promise<void> {
  const { settleLeaseMs, settleIntervalMs, providerCreateMs } = deps.config.timeouts
  const booking = await inTenant(deps.db, clerkUserId, async (trx) => {
    const leased = await leaseBooking(trx, clerkUserId, bookingId, settleLeaseMs)
    const left = leased ?? (await findBooking(trx, clerkUserId, bookingId))
    // Somebody is at it, and may die: it is looked at again.
    if (!leased && left?.status === 'held') await settleBookingLater(deps, trx, left, settleIntervalMs)
    return leased
  })
  if (!booking) return
  // Well inside the lease, so that nobody else takes the same one up meanwhile.
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(Math.min(settleLeaseMs / 2, providerCreateMs * 3))])
  try {
    const failure = booking.askedAt === null ? 'unavailable' : await failureAfterAsking(deps, booking, inTime)
    await (failure === undefined ? lookAgain(deps, booking) : giveFree(deps, booking, failure))
    deps.log.info({ bookingId, failure }, 'a booking was taken up again')
  } catch (error) {
    if (isHeldTooLong(deps, booking)) await giveFree(deps, booking, 'internal')
    else await inTenant(deps.db, clerkUserId, (trx) => releaseBooking(trx, clerkUserId, bookingId))
    throw error
  }
}

/** A job: has bookings and changes looked at of which no job tells, because it was lost or set aside, or a version without jobs made them. */
export async function findUnsettled(deps: Deps): Promise<void> {
  const { settleLeaseMs, holdMinutes } = deps.config.timeouts
  const which = { overdueMs: Math.min(settleLeaseMs, 20_000), holdMinutes, atMost: AT_MOST }
  for (const one of await listUnsettled(deps.db, which))
    await inTenant(deps.db, one.clerkUserId, (trx) => settleBookingLater(deps, trx, one, 0))
  for (const one of await listUnsettledChanges(deps.db, which))
    await inTenant(deps.db, one.clerkUserId, (trx) => settleChangeLater(deps, trx, one, 0))
  for (const { clerkUserId, id } of await listUntold(deps.db, AT_MOST))
    await inTenant(deps.db, clerkUserId, (trx) => tellVendorLater(deps, trx, { clerkUserId, id }, 0))
}

/** @returns why the time is to be given free, or `undefined` when the event exists or may still turn out to */
async function failureAfterAsking(deps: Deps, booking: Booking, signal: AbortSignal): Promise<ErrorCode | undefined> {
  const { clerkUserId } = booking
  const diary = await inTenant(deps.db, clerkUserId, (trx) => openDiary(deps, trx, clerkUserId))
  try {
    const { kind } = await finishAgain(deps, diary, booking, signal)
    return kind === 'pending' && isHeldTooLong(deps, booking) ? 'provider_unavailable' : undefined
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

function isHeldTooLong({ config }: Deps, booking: Booking): boolean {
  return booking.ageSeconds > config.timeouts.holdMinutes * 60
}

/** Nothing more to do where it was confirmed. */
async function lookAgain(deps: Deps, { clerkUserId, id }: Booking): Promise<void> {
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const left = await findBooking(trx, clerkUserId, id)
    if (left?.status !== 'held') return
    await releaseBooking(trx, clerkUserId, id)
    await settleBookingLater(deps, trx, left, deps.config.timeouts.settleIntervalMs)
  })
}

/** Whoever was asked to wait for the diary learns only from the owner that it came to nothing. */
async function giveFree(deps: Deps, booking: Booking, failure: ErrorCode): Promise<void> {
  await inTenant(deps.db, booking.clerkUserId, async (trx) => {
    const mayExist = booking.askedAt !== null
    const isFree = await failBooking(trx, booking, failure, mayExist)
    if (!isFree || !mayExist) return
    await tellVendorLater(deps, trx, booking)
    await tellOfFailedBooking(deps, trx, booking, failure)
  })
}
