import { sql } from 'kysely'
import type { Agent } from './agents.ts'
import type { TenantDb } from './client.ts'

/** A saved config of an agent. */
export interface Version {
  number: number
  agentName: string
  config: unknown
  /** owner | restored */
  savedBy: string
  note: string | null
  savedAt: Date
}

const COLUMNS = ['number', 'agentName', 'config', 'savedBy', 'note', 'savedAt'] as const

/** Newest first; without the configs themselves, which are large. */
export function listVersions(trx: TenantDb, { clerkUserId, agentId }: Agent): Promise<Omit<Version, 'config'>[]> {
  return trx
    .selectFrom('agentVersions')
    .select(['number', 'agentName', 'savedBy', 'note', 'savedAt'])
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .orderBy('number', 'desc')
    .execute()
}

export function findVersion(trx: TenantDb, { clerkUserId, agentId }: Agent, number: number): Promise<Version | undefined> {
  return trx
    .selectFrom('agentVersions')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .where('number', '=', number)
    .executeTakeFirst()
}

/** The next version of this agent; of more than `atMost` the oldest go. Its owner's requests must come one after the other. */
export async function insertVersion(
  trx: TenantDb,
  { clerkUserId, agentId, agentName }: Agent,
  { config, savedBy, note }: { config: object | null; savedBy: string; note: string | null },
  atMost: number,
): Promise<void> {
  const mine = trx.selectFrom('agentVersions').where('clerkUserId', '=', clerkUserId).where('agentId', '=', agentId)
  const { newest } = await mine.select(sql<number>`coalesce(max(number), 0)`.as('newest')).executeTakeFirstOrThrow()
  const number = newest + 1
  await trx
    .insertInto('agentVersions')
    .values({ clerkUserId, agentId, number, agentName, config: config === null ? null : JSON.stringify(config), savedBy, note })
    .execute()
  await trx
    .deleteFrom('agentVersions')
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .where('number', '<=', number - atMost)
    .execute()
}
