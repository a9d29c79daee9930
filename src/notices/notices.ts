import { inTenant } from '../db/client.ts'
import { listNotices, markNotice, type Notice } from '../db/notices.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

/** Newest first. @param after the id of the last notice of the page before */
export async function noticesOf(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  page: { limit: number; after: string | undefined; unread: boolean },
): Promise<{ notices: Notice[]; next: string | null }> {
  const { limit, after, unread } = page
  const found = await inTenant(db, clerkUserId, (trx) => listNotices(trx, clerkUserId, { atMost: limit + 1, after, unread }))
  const notices = found.slice(0, limit)
  return { notices, next: found.length > limit ? (notices.at(-1)?.id ?? null) : null }
}

/** @throws AppError `not_found` */
export async function readNotice({ db }: Pick<Deps, 'db'>, clerkUserId: string, id: string, isRead: boolean): Promise<Notice> {
  const notice = await inTenant(db, clerkUserId, (trx) => markNotice(trx, clerkUserId, id, isRead))
  if (!notice) throw new AppError('not_found', 'no such notice')
  return notice
}
