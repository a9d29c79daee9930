import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** A tenant's own key of Vapi's API. */
export interface VapiKey {
  clerkUserId: string
  sealedKey: string
  lastFour: string
  updatedAt: Date
}

export function findVapiKey(trx: TenantDb, clerkUserId: string): Promise<VapiKey | undefined> {
  return trx
    .selectFrom('vapiKeys')
    .select(['clerkUserId', 'sealedKey', 'lastFour', 'updatedAt'])
    .where('clerkUserId', '=', clerkUserId)
    .executeTakeFirst()
}

export function saveVapiKey(trx: TenantDb, { clerkUserId, sealedKey, lastFour }: Omit<VapiKey, 'updatedAt'>): Promise<VapiKey> {
  return trx
    .insertInto('vapiKeys')
    .values({ clerkUserId, sealedKey, lastFour })
    .onConflict((conflict) => conflict.column('clerkUserId').doUpdateSet({ sealedKey, lastFour, updatedAt: sql<Date>`now()` }))
    .returning(['clerkUserId', 'sealedKey', 'lastFour', 'updatedAt'])
    .executeTakeFirstOrThrow()
}

/** The same key under another seal. @returns false when it was changed meanwhile */
export async function resealVapiKey(trx: TenantDb, { clerkUserId, sealedKey }: VapiKey, fresh: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('vapiKeys')
    .set({ sealedKey: fresh })
    .where('clerkUserId', '=', clerkUserId)
    .where('sealedKey', '=', sealedKey)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** @returns whether there was one */
export async function deleteVapiKey(trx: TenantDb, clerkUserId: string): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom('vapiKeys').where('clerkUserId', '=', clerkUserId).executeTakeFirst()
  return numDeletedRows > 0n
}

/** The encryption keys that Vapi's keys and the secrets of assistants are sealed with. */
export async function vapiSealingKeys(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select * from vapi_sealing_keys() as id`.execute(db)
  return rows.map((row) => row.id)
}

/** Of all tenants, what is sealed with another key than this one: Vapi's key, or, with an agent, the secret on its way to its assistant. */
export async function listVapiSealedElsewhere(
  db: Db,
  keyId: string,
  atMost: number,
): Promise<{ clerkUserId: string; agentId: number | null }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    agentId: number | null
  }>`select * from vapi_sealed_elsewhere(${keyId}, ${atMost})`.execute(db)
  return rows
}

/** Who has a key of her own, in the order of the Clerk ids. @param after the last one of the page before; the empty text: from the first */
export async function listVapiKeyHolders(db: Db, after: string, atMost: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select * from vapi_key_holders(${after}, ${atMost}) as id`.execute(db)
  return rows.map(({ id }) => id)
}

/** Until when the list of calls in her own account has been read; `undefined`: never. */
export async function findCallsReadUntil(trx: TenantDb, clerkUserId: string): Promise<Date | undefined> {
  const found = await trx.selectFrom('vapiKeys').select('readUntil').where('clerkUserId', '=', clerkUserId).executeTakeFirst()
  return found?.readUntil ?? undefined
}

/** Of several readers the one that came furthest counts. */
export async function saveCallsReadUntil(trx: TenantDb, clerkUserId: string, readUntil: Date): Promise<void> {
  await trx
    .updateTable('vapiKeys')
    .set((eb) => ({ readUntil: eb.fn<Date>('greatest', ['readUntil', eb.val(readUntil)]) }))
    .where('clerkUserId', '=', clerkUserId)
    .execute()
}
