import { logEvent, owner } from '../audit/log.ts'
import { type CallerMessage, deleteMessage, findMessage, listMessages, markMessage } from '../db/caller-messages.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

/** What callers left, newest first. @param after the id of the last message of the page before */
export async function messagesOf(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  { status, limit, after }: { status: string | undefined; limit: number; after: string | undefined },
): Promise<{ messages: CallerMessage[]; next: string | null }> {
  const found = await inTenant(db, clerkUserId, (trx) => listMessages(trx, clerkUserId, { status, after, atMost: limit + 1 }))
  const messages = found.slice(0, limit)
  return { messages, next: found.length > limit ? (messages.at(-1)?.id ?? null) : null }
}

/** @throws AppError `not_found` */
export async function messageOf({ db }: Pick<Deps, 'db'>, clerkUserId: string, id: string): Promise<CallerMessage> {
  return present(await inTenant(db, clerkUserId, (trx) => findMessage(trx, clerkUserId, id)))
}

/** @param status new | read | done @throws AppError `not_found` */
export async function markAs({ db }: Pick<Deps, 'db'>, clerkUserId: string, id: string, status: string): Promise<CallerMessage> {
  return present(await inTenant(db, clerkUserId, (trx) => markMessage(trx, clerkUserId, id, status)))
}

/** @throws AppError `not_found` */
export async function forgetMessage({ db }: Pick<Deps, 'db'>, clerkUserId: string, id: string): Promise<void> {
  await inTenant(db, clerkUserId, async (trx) => {
    if (!(await deleteMessage(trx, clerkUserId, id))) throw new AppError('not_found', 'no such message')
    await logEvent(trx, { clerkUserId, actor: owner, action: 'message.deleted', subject: { kind: 'message', id } })
  })
}

function present(message: CallerMessage | undefined): CallerMessage {
  if (!message) throw new AppError('not_found', 'no such message')
  return message
}
