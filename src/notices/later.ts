import type { TenantDb } from '../db/client.ts'
import type { Channel } from '../db/notice-deliveries.ts'
import type { Deps } from '../deps.ts'

const JOB = { email: 'mail-notice', webhook: 'post-notice' } as const

/** Has a delivery sent. Belongs in the transaction that makes it wait. */
export function deliverSoon(
  { jobs }: Pick<Deps, 'jobs'>,
  trx: TenantDb,
  { clerkUserId, id, channel }: { clerkUserId: string; id: string; channel: Channel },
  startAfterSeconds = 0,
): Promise<void> {
  return jobs.send(trx, JOB[channel], { clerkUserId, deliveryId: id }, { startAfterSeconds, singletonKey: id })
}
