import { sql } from 'kysely'
import type { TenantDb } from './client.ts'

export interface User {
  clerkUserId: string
  id: string
  email: string | null
  firstName: string | null
  lastName: string | null
  fullName: string | null
  timeZone: string | null
  deletedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/** What an identity token or Clerk's API tells of a person; absent means unknown, not empty. */
export interface Profile {
  email?: string
  firstName?: string
  lastName?: string
}

const COLUMNS = [
  'clerkUserId',
  'id',
  'email',
  'firstName',
  'lastName',
  'fullName',
  'timeZone',
  'deletedAt',
  'createdAt',
  'updatedAt',
] as const

export function findUser(trx: TenantDb, clerkUserId: string): Promise<User | undefined> {
  return usersOf(trx, clerkUserId).executeTakeFirst()
}

function usersOf(trx: TenantDb, clerkUserId: string) {
  return trx.selectFrom('users').select(COLUMNS).where('clerkUserId', '=', clerkUserId)
}

/** What this transaction does next, others of the same user that ask for it too do after it. */
export async function inTurn(trx: TenantDb, clerkUserId: string): Promise<void> {
  await trx.selectFrom('users').select('clerkUserId').where('clerkUserId', '=', clerkUserId).forNoKeyUpdate().execute()
}

/** Makes the user and her business with the standard rules. Of several first visits at once one makes them and all see the same row. */
export async function createUser(trx: TenantDb, clerkUserId: string, profile: Profile): Promise<User> {
  const { email = null, firstName = null, lastName = null } = profile
  const made = await trx
    .insertInto('users')
    .values({ clerkUserId, email, firstName, lastName })
    .onConflict((conflict) => conflict.column('clerkUserId').doNothing())
    .returning(COLUMNS)
    .executeTakeFirst()
  if (!made) return usersOf(trx, clerkUserId).executeTakeFirstOrThrow()
  await trx
    .insertInto('businesses')
    .values({ clerkUserId, name: made.fullName ?? email ?? 'My business', email })
    .execute()
  return made
}

/** Fills in what is still unknown of her; what is known stays. */
export async function completeUser(trx: TenantDb, clerkUserId: string, profile: Profile): Promise<User> {
  return trx
    .updateTable('users')
    .set((eb) => ({
      email: eb.fn.coalesce('email', eb.val(profile.email ?? null)),
      firstName: eb.fn.coalesce('firstName', eb.val(profile.firstName ?? null)),
      lastName: eb.fn.coalesce('lastName', eb.val(profile.lastName ?? null)),
      updatedAt: sql<Date>`now()`,
    }))
    .where('clerkUserId', '=', clerkUserId)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}
