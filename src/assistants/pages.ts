import { AppError } from '../errors.ts'
import { AnswerTooLong } from '../providers/outbound.ts'

type Query = { limit: string; createdAtLe?: string; createdAtGe?: string }

/** One thing in a list of Vapi's. */
export interface Listed<T> {
  id: string
  /** As Vapi wrote it: pages begin at such a time, which may be finer than a `Date`. */
  createdAtText: string
  item: T
}

// Whole assistants come, prompts and all; a page must stay below what we read of an answer.
const LARGEST_PAGE = 50
const SMALLEST_PAGE = 3
const MOST_REQUESTS = 200
const PATIENCE_MS = 10_000

/**
 * Everything, or all that was made from `since` until `until`, newest first. Vapi's list has no cursor and does not promise an order, so we go
 * on from the oldest one seen, then from the newest, until a page brings nothing new.
 * @throws AppError `vapi_unavailable` rather than answer with a part, and what `load` throws
 */
export async function allPages<T>(
  load: (query: Query) => Promise<Listed<T>[]>,
  { since, until, page = LARGEST_PAGE }: { since?: Date; until?: Date; page?: number } = {},
): Promise<T[]> {
  const found = new Map<string, Listed<T>>()
  const startedAt = performance.now()
  const all = {
    ...(since && { createdAtGe: since.toISOString() }),
    ...(until && { createdAtLe: until.toISOString() }),
  }
  let limit = page
  let requests = 0

  /** @returns whether there may be more in that direction */
  async function take(from: Omit<Query, 'limit'>): Promise<boolean> {
    requests += 1
    if (requests > MOST_REQUESTS || performance.now() - startedAt > PATIENCE_MS)
      throw new AppError('vapi_unavailable', 'vapi: pages without end')
    try {
      const loaded = await load({ ...all, ...from, limit: String(limit) })
      const known = found.size
      for (const one of loaded) found.set(one.id, one)
      return loaded.length >= limit && found.size > known
    } catch (error) {
      const isTooLong = error instanceof AppError && error.cause instanceof AnswerTooLong
      if (!isTooLong || limit <= SMALLEST_PAGE) throw error
      limit = Math.max(SMALLEST_PAGE, Math.floor(limit / 4))
      return take(from)
    }
  }

  const oldestFirst = () => [...found.values()].sort((a, b) => Date.parse(a.createdAtText) - Date.parse(b.createdAtText))
  let more = await take({})
  const isPaged = more
  // Two may have been made in the same moment, so each page begins with the one that ended the last.
  while (more) more = await take({ createdAtLe: oldestFirst()[0]?.createdAtText ?? '' })
  more = isPaged
  while (more) more = await take({ createdAtGe: oldestFirst().at(-1)?.createdAtText ?? '' })
  return oldestFirst()
    .reverse()
    .map(({ item }) => item)
}
