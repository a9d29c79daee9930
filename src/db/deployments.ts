import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'
import { inMs } from './in-ms.ts'

/** What is known of an agent's assistant at Vapi; `agent_deployments` says what each state means. */
export const DEPLOYMENT_STATES = ['in_step', 'behind', 'refused', 'altered', 'unpublished', 'gone'] as const
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number]

/** An agent whose assistant at Vapi we keep as it is saved here. */
export interface Deployment {
  clerkUserId: string
  agentId: number
  state: string
  /** Names of fields. */
  differences: unknown
  revision: number
  brought: unknown
  sealedSecret: string | null
  checkedAt: Date | null
  broughtAt: Date | null
}

const COLUMNS = ['clerkUserId', 'agentId', 'state', 'differences', 'revision', 'brought', 'sealedSecret', 'checkedAt', 'broughtAt'] as const

export interface AgentKey {
  clerkUserId: string
  agentId: number
}

export function findDeployment(trx: TenantDb, { clerkUserId, agentId }: AgentKey): Promise<Deployment | undefined> {
  return trx
    .selectFrom('agentDeployments')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .executeTakeFirst()
}

/** From now on we keep its assistant as it is saved here. No harm when we do already. */
export async function insertDeployment(
  trx: TenantDb,
  { clerkUserId, agentId }: AgentKey,
  state: 'behind' | 'in_step',
  brought: object | null = null,
): Promise<void> {
  const at = state === 'in_step' ? sql<Date>`now()` : null
  await trx
    .insertInto('agentDeployments')
    .values({
      clerkUserId,
      agentId,
      state,
      brought: brought === null ? null : JSON.stringify(brought),
      checkedAt: at,
      broughtAt: at,
    })
    .onConflict((conflict) => conflict.columns(['clerkUserId', 'agentId']).doNothing())
    .execute()
}

/** Its assistant is its owner's own business from now on. */
export async function deleteDeployment(trx: TenantDb, { clerkUserId, agentId }: AgentKey): Promise<void> {
  await trx.deleteFrom('agentDeployments').where('clerkUserId', '=', clerkUserId).where('agentId', '=', agentId).execute()
}

/** Those whose assistants we made in her own account. */
export async function forgetOwnDeployments(trx: TenantDb, clerkUserId: string): Promise<void> {
  const own = trx
    .selectFrom('vapiAgents')
    .innerJoin('madeAssistants', (join) =>
      join
        .onRef('madeAssistants.clerkUserId', '=', 'vapiAgents.clerkUserId')
        .onRef('madeAssistants.vapiAssistantId', '=', 'vapiAgents.vapiAssistantId'),
    )
    .select('vapiAgents.agentId')
    .where('vapiAgents.clerkUserId', '=', clerkUserId)
    .where('madeAssistants.withOwnKey', '=', true)
  await trx.deleteFrom('agentDeployments').where('clerkUserId', '=', clerkUserId).where('agentId', 'in', own).execute()
}

/** There is something to be brought to Vapi. @returns false when we do not keep its assistant */
export async function markBehind(trx: TenantDb, { clerkUserId, agentId }: AgentKey): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('agentDeployments')
    .set((eb) => ({
      // An assistant that is gone is not found again by a change.
      state: sql<string>`case when state = 'gone' then state else 'behind' end`,
      revision: eb('revision', '+', 1),
      attempts: 0,
      updatedAt: sql<Date>`now()`,
    }))
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** A webhook secret that is on its way to Vapi, in place of this one. @returns false when another one stands there meanwhile */
export async function setSealedSecret(
  trx: TenantDb,
  { clerkUserId, agentId }: AgentKey,
  sealedSecret: string | null,
  instead: string | null,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('agentDeployments')
    .set({ sealedSecret })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .where('sealedSecret', 'is not distinct from', instead)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Two that write to one assistant at once would undo each other's work. @returns false while somebody else works on it */
export async function leaseDeployment(trx: TenantDb, { clerkUserId, agentId }: AgentKey, leaseMs: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('agentDeployments')
    .set({ leasedUntil: inMs(leaseMs) })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .where((eb) => eb.or([eb('leasedUntil', 'is', null), eb('leasedUntil', '<', sql<Date>`now()`)]))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Nobody works on it any more; it may be looked at again after so long. */
export async function releaseDeployment(trx: TenantDb, { clerkUserId, agentId }: AgentKey, afterMs: number): Promise<void> {
  await trx
    .updateTable('agentDeployments')
    .set({ leasedUntil: inMs(afterMs) })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .execute()
}

/** What may be at Vapi as soon as it is asked for: its answer may be lost. */
export async function keepBrought(trx: TenantDb, { clerkUserId, agentId }: AgentKey, brought: object): Promise<void> {
  await trx
    .updateTable('agentDeployments')
    .set({ brought: JSON.stringify(brought) })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .execute()
}

export interface Finding {
  state: DeploymentState
  differences: string[]
  /** What Vapi has now of what was wanted; left out: nothing was brought. */
  brought?: object | undefined
}

/**
 * What Vapi has, and nobody works on it any more.
 * @returns false when something was saved after `revision`, which is still to be brought
 */
export async function saveFinding(trx: TenantDb, { clerkUserId, agentId, revision }: Deployment, finding: Finding): Promise<boolean> {
  const { state, differences, brought } = finding
  const saved = await trx
    .updateTable('agentDeployments')
    .set({
      state: sql<string>`case when revision = ${revision} then ${state} else 'behind' end`,
      differences: JSON.stringify(differences),
      ...(brought === undefined ? {} : { brought: JSON.stringify(brought) }),
      ...(state === 'in_step' ? { broughtAt: sql<Date>`now()` } : {}),
      attempts: 0,
      leasedUntil: null,
      checkedAt: sql<Date>`now()`,
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .where('agentId', '=', agentId)
    .returning('revision')
    .executeTakeFirst()
  return saved === undefined || saved.revision === revision
}

/** Of all tenants, those that are behind and those that nobody has looked at for `lookAfterMs`. Leased, longer after each attempt. */
export async function claimDue(db: Db, leaseMs: number, lookAfterMs: number, atMost: number): Promise<(AgentKey & { state: string })[]> {
  const { rows } = await sql<
    AgentKey & { state: string }
  >`select * from agent_deployments_claim(${leaseMs}, ${lookAfterMs}, ${atMost})`.execute(db)
  return rows
}
