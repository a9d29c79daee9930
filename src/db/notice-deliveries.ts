import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'
import { inMs } from './in-ms.ts'
import type { NewNotice } from './notices.ts'

export const CHANNELS = ['email', 'webhook'] as const
export type Channel = (typeof CHANNELS)[number]
export const DELIVERY_STATES = ['waiting', 'sent', 'unsure', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** One notice on its way over one channel. */
export interface Delivery {
  id: string
  noticeId: string
  kind: string
  channel: string
  /** owner | customer */
  recipient: string
  state: string
  attempts: number
  nextAttemptAt: Date
  /** What kind of failure the last one was. */
  lastError: string | null
  sentAt: Date | null
  createdAt: Date
}

/** A delivery with all that is sent, in the hands of whoever has it now. */
export interface LeasedDelivery {
  clerkUserId: string
  id: string
  noticeId: string
  bookingId: string | null
  kind: string
  text: string
  data: unknown
  /** When the notice was written. */
  happenedAt: Date
  recipient: string
  sequence: number
  attempts: number
  leaseNumber: number
  handedAt: Date | null
  /** How long it has been tried. */
  dueSeconds: number
}

type Key = Pick<LeasedDelivery, 'clerkUserId' | 'id' | 'leaseNumber'>

/**
 * Adds the deliveries of a notice, in its transaction: one for each channel that its owner has switched on for such a notice.
 * @param mail whether this installation sends e-mails @param customer whether the customer is told too, which her owner's settings do not decide
 */
export async function addDeliveries(
  trx: TenantDb,
  notice: Pick<NewNotice, 'clerkUserId' | 'kind' | 'bookingId' | 'madeBy'> & { id: string },
  { mail, customer }: { mail: boolean; customer: boolean },
): Promise<{ id: string; channel: Channel }[]> {
  const { clerkUserId, id, kind, bookingId = null, madeBy = 'caller' } = notice
  const { rows } = await sql<{ id: string; channel: Channel }>`
    insert into notice_deliveries (clerk_user_id, notice_id, channel, recipient, sequence)
    select u.clerk_user_id, ${id}, way.channel, way.recipient,
      case when way.recipient = 'customer' then (
        select count(*) from notice_deliveries d join notices n on n.clerk_user_id = d.clerk_user_id and n.id = d.notice_id
        where d.clerk_user_id = ${clerkUserId} and n.booking_id = ${bookingId} and d.recipient = 'customer') else 0 end
    from users u left join notice_settings s on s.clerk_user_id = u.clerk_user_id
      cross join lateral (select s.kinds is null or ${kind} = any (s.kinds) as wanted) k
      cross join lateral (values
        ('email', 'owner', ${mail}::boolean and k.wanted and coalesce(s.email_enabled, true)
          and (${madeBy} <> 'owner' or coalesce(s.email_of_own_acts, true)) and coalesce(s.email_address, u.email) is not null),
        ('webhook', 'owner', k.wanted and coalesce(s.webhook_enabled, false)),
        ('email', 'customer', ${mail}::boolean and ${customer}::boolean)
      ) as way (channel, recipient, is_on)
    where u.clerk_user_id = ${clerkUserId} and u.deleted_at is null and way.is_on
    returning id, channel`.execute(trx)
  return rows
}

/**
 * Takes a delivery that is due into one's own hands for so long. The next attempt is put off as if this one had failed already, so that one
 * that kills its process does not do so again at once.
 * @returns `undefined` where there is nothing to do, or somebody is at it
 */
export async function leaseDelivery(
  trx: TenantDb,
  clerkUserId: string,
  id: string,
  { leaseMs, pause }: { leaseMs: number; pause: { firstSeconds: number; mostSeconds: number } },
): Promise<LeasedDelivery | undefined> {
  // Many that failed together are not to come again together.
  const pauseSeconds = sql`least(${pause.mostSeconds}, ${pause.firstSeconds} * 2.0 ^ least(attempts, 20)) * (0.9 + random() * 0.2)`
  const leased = await trx
    .updateTable('noticeDeliveries')
    .set({
      attempts: sql<number>`attempts + 1`,
      leasedUntil: inMs(leaseMs),
      leaseNumber: sql<number>`lease_number + 1`,
      nextAttemptAt: sql<Date>`now() + ${pauseSeconds} * interval '1 second'`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where('nextAttemptAt', '<=', sql<Date>`now()`)
    .where('leasedUntil', '<=', sql<Date>`now()`)
    .returning([
      'noticeId',
      'recipient',
      'sequence',
      'attempts',
      'leaseNumber',
      'handedAt',
      sql<number>`extract(epoch from now() - due_since)::double precision`.as('dueSeconds'),
    ])
    .executeTakeFirst()
  if (!leased) return undefined
  const notice = await trx
    .selectFrom('notices')
    .select(['bookingId', 'kind', 'text', 'data', 'createdAt as happenedAt'])
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', leased.noticeId)
    .executeTakeFirstOrThrow()
  return { clerkUserId, id, ...leased, ...notice }
}

/** From here on the mail server may have it. False: it was given to somebody else, and is not to be sent. */
export async function markHanded(trx: TenantDb, key: Key): Promise<boolean> {
  const { numUpdatedRows } = await mine(trx, key)
    .set({ handedAt: sql<Date>`now()` })
    .where('handedAt', 'is', null)
    .where('leasedUntil', '>', sql<Date>`now()`)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function markSent(trx: TenantDb, key: Key): Promise<void> {
  await mine(trx, key).set({ state: 'sent', sentAt: sql<Date>`now()`, lastError: null }).execute()
}

/** It is not tried any more, unless its owner wants it to be. */
export async function endDelivery(trx: TenantDb, key: Key, state: 'dead' | 'unsure', error: string): Promise<void> {
  await mine(trx, key).set({ state, lastError: error }).execute()
}

/** It is certain that this attempt did not bring it there. @returns in how many seconds the next one is due */
export async function putOff(trx: TenantDb, key: Key, error: string): Promise<number> {
  const left = await mine(trx, key)
    .set({ lastError: error, handedAt: null, leasedUntil: sql<Date>`now()` })
    .returning(sql<number>`greatest(0, extract(epoch from next_attempt_at - now()))::double precision`.as('seconds'))
    .executeTakeFirst()
  return left?.seconds ?? 0
}

/** Whoever has had it before finds nothing to change. */
function mine(trx: TenantDb, { clerkUserId, id, leaseNumber }: Key) {
  return trx
    .updateTable('noticeDeliveries')
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('leaseNumber', '=', leaseNumber)
    .where('state', '=', 'waiting')
}

/** Deliveries of all tenants that are due for so long and of which no job tells. */
export async function listUndelivered(
  db: Db,
  { overdueMs, atMost }: { overdueMs: number; atMost: number },
): Promise<{ clerkUserId: string; id: string; channel: Channel }[]> {
  const { rows } = await sql<{ clerkUserId: string; id: string; channel: Channel }>`
    select * from notice_deliveries_undelivered(${overdueMs}, ${atMost})`.execute(db)
  return rows
}

function deliveries(trx: TenantDb, clerkUserId: string) {
  return trx
    .selectFrom('noticeDeliveries as d')
    .innerJoin('notices as n', (join) => join.onRef('n.clerkUserId', '=', 'd.clerkUserId').onRef('n.id', '=', 'd.noticeId'))
    .select([
      'd.id',
      'd.noticeId',
      'n.kind',
      'd.channel',
      'd.recipient',
      'd.state',
      'd.attempts',
      'd.nextAttemptAt',
      'd.lastError',
      'd.sentAt',
      'd.createdAt',
    ])
    .where('d.clerkUserId', '=', clerkUserId)
}

/** Newest first. @param after the id of the last one that was seen; an unknown one has nothing after it */
export function listDeliveries(
  trx: TenantDb,
  clerkUserId: string,
  which: { atMost: number; after: string | undefined; state: DeliveryState | undefined; channel: Channel | undefined },
): Promise<Delivery[]> {
  const { atMost, after, state, channel } = which
  const last = sql`(select l.created_at, l.id from notice_deliveries l where l.clerk_user_id = ${clerkUserId} and l.id = ${after ?? null})`
  return deliveries(trx, clerkUserId)
    .$if(after !== undefined, (query) => query.where(sql<boolean>`(d.created_at, d.id) < ${last}`))
    .$if(state !== undefined, (query) => query.where('d.state', '=', state ?? ''))
    .$if(channel !== undefined, (query) => query.where('d.channel', '=', channel ?? ''))
    .orderBy('d.createdAt', 'desc')
    .orderBy('d.id', 'desc')
    .limit(atMost)
    .execute()
}

export function findDelivery(trx: TenantDb, clerkUserId: string, id: string): Promise<Delivery | undefined> {
  return deliveries(trx, clerkUserId).where('d.id', '=', id).executeTakeFirst()
}

/**
 * Has them sent again, as if they were new; what still waits goes its own way.
 * @param which one by its id, or those of a time, oldest first
 */
export async function replayDeliveries(
  trx: TenantDb,
  clerkUserId: string,
  which: { id: string } | { since: Date; states: DeliveryState[]; channel: Channel | undefined; atMost: number },
): Promise<{ id: string; channel: Channel }[]> {
  const meant =
    'id' in which
      ? sql`d.id = ${which.id}`
      : sql`d.created_at >= ${which.since} and d.state = any (${which.states}) and (${which.channel ?? null}::text is null or d.channel = ${which.channel ?? null})`
  const atMost = 'id' in which ? 1 : which.atMost
  const { rows } = await sql<{ id: string; channel: Channel }>`
    update notice_deliveries set state = 'waiting', attempts = 0, due_since = now(), next_attempt_at = now(), handed_at = null, last_error = null
    where clerk_user_id = ${clerkUserId} and id in (
      select d.id from notice_deliveries d
      where d.clerk_user_id = ${clerkUserId} and d.state <> 'waiting' and ${meant}
      order by d.created_at, d.id limit ${atMost} for update)
    returning id, channel`.execute(trx)
  return rows
}
