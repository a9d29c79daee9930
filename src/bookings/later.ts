import type { Booking } from '../db/bookings.ts'
import type { Change } from '../db/changes.ts'
import type { TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'

// Whoever asks the vendor in this moment has given up by then, and what the vendor made of it can be seen.
const TELL_AFTER_SECONDS = 30

// Vendors show what others have put into a calendar within seconds.
const LOOK_AGAIN_SECONDS = 3

/** Has a booking looked at in `ms`, should it still be held then. Belongs in the transaction that leaves it so. */
export function settleBookingLater(
  { jobs }: Pick<Deps, 'jobs'>,
  trx: TenantDb,
  { clerkUserId, id }: Pick<Booking, 'clerkUserId' | 'id'>,
  ms: number,
): Promise<void> {
  return jobs.send(trx, 'settle-booking', { clerkUserId, bookingId: id }, { startAfterSeconds: ms / 1000, singletonKey: id })
}

/**
 * Has the calendars looked at once more, for what somebody else may have put at the booking's time meanwhile. Belongs in the transaction
 * that gives it that time.
 */
export function lookForConflictLater(
  { jobs }: Pick<Deps, 'jobs'>,
  trx: TenantDb,
  { clerkUserId, id }: Pick<Booking, 'clerkUserId' | 'id'>,
  startAfterSeconds = LOOK_AGAIN_SECONDS,
): Promise<void> {
  return jobs.send(trx, 'look-for-conflict', { clerkUserId, bookingId: id }, { startAfterSeconds, singletonKey: id })
}

/** Whatever becomes of this request, its change is taken up when the lease is over. Belongs in the transaction that opens it. */
export function settleChangeLater(
  { config, jobs }: Deps,
  trx: TenantDb,
  { clerkUserId, id }: Pick<Change, 'clerkUserId' | 'id'>,
  ms = config.timeouts.settleLeaseMs,
): Promise<void> {
  const startAfterSeconds = Math.ceil(ms / 1000)
  return jobs.send(trx, 'settle-change', { clerkUserId, changeId: id }, { startAfterSeconds, singletonKey: id })
}

/** The vendor is told what a booking has come to be. Belongs in the transaction that marks it as untold. */
export function tellVendorLater(
  { jobs }: Deps,
  trx: TenantDb,
  { clerkUserId, id }: Pick<Booking, 'clerkUserId' | 'id'>,
  startAfterSeconds = TELL_AFTER_SECONDS,
): Promise<void> {
  return jobs.send(trx, 'tell-vendor', { clerkUserId, bookingId: id }, { startAfterSeconds, singletonKey: id })
}
