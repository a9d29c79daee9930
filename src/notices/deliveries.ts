import { inTenant } from '../db/client.ts'
import { type Channel, type Delivery, type DeliveryState, findDelivery, listDeliveries, replayDeliveries } from '../db/notice-deliveries.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { deliverSoon } from './later.ts'

const MOST_AT_ONCE = 500

/** Newest first. @param after the id of the last delivery of the page before */
export async function deliveriesOf(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  page: { limit: number; after: string | undefined; state: DeliveryState | undefined; channel: Channel | undefined },
): Promise<{ deliveries: Delivery[]; next: string | null }> {
  const { limit, ...which } = page
  const found = await inTenant(db, clerkUserId, (trx) => listDeliveries(trx, clerkUserId, { ...which, atMost: limit + 1 }))
  const deliveries = found.slice(0, limit)
  return { deliveries, next: found.length > limit ? (deliveries.at(-1)?.id ?? null) : null }
}

/** Has one sent again; one that still waits goes its own way. @throws AppError `not_found` */
export function replayDelivery(deps: Pick<Deps, 'db' | 'jobs'>, clerkUserId: string, id: string): Promise<Delivery> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    for (const one of await replayDeliveries(trx, clerkUserId, { id })) await deliverSoon(deps, trx, { clerkUserId, ...one })
    const delivery = await findDelivery(trx, clerkUserId, id)
    if (!delivery) throw new AppError('not_found', 'no such delivery')
    return delivery
  })
}

/** Has those of a time sent again, oldest first. @returns how many, and whether there are more than go in one request */
export function replaySince(
  deps: Pick<Deps, 'db' | 'jobs'>,
  clerkUserId: string,
  which: { since: Date; states: DeliveryState[]; channel: Channel | undefined },
): Promise<{ replayed: number; hasMore: boolean }> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const replayed = await replayDeliveries(trx, clerkUserId, { ...which, atMost: MOST_AT_ONCE })
    for (const one of replayed) await deliverSoon(deps, trx, { clerkUserId, ...one })
    return { replayed: replayed.length, hasMore: replayed.length === MOST_AT_ONCE }
  })
}
