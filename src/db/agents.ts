import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** Our record of a Vapi assistant. */
export interface Agent {
  clerkUserId: string
  agentId: number
  vapiAssistantId: string | null
  agentName: string
  config: unknown
  isActive: boolean
  secretDigest: string | null
  previousSecretDigest: string | null
  createdAt: Date
  updatedAt: Date
}

const COLUMNS = [
  'clerkUserId',
  'agentId',
  'vapiAssistantId',
  'agentName',
  'config',
  'isActive',
  'secretDigest',
  'previousSecretDigest',
  'createdAt',
  'updatedAt',
] as const

/** Newest first. */
export function listAgents(trx: TenantDb, clerkUserId: string): Promise<Agent[]> {
  return trx.selectFrom('vapiAgents').select(COLUMNS).where('clerkUserId', '=', clerkUserId).orderBy('agentId', 'desc').execute()
}

export function findAgent(trx: TenantDb, clerkUserId: string, agentId: number): Promise<Agent | undefined> {
  return trx
    .selectFrom('vapiAgents')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .executeTakeFirst()
}

export function findAgentOfAssistant(trx: TenantDb, clerkUserId: string, assistantId: string): Promise<Agent | undefined> {
  return trx
    .selectFrom('vapiAgents')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiAssistantId', '=', assistantId)
    .executeTakeFirst()
}

/** The assistant must have been claimed in the same transaction (`claimAssistant`). Linking it again gives the agent it has. */
export async function insertAgent(
  trx: TenantDb,
  agent: {
    clerkUserId: string
    agentName: string
    vapiAssistantId: string | null
    isActive: boolean
    config: Record<string, unknown> | null
  },
): Promise<Agent> {
  const inserted = await trx
    .insertInto('vapiAgents')
    .values({ ...agent, config: agent.config === null ? null : JSON.stringify(agent.config) })
    .onConflict((conflict) => conflict.columns(['clerkUserId', 'vapiAssistantId']).doNothing())
    .returning(COLUMNS)
    .executeTakeFirst()
  if (inserted) return inserted
  const linked = agent.vapiAssistantId === null ? undefined : await findAgentOfAssistant(trx, agent.clerkUserId, agent.vapiAssistantId)
  if (!linked) throw new Error('an agent was refused although no other stands for its assistant')
  return linked
}

/** A new webhook secret; the one before stays good until the next change, the one before that no longer. */
export async function replaceSecret(trx: TenantDb, agent: Agent, digest: string): Promise<void> {
  if (agent.previousSecretDigest !== null) await sql`select directory_release('secret', ${agent.previousSecretDigest})`.execute(trx)
  await sql`select directory_claim('secret', ${digest})`.execute(trx)
  await trx
    .updateTable('vapiAgents')
    .set({ secretDigest: digest, previousSecretDigest: agent.secretDigest, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', agent.clerkUserId)
    .where('agentId', '=', agent.agentId)
    .execute()
}

/** False when the assistant is linked to somebody else. Assistant ids are unique over all tenants. */
export async function claimAssistant(trx: TenantDb, assistantId: string): Promise<boolean> {
  const { rows } = await sql<{ claimed: boolean }>`select directory_claim('assistant', ${assistantId}) as claimed`.execute(trx)
  return rows[0]?.claimed ?? false
}

/** Whose assistant, or whose webhook secret (SHA-256, hex) this is. Needs no tenant, it tells whose it is. */
export async function findOwner(db: Db, kind: 'assistant' | 'secret', key: string): Promise<string | undefined> {
  const { rows } = await sql<{ owner: string | null }>`select directory_find(${kind}, ${key}) as owner`.execute(db)
  return rows[0]?.owner ?? undefined
}
