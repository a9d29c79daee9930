import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'
import { inMs } from './in-ms.ts'

/** An assistant that we make, or made, at Vapi. */
export interface MadeAssistant {
  clerkUserId: string
  /** Stands in the assistant's metadata at Vapi. */
  id: string
  /** `null`: Vapi has not told it. */
  vapiAssistantId: string | null
  /** Made in its owner's own account at Vapi, not in the installation's. */
  withOwnKey: boolean
  ageSeconds: number
  /** To delete it. */
  attempts: number
}

/** To be committed before Vapi is asked. Whoever made it has it to herself for so long; what is not kept then is deleted at Vapi. */
export async function insertMade(trx: TenantDb, clerkUserId: string, leaseMs: number, withOwnKey: boolean): Promise<string> {
  const { id } = await trx
    .insertInto('madeAssistants')
    .values({ clerkUserId, withOwnKey, leasedUntil: inMs(leaseMs) })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** An agent stands for it from now on. False when it took so long that it is being deleted. */
export async function keepMade(trx: TenantDb, clerkUserId: string, id: string, vapiAssistantId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('madeAssistants')
    .set({ vapiAssistantId, isKept: true })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('attempts', '=', 0)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** No agent stands for it any more. @returns its id here, or `undefined` when we did not make it; the caller has it for `leaseMs` */
export async function dropMade(trx: TenantDb, clerkUserId: string, vapiAssistantId: string, leaseMs: number): Promise<string | undefined> {
  const dropped = await trx
    .updateTable('madeAssistants')
    .set({ isKept: false, leasedUntil: inMs(leaseMs) })
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiAssistantId', '=', vapiAssistantId)
    .returning('id')
    .executeTakeFirst()
  return dropped?.id
}

/** As `dropMade`, for all of this user, those that are being made right now among them. */
export async function dropAllMade(trx: TenantDb, clerkUserId: string, leaseMs: number): Promise<string[]> {
  const dropped = await trx
    .updateTable('madeAssistants')
    // An attempt keeps whoever is making one from keeping it.
    .set((eb) => ({ isKept: false, attempts: eb('attempts', '+', 1), leasedUntil: inMs(leaseMs) }))
    .where('clerkUserId', '=', clerkUserId)
    .returning('id')
    .execute()
  return dropped.map(({ id }) => id)
}

/** One that no agent stands for; `undefined` when it is kept, or gone. */
export function findMade(trx: TenantDb, clerkUserId: string, id: string): Promise<MadeAssistant | undefined> {
  return trx
    .selectFrom('madeAssistants')
    .select(['clerkUserId', 'id', 'vapiAssistantId', 'withOwnKey', 'attempts'])
    .select(sql<number>`extract(epoch from now() - created_at)::double precision`.as('ageSeconds'))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('isKept', '=', false)
    .executeTakeFirst()
}

/** Did we make this assistant, and is it to be deleted at Vapi? */
export async function isUnwanted(trx: TenantDb, clerkUserId: string, vapiAssistantId: string): Promise<boolean> {
  const found = await trx
    .selectFrom('madeAssistants')
    .select('id')
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiAssistantId', '=', vapiAssistantId)
    .where('isKept', '=', false)
    .executeTakeFirst()
  return found !== undefined
}

/** One that an agent stands for; `undefined` when we did not make it. */
export function findKept(
  trx: TenantDb,
  clerkUserId: string,
  vapiAssistantId: string,
): Promise<Pick<MadeAssistant, 'id' | 'withOwnKey'> | undefined> {
  return trx
    .selectFrom('madeAssistants')
    .select(['id', 'withOwnKey'])
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiAssistantId', '=', vapiAssistantId)
    .where('isKept', '=', true)
    .executeTakeFirst()
}

/** In whose account one was made, whether or not an agent still stands for it; `undefined` when we did not make it. */
export function findWhereMade(
  trx: TenantDb,
  clerkUserId: string,
  vapiAssistantId: string,
): Promise<Pick<MadeAssistant, 'withOwnKey'> | undefined> {
  return trx
    .selectFrom('madeAssistants')
    .select('withOwnKey')
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiAssistantId', '=', vapiAssistantId)
    .executeTakeFirst()
}

/** What we made in her own account is hers alone from now on. */
export async function forgetOwnMade(trx: TenantDb, clerkUserId: string): Promise<void> {
  await trx.deleteFrom('madeAssistants').where('clerkUserId', '=', clerkUserId).where('withOwnKey', '=', true).execute()
}

/** It does not exist at Vapi. */
export async function forgetMade(trx: TenantDb, clerkUserId: string, id: string): Promise<void> {
  await trx.deleteFrom('madeAssistants').where('clerkUserId', '=', clerkUserId).where('id', '=', id).where('isKept', '=', false).execute()
}

/** Nobody works on it any more: the sweeper may have it at once. */
export async function leaveMade(trx: TenantDb, clerkUserId: string, id: string): Promise<void> {
  await trx
    .updateTable('madeAssistants')
    .set({ leasedUntil: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .execute()
}

/** Of all tenants, those to be deleted at Vapi. Leased for `leaseMs`, and twice as long after each attempt, at most an hour. */
export async function claimUnwanted(db: Db, leaseMs: number, atMost: number): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    id: string
  }>`select * from made_assistants_claim(${leaseMs}, ${atMost})`.execute(db)
  return rows
}
