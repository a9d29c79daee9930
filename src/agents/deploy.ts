import type { Difference } from '../assistants/fields.ts'
import { makeAssistant } from '../assistants/make.ts'
import { type Actor, logEvent } from '../audit/log.ts'
import { type Agent, replaceSecret, updateAgent } from '../db/agents.ts'
import { inTenant } from '../db/client.ts'
import { DEPLOYMENT_STATES, type Deployment, type DeploymentState, findDeployment, insertDeployment } from '../db/deployments.ts'
import { keepMade } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { newSecret, sha256Hex } from '../secrets.ts'
import { claim } from './agents.ts'
import { bringAssistant } from './bring.ts'
import { agentOf, linking } from './linking.ts'
import { lookAt } from './look-at.ts'
import { wantedOfAgent } from './wanted.ts'

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config' | 'log'>

/** What became of a deployment. */
export interface Deployed {
  agent: Agent
  /** `listed`: nothing was written, because that was asked for. */
  outcome: 'made' | 'repaired' | 'nothing_to_do' | 'incomplete' | 'listed'
  /** `undefined`: the assistant is none that we keep in step. */
  state: DeploymentState | undefined
  /** Before anything was written. */
  differences: Difference[]
}

/** @throws AppError `not_found` */
export function deploymentOf(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  agentId: number,
): Promise<{ agent: Agent; deployment: Deployment | undefined }> {
  return inTenant(db, clerkUserId, async (trx) => {
    const agent = await agentOf(trx, clerkUserId, agentId)
    return { agent, deployment: await findDeployment(trx, agent) }
  })
}

/**
 * Brings an agent's assistant into the state in which it works with us and is as the agent says, and keeps it there from now on. An agent
 * without an assistant gets one.
 * @param dryRun writes nothing, and lists what would be written
 * @throws AppError `not_found`, `assistant_gone`, `deployment_under_way`, `function_unfit`, and what `VapiClient` throws
 */
export async function deployAgent(
  deps: Tools,
  clerkUserId: string,
  agentId: number,
  { dryRun = false, actor }: { dryRun?: boolean; actor: Actor },
): Promise<Deployed> {
  const { agent, deployment } = await deploymentOf(deps, clerkUserId, agentId)
  if (agent.vapiAssistantId === null) {
    if (!dryRun) return { agent: await giveAssistant(deps, agent, actor), outcome: 'made', state: 'in_step', differences: [] }
    const differences = [{ field: 'assistant', wanted: 'one of its own', live: undefined }]
    return { agent, outcome: 'listed', state: undefined, differences }
  }
  if (dryRun) {
    const seen = await lookAt(deps, agent, deployment)
    if (!seen) throw new AppError('assistant_gone', 'looked at')
    return { agent, outcome: 'listed', state: stateIn(deployment), differences: seen.differences }
  }
  await linking(deps.db, clerkUserId, async (trx) => insertDeployment(trx, await agentOf(trx, clerkUserId, agentId), 'behind'))
  const outcome = await bringAssistant(deps, agent, 'bring', { actor })
  if (!outcome) throw new AppError('deployment_under_way', 'leased')
  if (outcome.state === 'gone') throw new AppError('assistant_gone', 'brought')
  const { state, differences, isWritten } = outcome
  return { agent, state, differences, outcome: state !== 'in_step' ? 'incomplete' : isWritten ? 'repaired' : 'nothing_to_do' }
}

async function giveAssistant(deps: Tools, agent: Agent, actor: Actor): Promise<Agent> {
  const { clerkUserId, agentId } = agent
  const wanted = await linking(deps.db, clerkUserId, async (trx) => {
    const { agentName, config } = await agentOf(trx, clerkUserId, agentId)
    return wantedOfAgent(deps, trx, clerkUserId, { agentName, config: config instanceof Object ? { ...config } : null })
  })
  const secret = newSecret()
  const { id, vapiAssistantId, brought } = await makeAssistant(deps, clerkUserId, { ...wanted, secret })
  return linking(deps.db, clerkUserId, async (trx) => {
    const now = await agentOf(trx, clerkUserId, agentId)
    if (now.vapiAssistantId !== null) throw new AppError('deployment_under_way', 'it was given another assistant meanwhile')
    if (!(await keepMade(trx, clerkUserId, id, vapiAssistantId))) throw new AppError('vapi_unavailable', 'it took too long to be kept')
    await claim(trx, clerkUserId, vapiAssistantId)
    const config = now.config instanceof Object ? { ...now.config } : null
    const linked = await updateAgent(trx, now, { agentName: now.agentName, isActive: now.isActive, vapiAssistantId, config })
    await replaceSecret(trx, linked, sha256Hex(secret))
    await insertDeployment(trx, linked, 'in_step', brought)
    const details = { assistant_id: vapiAssistantId }
    await logEvent(trx, { clerkUserId, actor, action: 'agent.deployed', subject: { kind: 'agent', id: agentId }, details })
    return linked
  })
}

/** The names are those that the table allows. */
export function stateIn(deployment: Deployment | undefined): DeploymentState | undefined {
  return DEPLOYMENT_STATES.find((state) => state === deployment?.state)
}
