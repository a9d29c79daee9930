import type { Change } from '../db/changes.ts'
import type { TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'

// Whoever asks the vendor in this moment has given up by then, and what the vendor made of it can be seen.
const TELL_AFTER_SECONDS = 30

/** Whatever becomes of this request, its change is taken up when the lease is over. Belongs in the transaction that opens it. */
export function settleChangeLater(
  { config, jobs }: Deps,
  trx: TenantDb,
  { clerkUserId, id }: Pick<Change, 'clerkUserId' | 'id'>,
): Promise<void> {
  const startAfterSeconds = Math.ceil(config.timeouts.settleLeaseMs / 1000)
  return jobs.send(trx, 'settle-change', { clerkUserId, changeId: id }, { startAfterSeconds, singletonKey: id })
}

/** The vendor is told what a booking has come to be. Belongs in the transaction that marks it as untold. */
export function tellLater(
  { jobs }: Deps,
  trx: TenantDb,
  clerkUserId: string,
  bookingId: string,
  startAfterSeconds = TELL_AFTER_SECONDS,
): Promise<void> {
  return jobs.send(trx, 'tell-vendor', { clerkUserId, bookingId }, { startAfterSeconds, singletonKey: bookingId })
}
