import { inTenant } from '../db/client.ts'
import {
  type Channel,
  endDelivery,
  type LeasedDelivery,
  leaseDelivery,
  listUndelivered,
  markSent,
  putOff,
} from '../db/notice-deliveries.ts'
import type { Deps } from '../deps.ts'
import { deliverSoon } from './later.ts'
import type { Outcome } from './outcome.ts'

// Longer than a job may take.
const LEASE_MS = 75_000
// A mail server that is away for an hour is asked at most a quarter of an hour after its return, and one that is away for days is given up.
const MAIL = { pause: { firstSeconds: 10, mostSeconds: 15 * 60 }, giveUpSeconds: 3 * 24 * 60 * 60 }
const WEBHOOK = { pause: { firstSeconds: 5, mostSeconds: 4 * 60 * 60 }, giveUpSeconds: 2 * 24 * 60 * 60 }
const PATIENCE = { email: MAIL, webhook: WEBHOOK }

const MANY = 10

const OVERDUE_MS = 10_000
const AT_MOST = 100

/** What sends a delivery over its channel, whose failures are outcomes. */
export type Send = (delivery: LeasedDelivery) => Promise<Outcome>

/** One attempt of a delivery that is due, by one process at a time, and what follows from it. */
export async function deliver(deps: Deps, { clerkUserId, id, channel }: { clerkUserId: string; id: string; channel: Channel }, send: Send) {
  const { pause, giveUpSeconds } = PATIENCE[channel]
  const delivery = await inTenant(deps.db, clerkUserId, (trx) => leaseDelivery(trx, clerkUserId, id, { leaseMs: LEASE_MS, pause }))
  if (!delivery) return
  const isLast = delivery.dueSeconds > giveUpSeconds
  // One whose sending never came to an end, as its process died of it each time, is not tried for ever either.
  const sent: Outcome = isLast && delivery.attempts > MANY ? { kind: 'dead', error: 'never_ended' } : await send(delivery)
  const outcome: Outcome = isLast && sent.kind === 'put_off' ? { ...sent, kind: 'dead' } : sent
  await inTenant(deps.db, clerkUserId, async (trx) => {
    switch (outcome.kind) {
      case 'sent':
        return markSent(trx, delivery)
      case 'put_off':
        return deliverSoon(deps, trx, { clerkUserId, id, channel }, Math.ceil(await putOff(trx, delivery, outcome.error)))
      default:
        return endDelivery(trx, delivery, outcome.kind, outcome.error)
    }
  })
  deps.metrics.noticeDelivery({ channel, outcome: outcome.kind })
  if (outcome.kind !== 'sent') deps.log.warn({ deliveryId: id, channel, ...outcome, attempts: delivery.attempts }, 'a notice was not sent')
}

/** A job: has deliveries sent of which no job tells, because it was lost or set aside, or whoever sent them died. */
export async function findUndelivered(deps: Deps): Promise<void> {
  for (const one of await listUndelivered(deps.db, { overdueMs: OVERDUE_MS, atMost: AT_MOST }))
    await inTenant(deps.db, one.clerkUserId, (trx) => deliverSoon(deps, trx, one))
}
