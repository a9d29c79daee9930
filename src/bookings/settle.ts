import { type Diary, openDiary } from '../calendar/access.ts'
import { type Booking, claimUnsettled, failBooking, findBooking } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { finishAgain } from './book.ts'

const AT_ONCE = 10

/**
 * Finishes bookings that a crash or a silent vendor left half-way. Where the vendor was asked, its calendar tells, or it is asked again; when
 * that does not help for too long, the time is given free. Where it was not, nobody was promised anything and the time is free at once.
 * Any number of processes may run it at once.
 * @param stop ends it early; what it had taken up is open then, and taken up again when its lease is over
 * @returns how many it took up
 */
export async function settle(deps: Deps, stop?: AbortSignal): Promise<number> {
  const { settleLeaseMs, providerCreateMs } = deps.config.timeouts
  const claimed = await claimUnsettled(deps.db, settleLeaseMs, AT_ONCE)
  // Well inside the lease, so that nobody else takes the same one up meanwhile.
  const inTime = AbortSignal.timeout(Math.min(settleLeaseMs / 2, providerCreateMs * 3))
  const signal = stop ? AbortSignal.any([stop, inTime]) : inTime
  await Promise.all(
    claimed.map((one) =>
      settleOne(deps, one, signal).catch((error: unknown) => {
        deps.log.warn({ err: error, bookingId: one.id }, 'a booking could not be settled now')
      }),
    ),
  )
  return claimed.length
}

async function settleOne(deps: Deps, { clerkUserId, id }: { clerkUserId: string; id: string }, signal: AbortSignal): Promise<void> {
  const { booking, diary } = await inTenant(deps.db, clerkUserId, async (trx) => ({
    booking: await findBooking(trx, clerkUserId, id),
    diary: await openDiary(deps, trx, clerkUserId),
  }))
  if (!booking) return
  const failure = booking.askedAt === null ? 'unavailable' : await failureAfterAsking(deps, diary, booking, signal)
  if (failure !== undefined) await inTenant(deps.db, clerkUserId, (trx) => failBooking(trx, booking, failure))
  deps.log.info({ bookingId: id, failure }, 'a booking was taken up again')
}

/** @returns why the time is to be given free, or `undefined` when the event exists or may still turn out to */
async function failureAfterAsking(deps: Deps, diary: Diary, booking: Booking, signal: AbortSignal): Promise<ErrorCode | undefined> {
  try {
    const { kind } = await finishAgain(deps, diary, booking, signal)
    const isHeldTooLong = booking.ageSeconds > deps.config.timeouts.holdMinutes * 60
    return kind === 'pending' && isHeldTooLong ? 'provider_unavailable' : undefined
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}
