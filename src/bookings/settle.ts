import { openDiary } from '../calendar/access.ts'
import { claimUnsettled, failBooking, findBooking } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { finish } from './book.ts'

const AT_ONCE = 10

/**
 * Finishes bookings that a crash or a silent vendor left half-way: asks the vendor again under the same event id, and gives the time free
 * when that does not help for too long. Any number of processes may run it at once.
 * @returns how many it took up
 */
export async function settle(deps: Deps): Promise<number> {
  const { settleLeaseMs, providerCreateMs } = deps.config.timeouts
  const claimed = await claimUnsettled(deps.db, settleLeaseMs, AT_ONCE)
  // Well inside the lease, so that nobody else takes the same one up meanwhile.
  const signal = AbortSignal.timeout(Math.min(settleLeaseMs / 2, providerCreateMs * 3))
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
  const outcome = await finish(deps, diary, booking, signal)
  if (outcome.kind === 'pending') {
    const olderThanMinutes = deps.config.timeouts.holdMinutes
    await inTenant(deps.db, clerkUserId, (trx) => failBooking(trx, booking, 'provider_unavailable', { olderThanMinutes }))
  }
  deps.log.info({ bookingId: id, outcome: outcome.kind }, 'a booking was taken up again')
}
