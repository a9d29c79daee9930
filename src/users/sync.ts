import { recordEvent } from '../db/clerk-events.ts'
import { inTenant } from '../db/client.ts'
import { isDeleted } from '../db/deleted-users.ts'
import { changeUser, findUser, lockUser, type Profile, type User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { makeUser } from './users.ts'

/** What Clerk tells of a user: all that it has, so that what is missing it does not have. */
export interface ToldUser {
  clerkUserId: string
  profile: Profile
  /** Since when she is so at Clerk, its version of her; `null`: not told, so that whatever is known already counts more. */
  updatedAt: Date | null
}

/** In words, to whoever told of her. */
export const STAYS_DELETED = 'This user was deleted and stays deleted.'

export type Told =
  | { outcome: 'created' | 'changed' | 'unchanged'; user: User }
  /** She was deleted, before or after this was sent, and stays so. */
  | { outcome: 'deleted' }

/**
 * Makes her or brings her up to date, whichever event was lost. An older or equal version changes nothing, so that events may come in any
 * order and any number of times; what is known from a token alone gives way to any event.
 * @param eventId of a delivery that may come again, with the same effect or none
 */
export function tellOfUser(deps: Deps, { clerkUserId, profile, updatedAt }: ToldUser, eventId?: string): Promise<Told> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    await lockUser(trx, clerkUserId)
    if (await isDeleted(trx, clerkUserId)) return { outcome: 'deleted' }
    const known = await findUser(trx, clerkUserId)
    const user = known ?? (await makeUser(trx, clerkUserId, profile, updatedAt))
    const isFirstDelivery = eventId === undefined || (await recordEvent(trx, clerkUserId, eventId))
    if (!known) return { outcome: 'created', user }
    if (!isFirstDelivery || !isNewer(updatedAt, known.clerkUpdatedAt)) return { outcome: 'unchanged', user }
    return { outcome: 'changed', user: await changeUser(trx, user, profile, updatedAt) }
  })
}

function isNewer(told: Date | null, known: Date | null): boolean {
  return told !== null && (known === null || told > known)
}
