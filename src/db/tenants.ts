import { sql } from 'kysely'
import type { Db } from './client.ts'

/** Every tenant in turn, in the order of the Clerk ids. @param after the last one of the page before; the empty text: from the first */
export async function listTenants(db: Db, after: string, atMost: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select clerk_user_id as id from tenants_after(${after}, ${atMost})`.execute(db)
  return rows.map(({ id }) => id)
}
