import type { TenantDb } from './client.ts'

/** Was she deleted at some time? Then she stays so, whatever token or event is about her. */
export async function isDeleted(trx: TenantDb, clerkUserId: string): Promise<boolean> {
  const found = await trx.selectFrom('deletedUsers').select('clerkUserId').where('clerkUserId', '=', clerkUserId).executeTakeFirst()
  return found !== undefined
}

/** For good. She need never have been here: the news that she is deleted may come before the news that she exists. */
export async function rememberDeleted(trx: TenantDb, clerkUserId: string): Promise<void> {
  await trx
    .insertInto('deletedUsers')
    .values({ clerkUserId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
