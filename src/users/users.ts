import { createClerkClient } from '@clerk/backend'
import { inTenant } from '../db/client.ts'
import { completeUser, createUser, findUser, type Profile, type User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Identity } from './token.ts'

const CLERK_TIMEOUT_MS = 2500

/**
 * The user behind a verified token; her row is made on first sight, because the event that announces her may come late or never.
 * @throws AppError `not_signed_in` when she was deleted
 */
export async function userOf(deps: Deps, { clerkUserId, ...profile }: Identity): Promise<User> {
  const known = await inTenant(deps.db, clerkUserId, (trx) => findUser(trx, clerkUserId))
  if (known?.deletedAt) throw new AppError('not_signed_in', 'deleted user')
  if (known && (known.email !== null || profile.email === undefined)) return known
  if (known) return inTenant(deps.db, clerkUserId, (trx) => completeUser(trx, clerkUserId, profile))
  const full = profile.email === undefined ? { ...(await askClerk(deps, clerkUserId)), ...profile } : profile
  return inTenant(deps.db, clerkUserId, (trx) => createUser(trx, clerkUserId, full))
}

/** A session token carries no e-mail. Not knowing it must not keep anybody out: without an answer it stays unknown. */
async function askClerk({ config: { clerk }, log }: Deps, clerkUserId: string): Promise<Profile> {
  const client = createClerkClient({ secretKey: clerk.secretKey, apiUrl: clerk.apiUrl })
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('timeout')), CLERK_TIMEOUT_MS).unref())
  try {
    const user = await Promise.race([client.users.getUser(clerkUserId), late])
    const email = user.emailAddresses.find((address) => address.id === user.primaryEmailAddressId)?.emailAddress
    return {
      ...(email ? { email } : {}),
      ...(user.firstName ? { firstName: user.firstName } : {}),
      ...(user.lastName ? { lastName: user.lastName } : {}),
    }
  } catch (error) {
    log.warn({ err: error }, 'Clerk did not tell who the user is')
    return {}
  }
}
