import type { Deployment } from '../db/deployments.ts'
import type { VapiKey } from '../db/vapi-keys.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

type Tools = Pick<Deps, 'cipher'>
type Agent = Pick<Deployment, 'clerkUserId' | 'agentId'>

/** A tenant's key of Vapi's API, bound to her: copied to somebody else it does not open. */
export function sealKey({ cipher }: Tools, clerkUserId: string, apiKey: string): string {
  return cipher.seal(apiKey, keyPlace(clerkUserId))
}

/** @throws AppError `vapi_key_refused` when it does not open: only saving a key again mends that */
export function openKey({ cipher }: Tools, { clerkUserId, sealedKey }: Pick<VapiKey, 'clerkUserId' | 'sealedKey'>): string {
  try {
    return cipher.open(sealedKey, keyPlace(clerkUserId))
  } catch (cause) {
    throw new AppError('vapi_key_refused', 'a stored key does not open', { cause })
  }
}

/** A webhook secret on its way to the assistant of this agent. */
export function sealSecret({ cipher }: Tools, agent: Agent, secret: string): string {
  return cipher.seal(secret, secretPlace(agent))
}

/** @throws Error when it does not open */
export function openSecret({ cipher }: Tools, agent: Agent, sealed: string): string {
  return cipher.open(sealed, secretPlace(agent))
}

function keyPlace(clerkUserId: string): string[] {
  return ['vapi_keys', 'sealed_key', clerkUserId]
}

function secretPlace({ clerkUserId, agentId }: Agent): string[] {
  return ['agent_deployments', 'sealed_secret', String(agentId), clerkUserId]
}
