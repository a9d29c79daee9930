import { findAgentOfAssistant, findOwner } from '../db/agents.ts'
import { databaseIsAway, inTenant } from '../db/client.ts'
import type { Deps, Log } from '../deps.ts'
import { type Credential, signatureFits } from './credentials.ts'
import type { Origin } from './messages.ts'

/** Whom a message concerns, and how far it is believed. Wrong or missing credentials are a 401 that explains nothing. */
export type Admission = { kind: 'refused' } | Admitted

/** All of these are answered in words. */
export type Admitted =
  /** Of no tenant that we know: the caller hears so. */
  | { kind: 'unknown' }
  /** The database cannot be asked: nothing is done for anybody, and the caller hears so. */
  | { kind: 'away' }
  /** Not `proven` is an assistant without a secret: then Vapi's facts about the caller may be anybody's. */
  | { kind: 'tenant'; clerkUserId: string; assistantId: string | null; proven: boolean }

/**
 * Whose assistant or line this is, from what Vapi and we know, never from what a model wrote. An assistant with a secret on file is served
 * with that secret alone; ids of two tenants in one message are nobody's.
 */
export async function admit(deps: Deps, credential: Credential, body: Buffer, origin: Origin): Promise<Admission> {
  const { vapi } = deps.config
  if (credential.kind === 'away') return credential
  if (credential.kind === 'signature' && !signatureFits(credential, body, vapi.hmacSecrets, new Date())) return { kind: 'refused' }
  if (credential.kind === 'none' && vapi.unsigned === 'refuse') return { kind: 'refused' }

  const [line, ...found] = await Promise.all([
    origin.dialledNumber === null ? undefined : findOwner(deps.db, 'number', origin.dialledNumber),
    ...origin.assistantIds.map(async (assistantId) => ({ assistantId, owner: await findOwner(deps.db, 'assistant', assistantId) })),
  ])
  const known = found.find((one) => one.owner !== undefined)
  const owners = new Set(found.map((one) => one.owner).filter((owner) => owner !== undefined))
  if (credential.kind === 'own') owners.add(credential.clerkUserId)
  // Anybody may dial or name a number: it leads to a tenant only for whoever has proven to be Vapi. And nobody proves that a number is hers
  // when she claims it, so it never speaks against a secret or an assistant.
  else if (line !== undefined && credential.kind !== 'none' && owners.size === 0) owners.add(line)
  const [clerkUserId] = owners
  if (line !== undefined && clerkUserId !== undefined && line !== clerkUserId)
    deps.log.warn({ clerkUserId }, 'the number of this call is claimed by another user than the one whose secret or assistant it shows')
  if (owners.size > 1) {
    deps.log.warn({ assistants: origin.assistantIds.length }, 'a message names assistants or a secret of two tenants')
    return credential.kind === 'own' ? { kind: 'refused' } : { kind: 'unknown' }
  }
  if (clerkUserId === undefined) return { kind: 'unknown' }

  const { assistantId = null } = known ?? {}
  if (assistantId !== null) {
    const agent = await inTenant(deps.db, clerkUserId, (trx) => findAgentOfAssistant(trx, clerkUserId, assistantId))
    const secrets = [agent?.secretDigest, agent?.previousSecretDigest].filter((digest) => typeof digest === 'string')
    // While an assistant gets a secret it shows the new one or still none: both are let in, until Vapi is known to have it.
    const accepted = [...secrets, agent?.nextSecretDigest]
    if (secrets.length > 0 && !(credential.kind === 'own' && accepted.includes(credential.digest))) return { kind: 'refused' }
    if (!agent?.isActive) return { kind: 'unknown' }
  }
  return { kind: 'tenant', clerkUserId, assistantId, proven: credential.kind !== 'none' }
}

// A caller would rather hear after this that the diary cannot be reached.
const PATIENCE_MS = 2500

/** A caller waits: without the database, or when it takes too long, nothing can be checked or done, but a sentence can be said. */
export async function orAway<T>(log: Log, work: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T | { kind: 'away' }> {
  const late = Promise.withResolvers<{ kind: 'away' }>()
  const timer = setTimeout(() => late.resolve({ kind: 'away' }), patienceMs)
  try {
    return await Promise.race([work(), late.promise])
  } catch (error) {
    if (!databaseIsAway(error)) throw error
    log.error({ err: error }, 'the database does not answer')
    return { kind: 'away' }
  } finally {
    clearTimeout(timer)
  }
}
