import type { LiveAssistant } from '../assistants/answers.ts'
import type { VapiClient } from '../assistants/client.ts'
import { namesModel, type WantedFields, wantedOf } from '../assistants/definition.ts'
import { compare, type Difference, emptied } from '../assistants/fields.ts'
import { bringsModelKey, madeIdOf, showsSecret } from '../assistants/live.ts'
import { vapiOf } from '../assistants/own-key.ts'
import type { Agent } from '../db/agents.ts'
import { inTenant } from '../db/client.ts'
import type { Deployment } from '../db/deployments.ts'
import { findKept } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { wantedOfAgent } from './wanted.ts'

/** An assistant at Vapi beside what it should be. */
export interface Seen {
  client: VapiClient
  live: LiveAssistant
  wanted: WantedFields
  differences: Difference[]
  /** Where what her config says is at Vapi neither as it is saved nor as it was brought there. */
  alteredByOwner: Difference[]
}

/**
 * What stands at Vapi beside what should.
 * @param deployment `undefined`: we have not kept it until now
 * @returns `undefined` when there is no such assistant, or it was made for somebody else
 */
export async function lookAt(
  deps: Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config'>,
  agent: Agent,
  deployment: Deployment | undefined,
): Promise<Seen | undefined> {
  const { clerkUserId, vapiAssistantId } = agent
  if (vapiAssistantId === null) return undefined
  const made = await inTenant(deps.db, clerkUserId, (trx) => findKept(trx, clerkUserId, vapiAssistantId))
  const { client } = await vapiOf(deps, clerkUserId, made?.withOwnKey)
  const live = await client.read(vapiAssistantId)
  const madeId = live ? madeIdOf(live) : null
  if (!live || (madeId !== null && madeId !== made?.id)) return undefined
  const hasModel = namesModel(live)
  const config = fieldsIn(agent.config)
  const told = await inTenant(deps.db, clerkUserId, (trx) =>
    wantedOfAgent(deps, trx, clerkUserId, { agentName: agent.agentName, config }, hasModel),
  )
  const { ours, all } = wantedOf({ ...told, id: made?.id ?? null, baseUrl: deps.config.baseUrl }, hasModel)
  const base = fieldsIn(deployment?.brought) ?? {}
  const wanted = { ours, all: { ...all, ...emptied(all, live, base) } }
  const needed = secretNeeded(agent, wanted.all, live, base)
  const ourFields = new Set(fieldsOf(compare(wanted.ours, live)))
  const differences = [...compare(wanted.all, live, base), ...(needed ? [needed] : [])]
  const { [TOLD]: _told, ...brought } = base
  const alteredByOwner = compare(brought, live).filter(({ field }) => !ourFields.has(field) && fieldsOf(differences).includes(field))
  return { client, live, wanted, differences, alteredByOwner }
}

/** The field in which an assistant brings its secret. */
export const CREDENTIALS = 'credentials'
/** Beside what was brought: did Vapi tell afterwards that the assistant has credentials? Where it never tells, nothing follows from silence. */
const TOLD = 'credentialsAreTold'

function secretNeeded(agent: Agent, wanted: object, live: LiveAssistant, base: Record<string, unknown>): Difference | undefined {
  const isSilent = base[TOLD] === false
  const isShown = agent.secretDigest !== null && (isSilent || showsSecret(live))
  if (isShown && (isSilent || bringsModelKey({ ...wanted }, live))) return undefined
  return { field: CREDENTIALS, wanted: 'a secret of its own', live: showsSecret(live) ? 'others' : 'none' }
}

/** What is wanted, for the next comparison. */
export function broughtOf(wanted: object, live: LiveAssistant): object {
  return { ...wanted, [TOLD]: showsSecret(live) }
}

/** Names alone. */
export function fieldsOf(differences: Difference[]): string[] {
  return differences.map(({ field }) => field)
}

/** `null` where there are none. */
export function fieldsIn(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}
