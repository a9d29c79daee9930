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
  /** On its way to Vapi: accepted, and not asked for yet. */
  nextSecretDigest: string | null
  createdAt: Date
  updatedAt: Date
}

/** What its owner says about an agent. */
export interface AgentValues {
  agentName: string
  vapiAssistantId: string | null
  isActive: boolean
  config: Record<string, unknown> | null
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
  'nextSecretDigest',
  'createdAt',
  'updatedAt',
] as const

/** Newest first. */
export function listAgents(trx: TenantDb, clerkUserId: string): Promise<Agent[]> {
  return trx.selectFrom('vapiAgents').select(COLUMNS).where('clerkUserId', '=', clerkUserId).orderBy('agentId', 'desc').execute()
}

export async function countAgents(trx: TenantDb, clerkUserId: string): Promise<number> {
  const counted = trx.selectFrom('vapiAgents').select((eb) => eb.fn.countAll<string>().as('agents'))
  return Number((await counted.where('clerkUserId', '=', clerkUserId).executeTakeFirstOrThrow()).agents)
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

/** Its assistant must have been claimed in the same transaction (`claimAssistant`). */
export function insertAgent(trx: TenantDb, clerkUserId: string, { config, ...values }: AgentValues): Promise<Agent> {
  return trx
    .insertInto('vapiAgents')
    .values({ clerkUserId, ...values, config: jsonOf(config) })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

/** Its new assistant, if it has one, must have been claimed in the same transaction. */
export function updateAgent(trx: TenantDb, { clerkUserId, agentId }: Agent, { config, ...values }: AgentValues): Promise<Agent> {
  return trx
    .updateTable('vapiAgents')
    .set({ ...values, config: jsonOf(config), updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

/** Its variables and functions go with it; its assistant and its secrets are released first. */
export async function deleteAgent(trx: TenantDb, { clerkUserId, agentId }: Agent): Promise<void> {
  await trx.deleteFrom('vapiAgents').where('clerkUserId', '=', clerkUserId).where('agentId', '=', agentId).execute()
}

/** A new webhook secret; the one before stays good until the next change, the one before that no longer. */
export async function replaceSecret(trx: TenantDb, agent: Agent, digest: string): Promise<void> {
  for (const old of [agent.previousSecretDigest, agent.nextSecretDigest]) if (old !== null) await release(trx, 'secret', old)
  await sql`select directory_claim('secret', ${digest})`.execute(trx)
  await setSecrets(trx, agent, { secretDigest: digest, previousSecretDigest: agent.secretDigest, nextSecretDigest: null })
}

/** A secret that is accepted from now on, and asked for as soon as Vapi has it (`acceptSecret`). */
export async function offerSecret(trx: TenantDb, agent: Agent, digest: string): Promise<void> {
  if (agent.nextSecretDigest !== null) await release(trx, 'secret', agent.nextSecretDigest)
  await sql`select directory_claim('secret', ${digest})`.execute(trx)
  await setSecrets(trx, agent, { nextSecretDigest: digest })
}

/** Vapi has the secret that was offered: it is the agent's, and the one before stays good until the next change. */
export async function acceptSecret(trx: TenantDb, agent: Agent): Promise<void> {
  if (agent.nextSecretDigest === null) return
  if (agent.previousSecretDigest !== null) await release(trx, 'secret', agent.previousSecretDigest)
  await setSecrets(trx, agent, {
    secretDigest: agent.nextSecretDigest,
    previousSecretDigest: agent.secretDigest,
    nextSecretDigest: null,
  })
}

/** The agent has no secret any more. */
export async function dropSecrets(trx: TenantDb, agent: Agent): Promise<void> {
  const digests = [agent.secretDigest, agent.previousSecretDigest, agent.nextSecretDigest].filter((digest) => digest !== null)
  for (const digest of digests) await release(trx, 'secret', digest)
  await setSecrets(trx, agent, { secretDigest: null, previousSecretDigest: null, nextSecretDigest: null })
}

async function setSecrets(
  trx: TenantDb,
  { clerkUserId, agentId }: Agent,
  secrets: Partial<Pick<Agent, 'secretDigest' | 'previousSecretDigest' | 'nextSecretDigest'>>,
): Promise<void> {
  await trx
    .updateTable('vapiAgents')
    .set({ ...secrets, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .execute()
}

/** False when the assistant is linked to somebody else. Assistant ids are unique over all tenants. */
export async function claimAssistant(trx: TenantDb, assistantId: string): Promise<boolean> {
  const { rows } = await sql<{ claimed: boolean }>`select directory_claim('assistant', ${assistantId}) as claimed`.execute(trx)
  return rows[0]?.claimed ?? false
}

/** From now on anybody may link it. */
export function releaseAssistant(trx: TenantDb, assistantId: string): Promise<void> {
  return release(trx, 'assistant', assistantId)
}

async function release(trx: TenantDb, kind: 'assistant' | 'secret', key: string): Promise<void> {
  await sql`select directory_release(${kind}, ${key})`.execute(trx)
}

/** Whose assistant, webhook secret (SHA-256, hex) or dialled number (E.164) this is. Needs no tenant, it tells whose it is. */
export async function findOwner(db: Db, kind: 'assistant' | 'secret' | 'number' | 'channel', key: string): Promise<string | undefined> {
  const { rows } = await sql<{ owner: string | null }>`select directory_find(${kind}, ${key}) as owner`.execute(db)
  return rows[0]?.owner ?? undefined
}

/** Those of these assistants that are linked to an agent of this user, and those that somebody else has. */
export async function sortAssistants(
  trx: TenantDb,
  clerkUserId: string,
  assistantIds: string[],
): Promise<{ own: Set<string>; taken: Set<string> }> {
  if (assistantIds.length === 0) return { own: new Set(), taken: new Set() }
  const agents = await trx
    .selectFrom('vapiAgents')
    .select('vapiAssistantId')
    .where('clerkUserId', '=', clerkUserId)
    .where('vapiAssistantId', 'in', assistantIds)
    .execute()
  const { rows } = await sql<{ key: string }>`select directory_taken('assistant', ${assistantIds}) as key`.execute(trx)
  return {
    own: new Set(agents.map(({ vapiAssistantId }) => vapiAssistantId).filter((id) => id !== null)),
    taken: new Set(rows.map(({ key }) => key)),
  }
}

/** An agent with an assistant, whoever it belongs to. */
export interface Linked {
  clerkUserId: string
  agentId: number
  assistantId: string
}

/** Of all tenants. */
export async function listLinked(db: Db): Promise<Linked[]> {
  const { rows } = await sql<Linked>`select * from vapi_agents_linked()`.execute(db)
  return rows
}

function jsonOf(config: AgentValues['config']): string | null {
  return config === null ? null : JSON.stringify(config)
}
