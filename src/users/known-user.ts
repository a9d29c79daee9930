import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { listConnections } from '../db/connections.ts'
import { findOwnerOfId, findUser, type User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { connectionStatus } from '../oauth/status.ts'
import { ClerkUserId } from './profile.ts'

/** By our id or by her Clerk id. @throws AppError `not_found` for one who is unknown or was deleted, and for what is no id */
export async function findKnownUser(deps: Deps, id: string): Promise<User> {
  const ours = z.uuid().safeParse(id).data
  const clerkUserId = ours === undefined ? ClerkUserId.safeParse(id).data : await findOwnerOfId(deps.db, ours.toLowerCase())
  const user = clerkUserId === undefined ? undefined : await inTenant(deps.db, clerkUserId, (trx) => findUser(trx, clerkUserId))
  if (!user || user.deletedAt) throw new AppError('not_found', 'no such user')
  return user
}

/** Nobody's word makes a connection: the calendar itself is asked, where bookings go to it. @throws AppError `calendar_not_connected` */
export async function confirmConnection(deps: Deps, { clerkUserId }: User, provider: string): Promise<void> {
  const destination = await connectionStatus(deps, clerkUserId, provider)
  const connections = await inTenant(deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  const isBusyCalendar = connections.some((one) => one.provider === provider && one.role === 'busy' && one.state === 'active')
  if (!destination?.authorized && !isBusyCalendar) throw new AppError('calendar_not_connected', 'said to be connected, but is not')
}
