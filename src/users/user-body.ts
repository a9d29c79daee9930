import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { listConnections } from '../db/connections.ts'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { instant } from '../http/zod.ts'

/** A user as the frontend reads her. */
export const UserBody = z.object({
  user_id: z.uuid(),
  clerk_user_id: z.string(),
  email: z.string().describe('Empty when she has none'),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  full_name: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
  microsoft_calendar_connected: z.boolean(),
  google_calendar_connected: z.boolean(),
})

export const userExample: z.infer<typeof UserBody> = {
  user_id: '0b6c5f0e-7a3b-4c58-9d0e-3f1a2b4c5d6e',
  clerk_user_id: 'user_2abc',
  email: 'dana@example.com',
  first_name: 'Dana',
  last_name: 'Reyes',
  full_name: 'Dana Reyes',
  created_at: '2026-10-22T18:46:13.809Z',
  updated_at: '2026-10-22T18:46:13.809Z',
  microsoft_calendar_connected: false,
  google_calendar_connected: true,
}

/** She and what she has connected, as it is now. */
export async function userBody(deps: Deps, user: User): Promise<z.infer<typeof UserBody>> {
  const connections = await inTenant(deps.db, user.clerkUserId, (trx) => listConnections(trx, user.clerkUserId))
  const connected = (provider: string) => connections.some((one) => one.provider === provider && one.state === 'active')
  return {
    user_id: user.id,
    clerk_user_id: user.clerkUserId,
    email: user.email ?? '',
    first_name: user.firstName,
    last_name: user.lastName,
    full_name: user.fullName,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
    microsoft_calendar_connected: connected('microsoft'),
    google_calendar_connected: connected('google'),
  }
}
