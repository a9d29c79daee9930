import { discardAssistant, removeNow, type Unwanted } from '../assistants/remove.ts'
import { type Action, logEvent, owner } from '../audit/log.ts'
import {
  type Agent,
  type AgentValues,
  claimAssistant,
  countAgents,
  deleteAgent,
  dropSecrets,
  findAgent,
  findAgentOfAssistant,
  insertAgent,
  listAgents,
  releaseAssistant,
  replaceSecret,
  updateAgent,
} from '../db/agents.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { isUnwanted } from '../db/made-assistants.ts'
import { takeTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { newSecret, sha256Hex } from '../secrets.ts'

// More than one office has. All assistants made here stand in the one account at Vapi, whose list everybody waits for.
const MOST_AGENTS = 100
// Each save may add keys, none takes any away.
const LONGEST_CONFIG = 256 * 1024

/** Newest first. */
export function agentsOf({ db }: Pick<Deps, 'db'>, clerkUserId: string): Promise<Agent[]> {
  return inTenant(db, clerkUserId, (trx) => listAgents(trx, clerkUserId))
}

/** @throws AppError `not_found` */
export async function agentOf(trx: TenantDb, clerkUserId: string, agentId: number): Promise<Agent> {
  const agent = await findAgent(trx, clerkUserId, agentId)
  if (!agent) throw new AppError('not_found', 'no such agent')
  return agent
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
    await logAgent(trx, agent, 'agent.created')
    return { agent, isNew: true }
  })
}

/**
 * Changes what is given. Of `config`, top-level keys that are not given stay and the others are replaced whole. A secret belongs to the
 * assistant: another assistant starts without one.
 * @throws AppError `not_found`, and `assistant_taken` when any other agent has the assistant
 */
export async function changeAgent(
  deps: Pick<Deps, 'db' | 'vapi' | 'config' | 'log'>,
  clerkUserId: string,
  agentId: number,
  changes: Partial<AgentValues>,
): Promise<Agent> {
  const { agent, unwanted } = await linking(deps.db, clerkUserId, async (trx) => {
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
    await logAgent(trx, agent, 'agent.changed', { fields: Object.keys(changes).sort() })
    return { agent, unwanted }
  })
  if (unwanted) await removeNow(deps, unwanted)
  return agent
}

/**
 * The agent goes, with its variables and functions, and its assistant may be linked anew. An assistant that we made goes as well, at once or
 * as soon as Vapi lets us: an agent is never kept alive by Vapi's absence.
 * @returns whether nothing is left to do at Vapi
 * @throws AppError `not_found`
 */
export async function removeAgent(
  deps: Pick<Deps, 'db' | 'vapi' | 'config' | 'log'>,
  clerkUserId: string,
  agentId: number,
): Promise<boolean> {
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

/** @returns a new secret for the webhook. It is stored as a digest only; the one before stays good. @throws AppError `not_found` */
export function renewSecret({ db }: Pick<Deps, 'db'>, clerkUserId: string, agentId: number): Promise<string> {
  return linking(db, clerkUserId, async (trx) => {
    const secret = newSecret()
    const agent = await agentOf(trx, clerkUserId, agentId)
    await replaceSecret(trx, agent, sha256Hex(secret))
    await logAgent(trx, agent, 'secret.changed')
    return secret
  })
}

/**
 * Which assistants and secrets a user has is changed by one request after the other, so that `directory` and her agents agree.
 * @throws AppError `not_signed_in` when she was deleted meanwhile: nothing would delete at Vapi what she still got then
 */
export function linking<T>(db: Deps['db'], clerkUserId: string, work: (trx: TenantDb) => Promise<T>): Promise<T> {
  return inTenant(db, clerkUserId, async (trx) => {
    await takeTurn(trx, clerkUserId)
    return work(trx)
  })
}

/** What was done to an agent stands in the event log, with the assistant that it has by now. */
export function logAgent(
  trx: TenantDb,
  { clerkUserId, agentId, vapiAssistantId }: Agent,
  action: Action,
  details: { fields?: string[] } = {},
): Promise<void> {
  return logEvent(trx, {
    clerkUserId,
    actor: owner,
    action,
    subject: { kind: 'agent', id: agentId },
    details: { assistant_id: vapiAssistantId, ...details },
  })
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
