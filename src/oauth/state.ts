import { createHash, randomBytes } from 'node:crypto'
import { inTenant } from '../db/client.ts'
import { consumeFlow, saveFlow } from '../db/oauth-flows.ts'
import { inTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { sha256Hex } from '../secrets.ts'
import type { Role } from './choice.ts'

// Long enough for somebody who first has to find a password.
const FLOW_SECONDS = 10 * 60

/**
 * A new `state` and PKCE challenge (S256) for the vendor; what we need again at the callback is kept.
 * @throws AppError `flow_expired` when the user was deleted since she asked for it
 */
export async function openFlow(deps: Deps, flow: { clerkUserId: string; provider: string; role: Role; returnOrigin: string }) {
  const state = randomBytes(32).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const stateHash = sha256Hex(state)
  const codeVerifier = deps.cipher.seal(verifier, place(flow, stateHash))
  await inTenant(deps.db, flow.clerkUserId, async (trx) => {
    if (!(await inTurn(trx, flow.clerkUserId))) throw new AppError('flow_expired', 'deleted user')
    await saveFlow(trx, { ...flow, stateHash, codeVerifier })
  })
  return { state, codeChallenge: createHash('sha256').update(verifier).digest('base64url') }
}

/**
 * The flow that began with this `state`. It is gone afterwards.
 * @returns `undefined` for a state that is unknown, or was used before; `expired` for one that came too late
 */
export async function closeFlow(deps: Pick<Deps, 'db' | 'cipher'>, state: string) {
  const stateHash = sha256Hex(state)
  const flow = await consumeFlow(deps.db, stateHash)
  if (!flow) return undefined
  const { clerkUserId, provider, returnOrigin, ageSeconds } = flow
  const role: Role = flow.role === 'busy' ? 'busy' : 'destination'
  const codeVerifier = () => deps.cipher.open(flow.codeVerifier, place(flow, stateHash))
  return { clerkUserId, provider, role, returnOrigin, codeVerifier, expired: ageSeconds > FLOW_SECONDS }
}

function place({ clerkUserId, provider }: { clerkUserId: string; provider: string }, stateHash: string): string[] {
  return ['oauth_flows', 'code_verifier', stateHash, clerkUserId, provider]
}
