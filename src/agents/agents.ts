import { discardAssistant, removeNow, type Unwanted } from '../assistants/remove.ts'
import { sealSecret } from '../assistants/sealing.ts'
import {
  type Agent,
  type AgentValues,
  claimAssistant,
  countAgents,
  deleteAgent,
  dropSecrets,
  findAgentOfAssistant,
  insertAgent,
  listAgents,
  releaseAssistant,
  replaceSecret,
  updateAgent,
} from '../db/agents.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { deleteDeployment, findDeployment, markBehind, setSealedSecret } from '../db/deployments.ts'
import { isUnwanted } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { newSecret, sha256Hex } from '../secrets.ts'
import { bringNow } from './bring-now.ts'
import { agentOf, linking, logAgent } from './linking.ts'
import { keepVersion } from './versions.ts'

// More than one office has. All assistants made here stand in the one account at Vapi, whose list everybody waits for.
const MOST_AGENTS = 100
// Each save may add keys, none takes any away.
const LONGEST_CONFIG = 256 * 1024

/** Newest first. */
export function agentsOf({ db }: Pick<Deps, 'db'>, clerkUserId: string): Promise<Agent[]> {
  return inTenant(db, clerkUserId, (trx) => listAgents(trx, clerkUserId))
}

/**
 * A new agent, or the one that stands for this assistant already.
 * @throws AppError `assistant_taken` when it is linked to somebody else, `limit_reached`
 */
export function addAgent({ db }: Pick<Deps, 'db'>, clerkUserId: string, values: AgentValues): Promise<{ agent: Agent; isNew: boolean }> {
  return linking(db, clerkUserId, async (trx) => {
    const { vapiAssistantId } = values
    const linked = vapiAssistantId === null ? undefined : await findAgentOfAssistant(trx, clerkUserId, vapiAssistantId)
    if (linked) return { agent: linked, isNew: false }
    await roomForAgent(trx, clerkUserId)
    if (vapiAssistantId !== null) await claim(trx, clerkUserId, vapiAssistantId)
    const agent = await insertAgent(trx, clerkUserId, values)
    await keepVersion(trx, agent, undefined)
    await logAgent(trx, agent, 'agent.created')
    return { agent, isNew: true }
  })
}

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config' | 'log'>

/**
 * Changes what is given. Of `config`, top-level keys that are not given stay and the others are replaced whole. A secret belongs to the
 * assistant: another assistant starts without one. Name and config are brought to an assistant that is kept in step, at once or as soon as
 * Vapi lets us.
 * @param note what the change is about, for its version
 * @throws AppError `not_found`, and `assistant_taken` when any other agent has the assistant
 */
export async function changeAgent(
  deps: Tools,
  clerkUserId: string,
  agentId: number,
  changes: Partial<AgentValues>,
  note: string | null = null,
): Promise<Agent> {
  const { agent, unwanted, isBehind } = await linking(deps.db, clerkUserId, async (trx) => {
    const before = await agentOf(trx, clerkUserId, agentId)
    const { agentName = before.agentName, isActive = before.isActive, vapiAssistantId = before.vapiAssistantId } = changes
    const config = mergedConfig(before.config, changes.config)
    const isOther = vapiAssistantId !== before.vapiAssistantId
    if (isOther && vapiAssistantId !== null) {
      if (await findAgentOfAssistant(trx, clerkUserId, vapiAssistantId)) throw new AppError('assistant_taken', 'of another agent of hers')
      await claim(trx, clerkUserId, vapiAssistantId)
    }
    const unwanted = isOther ? await unlink(deps, trx, before) : undefined
    const agent = await updateAgent(trx, before, { agentName, isActive, vapiAssistantId, config })
    await keepVersion(trx, agent, before, { note })
    await logAgent(trx, agent, 'agent.changed', { fields: Object.keys(changes).sort() })
    const isToBring = changes.agentName !== undefined || changes.config !== undefined
    return { agent, unwanted, isBehind: isToBring && (await markBehind(trx, agent)) }
  })
  if (unwanted) await removeNow(deps, unwanted)
  if (isBehind) await bringNow(deps, agent)
  return agent
}

/**
 * The agent goes, with its variables and functions, and its assistant may be linked anew. An assistant that we made goes as well, at once or
 * as soon as Vapi lets us: an agent is never kept alive by Vapi's absence.
 * @returns whether nothing is left to do at Vapi
 * @throws AppError `not_found`
 */
export async function removeAgent(deps: Tools, clerkUserId: string, agentId: number): Promise<boolean> {
  const unwanted = await linking(deps.db, clerkUserId, async (trx) => {
    const agent = await agentOf(trx, clerkUserId, agentId)
    const unwanted = await unlink(deps, trx, agent)
    // Without an assistant it may have had a secret all the same.
    await dropSecrets(trx, agent)
    await deleteAgent(trx, agent)
    await logAgent(trx, agent, 'agent.deleted')
    return unwanted
  })
  return unwanted === undefined || removeNow(deps, unwanted)
}

/**
 * @returns a new secret for the webhook. It is stored as a digest only; the one before stays good. An assistant that is kept in step is given it
 *   here, any other by whoever asked
 * @throws AppError `not_found`
 */
export async function renewSecret(deps: Tools, clerkUserId: string, agentId: number): Promise<string> {
  const secret = newSecret()
  const { agent, isBehind } = await linking(deps.db, clerkUserId, async (trx) => {
    const agent = await agentOf(trx, clerkUserId, agentId)
    await replaceSecret(trx, agent, sha256Hex(secret))
    await logAgent(trx, agent, 'secret.changed')
    const deployment = await findDeployment(trx, agent)
    if (!deployment) return { agent, isBehind: false }
    await setSealedSecret(trx, agent, sealSecret(deps, agent, secret), deployment.sealedSecret)
    return { agent, isBehind: await markBehind(trx, agent) }
  })
  if (isBehind) await bringNow(deps, agent)
  return secret
}

/** @throws AppError `limit_reached` when she has as many agents as one user may have */
export async function roomForAgent(trx: TenantDb, clerkUserId: string): Promise<void> {
  if ((await countAgents(trx, clerkUserId)) >= MOST_AGENTS) throw new AppError('limit_reached', `${MOST_AGENTS} agents`)
}

/** @throws AppError `assistant_taken`, also for one of hers that goes as soon as Vapi can be reached: its agent would be left without a voice */
export async function claim(trx: TenantDb, clerkUserId: string, vapiAssistantId: string): Promise<void> {
  if (await isUnwanted(trx, clerkUserId, vapiAssistantId)) throw new AppError('assistant_taken', 'it is being deleted at Vapi')
  if (!(await claimAssistant(trx, vapiAssistantId))) throw new AppError('assistant_taken', 'of another user')
}

/** Its assistant, if it has one, is anybody's; its secrets, which that assistant was given, open nothing any more. */
async function unlink(deps: Pick<Deps, 'config'>, trx: TenantDb, agent: Agent): Promise<Unwanted | undefined> {
  if (agent.vapiAssistantId === null) return undefined
  await releaseAssistant(trx, agent.vapiAssistantId)
  await dropSecrets(trx, agent)
  await deleteDeployment(trx, agent)
  return discardAssistant(deps, trx, agent.clerkUserId, agent.vapiAssistantId)
}

/** Nothing saved is lost by a save that does not know it; `null` clears, `undefined` leaves alone. */
function mergedConfig(stored: Agent['config'], saved: AgentValues['config'] | undefined): AgentValues['config'] {
  const before = stored !== null && typeof stored === 'object' ? { ...stored } : null
  if (saved === undefined) return before
  const config = saved && { ...before, ...saved }
  if (config && Buffer.byteLength(JSON.stringify(config)) > LONGEST_CONFIG) throw new AppError('too_large', 'a config that has grown')
  return config
}
