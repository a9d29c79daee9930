import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Db, TenantDb } from './client.ts'
import { eraseEvents } from './event-log.ts'
import { dropJobsOf } from './jobs.ts'

/** Somebody who has signed in, or of whom Clerk has told. */
export interface User {
  clerkUserId: string
  id: string
  email: string | null
  firstName: string | null
  lastName: string | null
  fullName: string | null
  timeZone: string | null
  /** Of what Clerk last told about her; `null`: it has told nothing yet, what is known comes from a token. */
  clerkUpdatedAt: Date | null
  deletedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/** What is known of a person. */
export interface Profile {
  email: string | null
  firstName: string | null
  lastName: string | null
}

const COLUMNS = [
  'clerkUserId',
  'id',
  'email',
  'firstName',
  'lastName',
  'fullName',
  'timeZone',
  'clerkUpdatedAt',
  'deletedAt',
  'createdAt',
  'updatedAt',
] as const

/** Also one who is deleted and whose rows are not gone yet. */
export function findUser(trx: TenantDb, clerkUserId: string): Promise<User | undefined> {
  return usersOf(trx, clerkUserId).executeTakeFirst()
}

function usersOf(trx: TenantDb, clerkUserId: string) {
  return trx.selectFrom('users').select(COLUMNS).where('clerkUserId', '=', clerkUserId)
}

/** Whose id this is, of those shown outside. Needs no tenant, it tells whose it is. */
export async function findOwnerOfId(db: Db, id: string): Promise<string | undefined> {
  const { rows } = await sql<{ owner: string | null }>`select directory_find('user', ${id}) as owner`.execute(db)
  return rows[0]?.owner ?? undefined
}

/**
 * What this transaction does next, others of the same user that ask for it too do after it.
 * @returns false when she was deleted: then nothing begins for her any more
 */
export async function inTurn(trx: TenantDb, clerkUserId: string): Promise<boolean> {
  const user = await usersOf(trx, clerkUserId).forNoKeyUpdate().executeTakeFirst()
  return user !== undefined && user.deletedAt === null
}

/** As `inTurn`, for what is begun or added for her. @throws AppError `not_signed_in` when she was deleted */
export async function takeTurn(trx: TenantDb, clerkUserId: string): Promise<void> {
  if (!(await inTurn(trx, clerkUserId))) throw new AppError('not_signed_in', 'deleted meanwhile')
}

/** Until this transaction ends, no other one that asks for it makes, changes or deletes this user. She need not be there. */
export async function lockUser(trx: TenantDb, clerkUserId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`user ${clerkUserId}`}, 0))`.execute(trx)
}

/** Makes the user, who must be locked and unknown, and her business with the standard rules. */
export async function createUser(trx: TenantDb, clerkUserId: string, profile: Profile, clerkUpdatedAt: Date | null = null): Promise<User> {
  const { email, firstName, lastName } = profile
  const user = await trx
    .insertInto('users')
    .values({ clerkUserId, email, firstName, lastName, clerkUpdatedAt })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('businesses')
    .values({ clerkUserId, name: businessName(user), email })
    .execute()
  return user
}

/** She is as told from now on, and so is her business where its owner has not named it otherwise. She must be locked. */
export async function changeUser(trx: TenantDb, user: User, profile: Profile, clerkUpdatedAt: Date | null): Promise<User> {
  const { clerkUserId } = user
  const { email, firstName, lastName } = profile
  const changed = await trx
    .updateTable('users')
    .set({ email, firstName, lastName, clerkUpdatedAt, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('businesses')
    .set({
      name: sql<string>`case when name = ${businessName(user)} then ${businessName(changed)} else name end`,
      email: sql<string | null>`case when email is not distinct from ${user.email} then ${email} else email end`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .execute()
  return changed
}

function businessName({ fullName, email }: User): string {
  return fullName ?? email ?? 'My business'
}

/** Deleted from now on: nobody is let in as her, and nothing leads to her. Her rows go with `eraseUser`. */
export async function markDeleted(trx: TenantDb, clerkUserId: string): Promise<void> {
  await trx
    .updateTable('users')
    .set({ deletedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('deletedAt', 'is', null)
    .execute()
}

// Every booking that goes with her is looked for in what refers to bookings. Years of them are more than one statement has time for.
const BOOKINGS_AT_ONCE = 1000

/** Deletes a user who is marked, and with her row every other one of hers. Not while a grant of hers is still being ended. */
export async function eraseUser(trx: TenantDb, clerkUserId: string): Promise<void> {
  const mayGo = trx
    .selectFrom('users')
    .select('clerkUserId')
    .where('clerkUserId', '=', clerkUserId)
    .where('deletedAt', 'is not', null)
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('oauthTokens').select('id').where('clerkUserId', '=', clerkUserId).where('state', '=', 'ending'))),
    )
  let gone = BOOKINGS_AT_ONCE
  while (gone >= BOOKINGS_AT_ONCE) {
    const some = trx.selectFrom('bookings').select('id').where('clerkUserId', 'in', mayGo).limit(BOOKINGS_AT_ONCE)
    const { numDeletedRows } = await trx
      .deleteFrom('bookings')
      .where('clerkUserId', '=', clerkUserId)
      .where('id', 'in', some)
      .executeTakeFirst()
    gone = Number(numDeletedRows)
  }
  if (await mayGo.executeTakeFirst()) {
    await eraseEvents(trx, clerkUserId)
    await dropJobsOf(trx, clerkUserId)
  }
  await trx.deleteFrom('users').where('clerkUserId', 'in', mayGo).execute()
}

/** Clerk ids of deleted users whose rows may go. */
export async function listUsersToErase(db: Db, atMost: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select clerk_user_id as id from users_to_erase(${atMost})`.execute(db)
  return rows.map((row) => row.id)
}
