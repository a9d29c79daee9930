import { createHmac } from 'node:crypto'
import { CHOOSABLE, type Definition, definitionOf } from '../assistants/definition.ts'
import { openDiary } from '../calendar/access.ts'
import { inZone } from '../calendar/zone.ts'
import { type Agent, listAgents } from '../db/agents.ts'
import { type Business, findBusiness, replaceCallSecret } from '../db/businesses.ts'
import { inTenant } from '../db/client.ts'
import type { Deps, Log } from '../deps.ts'
import type { Shown } from '../functions/prompt.ts'
import { configFrom, generalTemplate } from '../functions/templates.ts'
import { sha256Hex } from '../secrets.ts'
import { type Admitted, orAway } from './admission.ts'
import type { Origin } from './messages.ts'
import { busyLineSentence, unmannedLineSentence } from './speech.ts'

/** Which assistant is to answer: one that Vapi has, one for this call alone, or none and why, to be said. */
export type AssistantAnswer =
  | { assistantId: string; assistantOverrides: { variableValues: Record<string, string> } }
  | { assistant: Definition; assistantOverrides: { variableValues: Record<string, string> } }
  | { error: string }

interface Request {
  log: Log
  /** Of the caller's time, before the message was understood. */
  spentMs: number
}

// Vapi hangs up after seven and a half seconds, and the caller hears nothing until then: a second is plenty.
const PATIENCE_MS = 950

/**
 * Answers a call to a business by the number that was dialled. Never throws, and asks nobody but our database: the caller must hear something.
 * Only who has proven to be Vapi is answered: an assistant for one call carries the secret with which it proves itself, and whoever asks
 * without proof learns not even whether the number is known.
 */
export async function answerAssistantRequest(
  deps: Deps,
  admission: Admitted,
  origin: Origin,
  { log, spentMs }: Request,
): Promise<AssistantAnswer> {
  if (admission.kind === 'away') return { error: busyLineSentence() }
  if (admission.kind === 'unknown') return { error: unmannedLineSentence() }
  if (!admission.proven) {
    log.warn('an assistant is asked for without a secret: set one for the server of this phone number')
    return { error: unmannedLineSentence() }
  }
  try {
    const answer = await orAway(log, () => choose(deps, admission.clerkUserId, origin), Math.max(0, PATIENCE_MS - spentMs))
    return 'kind' in answer ? { error: busyLineSentence() } : answer
  } catch (error) {
    log.error({ err: error }, 'a call could not be answered')
    return { error: busyLineSentence() }
  }
}

function choose(deps: Deps, clerkUserId: string, { dialledNumber, customerName }: Origin): Promise<AssistantAnswer> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const business = await findBusiness(trx, clerkUserId, dialledNumber)
    if (dialledNumber === null || business.phoneNumber !== dialledNumber || !business.isActive) return { error: unmannedLineSentence() }
    const agents = await listAgents(trx, clerkUserId)
    const agent = agentOf(business, agents)
    if (agent === 'none') return { error: unmannedLineSentence() }

    const { rules, connections } = await openDiary(deps, trx, clerkUserId, dialledNumber)
    const shown: Shown = { name: business.name, timeZone: rules.timeZone, openingHours: rules.openingHours }
    const assistantOverrides = { variableValues: variablesOf(shown, deps.clock.now(), customerName) }
    if (agent && agent.vapiAssistantId !== null) return { assistantId: agent.vapiAssistantId, assistantOverrides }

    const secret = callSecret(deps, clerkUserId, business)
    const digest = sha256Hex(secret)
    if (business.secretDigest !== digest) await replaceCallSecret(trx, clerkUserId, business, digest)
    const isConnected = connections.some(({ role, state }) => role === 'destination' && state === 'active')
    const { baseUrl } = deps.config
    const config = { ...configFrom(generalTemplate, { business: shown, baseUrl, isConnected }), ...ownChoices(agent) }
    const name = agent?.agentName ?? business.name
    return { assistant: definitionOf({ id: business.id, name, config, secret, baseUrl }), assistantOverrides }
  })
}

/**
 * The one that the business names, else the newest active one that has an assistant, else the newest active one, for which an assistant is
 * made. `undefined`: there is no agent yet, and the business answers by itself. `none`: her agents are switched off, so nobody answers.
 */
function agentOf({ agentId }: Business, agents: Agent[]): Agent | undefined | 'none' {
  const active = agents.filter(({ isActive }) => isActive)
  if (agentId !== null) return active.find((one) => one.agentId === agentId) ?? 'none'
  return active.find(({ vapiAssistantId }) => vapiAssistantId !== null) ?? active[0] ?? (agents.length > 0 ? 'none' : undefined)
}

/** What the owner chose for her agent, but for the model: its prompt and functions are those that can be kept in this call. */
function ownChoices(agent: Agent | undefined): Record<string, unknown> {
  const config = agent?.config
  if (typeof config !== 'object' || config === null) return {}
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'model' && CHOOSABLE.includes(key)))
}

/** Every one of a business has the same, made from our secret: it is stored nowhere but as the digest by which it is known again. */
function callSecret({ config }: Deps, clerkUserId: string, { id }: Business): string {
  return createHmac('sha256', config.signingSecret)
    .update(JSON.stringify(['assistant of one call', clerkUserId, id]))
    .digest('base64url')
}

/** For the prompt of a saved assistant, whose {{now}} is UTC. */
function variablesOf({ name, timeZone }: Shown, now: Date, callerName: string | null): Record<string, string> {
  const today = inZone(now, timeZone)
  const words = (day: Temporal.ZonedDateTime) =>
    day.toLocaleString('en-US', { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' })
  return {
    business_name: name,
    caller_name: callerName ?? '',
    time_zone: timeZone,
    today: words(today),
    tomorrow: words(today.add({ days: 1 })),
    weekday: today.toLocaleString('en-US', { weekday: 'long' }),
  }
}
