import { sql } from 'kysely'
import type { TenantDb } from './client.ts'

export const NOTICE_KINDS = [
  'booking_created',
  'booking_moved',
  'booking_cancelled',
  'booking_failed',
  'booking_conflict',
  'change_failed',
  'message_left',
  'calendar_disconnected',
] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]

export interface NewNotice {
  clerkUserId: string
  kind: NoticeKind
  /** For people. */
  text: string
  /** The same for programs, as webhooks carry it: names of the wire. */
  data?: Record<string, unknown>
  /** What the owner has done herself is no news to her: it is not listed. */
  madeBy?: 'caller' | 'owner'
  bookingId?: string
  messageId?: string
  connectionId?: string
  /** Under one key the owner is told once, however often this is called. */
  onceKey: string | null
}

export interface Notice {
  id: string
  kind: string
  text: string
  bookingId: string | null
  messageId: string | null
  connectionId: string | null
  readAt: Date | null
  createdAt: Date
}

const COLUMNS = ['id', 'kind', 'text', 'bookingId', 'messageId', 'connectionId', 'readAt', 'createdAt'] as const

/** To be called in the transaction of what it tells of. @returns its id; `undefined`: this was told before */
export async function tellOwner(trx: TenantDb, notice: NewNotice): Promise<string | undefined> {
  const { clerkUserId, kind, text, data = {}, madeBy, bookingId, messageId, connectionId, onceKey } = notice
  const told = await trx
    .insertInto('notices')
    .values({ clerkUserId, kind, text, data: JSON.stringify(data), madeBy, bookingId, messageId, connectionId, onceKey })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return told?.id
}

/** What happened without the owner, newest first. @param after the id of the last one that was seen; an unknown one has nothing after it */
export function listNotices(
  trx: TenantDb,
  clerkUserId: string,
  { atMost, after, unread }: { atMost: number; after: string | undefined; unread: boolean },
): Promise<Notice[]> {
  const last = sql`(select n.created_at, n.id from notices n where n.clerk_user_id = ${clerkUserId} and n.id = ${after ?? null})`
  return trx
    .selectFrom('notices')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('madeBy', '=', 'caller')
    .$if(after !== undefined, (query) => query.where(sql<boolean>`(created_at, id) < ${last}`))
    .$if(unread, (query) => query.where('readAt', 'is', null))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(atMost)
    .execute()
}

/** Marks it as read, or as unread again. `undefined`: there is none. */
export function markNotice(trx: TenantDb, clerkUserId: string, id: string, isRead: boolean): Promise<Notice | undefined> {
  return trx
    .updateTable('notices')
    .set({ readAt: isRead ? sql<Date>`coalesce(read_at, now())` : null })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst()
}
