import { logEvent, owner } from '../audit/log.ts'
import { findVersion, insertVersion, listVersions, type Version } from '../db/agent-versions.ts'
import { type Agent, updateAgent } from '../db/agents.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { markBehind } from '../db/deployments.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { bringNow } from './bring-now.ts'
import { agentOf, linking } from './linking.ts'
import { withoutSecrets, withSecretsOf } from './secret-fields.ts'

// Of an agent; beyond that the oldest go.
const MOST_VERSIONS = 200

/** Newest first. @throws AppError `not_found` */
export function versionsOf({ db }: Pick<Deps, 'db'>, clerkUserId: string, agentId: number): Promise<Omit<Version, 'config'>[]> {
  return inTenant(db, clerkUserId, async (trx) => listVersions(trx, await agentOf(trx, clerkUserId, agentId)))
}

/** @throws AppError `not_found` */
export function versionOf({ db }: Pick<Deps, 'db'>, clerkUserId: string, agentId: number, number: number): Promise<Version> {
  return inTenant(db, clerkUserId, async (trx) => versionIn(trx, await agentOf(trx, clerkUserId, agentId), number))
}

/** To be called in the transaction that saves an agent. A save that changes neither name nor config makes no version. */
export async function keepVersion(
  trx: TenantDb,
  agent: Agent,
  before: Agent | undefined,
  { savedBy = 'owner', note = null }: { savedBy?: 'owner' | 'restored'; note?: string | null } = {},
): Promise<void> {
  const isSame = before && before.agentName === agent.agentName && JSON.stringify(before.config) === JSON.stringify(agent.config)
  if (!isSame) await insertVersion(trx, agent, { config: withoutSecrets(agent.config), savedBy, note }, MOST_VERSIONS)
}

/**
 * Name and config as they were: a new version, equal to the old one. What is secret in the present config stays, because no version has it.
 * @throws AppError `not_found`
 */
export async function restoreVersion(
  deps: Parameters<typeof bringNow>[0],
  clerkUserId: string,
  agentId: number,
  number: number,
): Promise<Agent> {
  const { agent, isBehind } = await linking(deps.db, clerkUserId, async (trx) => {
    const before = await agentOf(trx, clerkUserId, agentId)
    const { agentName, config } = await versionIn(trx, before, number)
    const { vapiAssistantId, isActive } = before
    const agent = await updateAgent(trx, before, { agentName, vapiAssistantId, isActive, config: withSecretsOf(config, before.config) })
    await keepVersion(trx, agent, undefined, { savedBy: 'restored', note: `Version ${number} restored` })
    const details = { version: number }
    await logEvent(trx, { clerkUserId, actor: owner, action: 'agent.restored', subject: { kind: 'agent', id: agentId }, details })
    return { agent, isBehind: await markBehind(trx, agent) }
  })
  if (isBehind) await bringNow(deps, agent)
  return agent
}

async function versionIn(trx: TenantDb, agent: Agent, number: number): Promise<Version> {
  const version = await findVersion(trx, agent, number)
  if (!version) throw new AppError('not_found', 'no such version')
  return version
}
