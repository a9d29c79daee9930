import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { findOwnerOfId, findUser, type User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { ClerkUserId } from './profile.ts'

/** By our id or by her Clerk id. @throws AppError `not_found` for one who is unknown or was deleted, and for what is no id */
export async function findKnownUser(deps: Deps, id: string): Promise<User> {
  const ours = z.uuid().safeParse(id).data
  const clerkUserId = ours === undefined ? ClerkUserId.safeParse(id).data : await findOwnerOfId(deps.db, ours.toLowerCase())
  const user = clerkUserId === undefined ? undefined : await inTenant(deps.db, clerkUserId, (trx) => findUser(trx, clerkUserId))
  if (!user || user.deletedAt) throw new AppError('not_found', 'no such user')
  return user
}
