import type { Booking } from '../db/bookings.ts'
import type { TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'

/** Has a booking looked at in `ms`, should it still be held then. To be called in the transaction that leaves it so. */
export function settleLater(
  { jobs }: Pick<Deps, 'jobs'>,
  trx: TenantDb,
  { clerkUserId, id }: Pick<Booking, 'clerkUserId' | 'id'>,
  ms: number,
) {
  return jobs.send(trx, 'settle-booking', { clerkUserId, bookingId: id }, { startAfterSeconds: ms / 1000, singletonKey: id })
}
