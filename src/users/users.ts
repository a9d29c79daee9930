import { createClerkClient } from '@clerk/backend'
import { logEvent, system } from '../audit/log.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { isDeleted } from '../db/deleted-users.ts'
import { changeUser, createUser, findUser, lockUser, type Profile, type User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { profileText } from './profile.ts'
import type { Identity } from './token.ts'

const CLERK_TIMEOUT_MS = 2500
const NOTHING: Profile = { email: null, firstName: null, lastName: null }

/**
 * The user behind a verified token; her row is made on first sight, because the event that announces her may come late or never.
 * @throws AppError `not_signed_in` when she was deleted
 */
export async function userOf(deps: Deps, { clerkUserId, ...profile }: Identity): Promise<User> {
  const { known, deleted } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const user = await findUser(trx, clerkUserId)
    return { known: user, deleted: user ? user.deletedAt !== null : await isDeleted(trx, clerkUserId) }
  })
  if (deleted) throw new AppError('not_signed_in', 'deleted user')
  if (known && (known.email !== null || profile.email === null)) return known
  const asked = known || profile.email !== null ? NOTHING : await askClerk(deps, clerkUserId)
  return atFirstSight(deps, clerkUserId, orElse(profile, asked))
}

/** Makes her, or fills in what is still unknown of her; what is known stays. Of several first visits at once one makes her and all see the same row. */
function atFirstSight(deps: Deps, clerkUserId: string, profile: Profile): Promise<User> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    await lockUser(trx, clerkUserId)
    if (await isDeleted(trx, clerkUserId)) throw new AppError('not_signed_in', 'deleted user')
    const known = await findUser(trx, clerkUserId)
    if (!known) return makeUser(trx, clerkUserId, profile)
    return known.email === null ? changeUser(trx, known, orElse(known, profile), known.clerkUpdatedAt) : known
  })
}

/** Makes the user, who must be locked and unknown. @param updatedAt her version at Clerk; `null`: known from a token alone */
export async function makeUser(trx: TenantDb, clerkUserId: string, profile: Profile, updatedAt: Date | null = null): Promise<User> {
  const user = await createUser(trx, clerkUserId, profile, updatedAt)
  await logEvent(trx, { clerkUserId, actor: system, action: 'user.created', subject: { kind: 'user', id: user.id } })
  return user
}

function orElse(profile: Profile, other: Profile): Profile {
  return {
    email: profile.email ?? other.email,
    firstName: profile.firstName ?? other.firstName,
    lastName: profile.lastName ?? other.lastName,
  }
}

/** A session token carries no e-mail. Not knowing it must not keep anybody out: without an answer it stays unknown. */
async function askClerk({ config: { clerk }, log }: Deps, clerkUserId: string): Promise<Profile> {
  const client = createClerkClient({ secretKey: clerk.secretKey, apiUrl: clerk.apiUrl })
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('timeout')), CLERK_TIMEOUT_MS).unref())
  try {
    const user = await Promise.race([client.users.getUser(clerkUserId), late])
    const email = user.emailAddresses.find((address) => address.id === user.primaryEmailAddressId)?.emailAddress
    return { email: profileText.parse(email), firstName: profileText.parse(user.firstName), lastName: profileText.parse(user.lastName) }
  } catch (error) {
    log.warn({ err: error }, 'Clerk did not tell who the user is')
    return NOTHING
  }
}
