import type { WantedFields } from '../assistants/definition.ts'
import { compare, type Difference, merged } from '../assistants/fields.ts'
import { withSecret } from '../assistants/live.ts'
import { type Actor, logEvent } from '../audit/log.ts'
import { type Agent, findAgent } from '../db/agents.ts'
import { inTenant } from '../db/client.ts'
import {
  type AgentKey,
  type Deployment,
  type DeploymentState,
  type Finding,
  findDeployment,
  keepBrought,
  leaseDeployment,
  releaseDeployment,
  saveFinding,
} from '../db/deployments.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { broughtOf, CREDENTIALS, fieldsIn, fieldsOf, lookAt, type Seen } from './look-at.ts'
import { pendingSecret, secretArrived } from './pending-secret.ts'

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config' | 'log'>

/**
 * `bring`: all that is wanted is brought there. `tend`: as `bring` while nobody has altered what the owner
 * says; else what we need to work is put right and the rest is left, because she may have altered it on purpose.
 */
export type Depth = 'tend' | 'bring'

export interface Outcome {
  state: DeploymentState
  /** Before anything was brought. */
  differences: Difference[]
  /** Was anything written to Vapi? */
  isWritten: boolean
}

// Longer than all that is asked of Vapi may take together.
const LEASE_MS = 60_000
// What is saved while we write is brought at once; whoever saves without end waits for the job.
const MOST_ROUNDS = 3

/**
 * Makes an agent's assistant at Vapi what is saved here: reads it, merges, writes, reads it back, and keeps what was found. One at a time for
 * each agent.
 * @param isLeased whoever calls has the lease already
 * @returns `undefined` when there is nothing to be kept in step, or somebody else is at it
 * @throws AppError `vapi_off`, `vapi_unavailable`, `vapi_busy`, `vapi_refused`, `vapi_key_refused`: what is saved is still to be brought.
 *   `function_unfit`: it cannot be
 */
export async function bringAssistant(
  deps: Tools,
  key: AgentKey,
  depth: Depth,
  { actor, isLeased = false }: { actor: Actor; isLeased?: boolean },
): Promise<Outcome | undefined> {
  const { db, config } = deps
  if (!isLeased && !(await inTenant(db, key.clerkUserId, (trx) => leaseDeployment(trx, key, LEASE_MS)))) return undefined
  try {
    for (let round = 1; ; round += 1) {
      const { outcome, isNewest } = await oneRound(deps, key, depth, actor)
      if (isNewest || round === MOST_ROUNDS) return outcome
    }
  } catch (error) {
    // The job's own lease grows with each attempt.
    if (!isLeased) await inTenant(db, key.clerkUserId, (trx) => releaseDeployment(trx, key, config.timeouts.settleLeaseMs))
    throw error
  }
}

async function oneRound(
  deps: Tools,
  key: AgentKey,
  depth: Depth,
  actor: Actor,
): Promise<{ outcome: Outcome | undefined; isNewest: boolean }> {
  const { agent, deployment } = await inTenant(deps.db, key.clerkUserId, async (trx) => ({
    agent: await findAgent(trx, key.clerkUserId, key.agentId),
    deployment: await findDeployment(trx, key),
  }))
  if (!agent || !deployment || agent.vapiAssistantId === null) return { outcome: undefined, isNewest: true }
  const keep = async (finding: Finding, differences: Difference[], isWritten: boolean) => {
    const isNewest = await inTenant(deps.db, key.clerkUserId, async (trx) => {
      if (isWritten) {
        const details = { fields: differences.map(({ field }) => field), state: finding.state }
        await logEvent(trx, { ...key, actor, action: 'agent.deployed', subject: { kind: 'agent', id: key.agentId }, details })
      }
      return saveFinding(trx, deployment, finding)
    })
    return { outcome: { state: finding.state, differences, isWritten }, isNewest }
  }
  const seen = await lookAt(deps, agent, deployment).catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === 'function_unfit')
      await keep({ state: 'refused', differences: ['model.tools'] }, [], false)
    throw error
  })
  if (!seen) return keep({ state: 'gone', differences: [] }, [], false)
  const { differences } = seen
  if (differences.length === 0 && deployment.sealedSecret === null) {
    return keep({ state: 'in_step', differences: [], brought: broughtOf(seen.wanted.all, seen.live) }, [], false)
  }
  const isAltered = seen.alteredByOwner.length > 0 || deployment.brought === null
  // Saved since it was taken up, it is brought all the same.
  const isTended = depth === 'tend' && deployment.state !== 'behind'
  const { state: known } = deployment
  // What Vapi refused, or keeps as a draft, is not asked for again until somebody saves or deploys.
  const open = isTended && (known === 'refused' || known === 'unpublished') ? known : undefined
  if (open === 'unpublished' && isTold(deployment, differences))
    return keep({ state: open, differences: fieldsOf(differences) }, differences, false)
  const parts = isTended && (isAltered || open) ? seen.wanted.ours : seen.wanted.all
  const written = await write(deps, agent, deployment, seen, parts)
  if (written === undefined) return keep({ state: 'gone', differences: [] }, differences, false)
  const state = open && written.state === 'altered' ? open : written.state
  return keep({ ...written, state }, differences, written.isWritten)
}

/** Did it differ in no other field when Vapi was last asked? */
function isTold({ differences }: Deployment, found: Difference[]): boolean {
  return Array.isArray(differences) && fieldsOf(found).every((field) => differences.includes(field))
}

/** Puts `parts` into the assistant, with a secret where it has none, and reads it back. @returns `undefined` when it is gone */
async function write(
  deps: Tools,
  agent: Agent,
  deployment: Deployment,
  { client, live, wanted, differences }: Seen,
  parts: WantedFields['all'],
): Promise<(Finding & { isWritten: boolean }) | undefined> {
  const isWhole = parts === wanted.all
  const base = fieldsIn(deployment.brought) ?? {}
  const needsSecret = deployment.sealedSecret !== null || differences.some(({ field }) => field === CREDENTIALS)
  const fields = merged(parts, live, isWhole ? base : {})
  if (Object.keys(fields).length === 0 && !needsSecret) return { ...leftOf(differences), isWritten: false }
  const secret = needsSecret ? await pendingSecret(deps, agent, deployment) : undefined
  const sent = secret === undefined ? fields : withSecret(fields, wanted.all, live, secret.plain)
  // Where the answer is lost, what is taken out of the config meanwhile is known to have been there.
  if (isWhole) await inTenant(deps.db, agent.clerkUserId, (trx) => keepBrought(trx, agent, { ...base, ...merged(parts, base) }))
  const changed = await client.change(live.id, sent).catch((error: unknown) => {
    // Nothing happened, and with the same config it will not: her next save is brought again.
    if (error instanceof AppError && error.code === 'vapi_refused') return 'refused' as const
    throw error
  })
  if (changed === undefined) return undefined
  if (changed === 'refused') return { state: 'refused', differences: fieldsOf(differences), isWritten: false }
  const after = await client.read(live.id)
  if (!after) return undefined
  const [answered, left] = [compare(parts, changed), compare(wanted.all, after)]
  const isDraft = compare(parts, after).length > answered.length
  if (isDraft) return { state: 'unpublished', differences: fieldsOf(left), isWritten: true }
  if (secret) await secretArrived(deps, agent, secret)
  const brought = isWhole ? { brought: broughtOf(wanted.all, after) } : {}
  if (left.length === 0) return { state: 'in_step', differences: [], brought: broughtOf(wanted.all, after), isWritten: true }
  return { state: isWhole ? 'refused' : 'altered', differences: fieldsOf(left), ...brought, isWritten: true }
}

/** What is left alone is the owner's. */
function leftOf(differences: Difference[]): Finding {
  return { state: 'altered', differences: fieldsOf(differences) }
}
