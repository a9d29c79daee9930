import { openSecret, sealSecret } from '../assistants/sealing.ts'
import { type Agent, acceptSecret, findAgent, offerSecret } from '../db/agents.ts'
import { type AgentKey, type Deployment, setSealedSecret } from '../db/deployments.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { newSecret, sha256Hex } from '../secrets.ts'
import { linking } from './linking.ts'

/** A webhook secret on its way to Vapi, and as it is stored until it is there. */
export interface PendingSecret {
  plain: string
  sealed: string
}

/**
 * The same one until Vapi has it, however often it takes. It is accepted from now on and not asked for yet, so that no call is refused, whether
 * or not Vapi has taken it over already.
 * @throws AppError `vapi_busy` when another one was made meanwhile
 */
export async function pendingSecret(
  deps: Pick<Deps, 'db' | 'cipher'>,
  { clerkUserId, agentId }: Agent,
  { sealedSecret }: Deployment,
): Promise<PendingSecret> {
  const key = { clerkUserId, agentId }
  const pending = sealedSecret === null ? undefined : opened(deps, key, sealedSecret)
  if (pending) return pending
  const plain = newSecret()
  const sealed = sealSecret(deps, key, plain)
  await linking(deps.db, clerkUserId, async (trx) => {
    const agent = await findAgent(trx, clerkUserId, agentId)
    if (!agent || !(await setSealedSecret(trx, agent, sealed, sealedSecret)))
      throw new AppError('vapi_busy', 'another secret was made meanwhile')
    await offerSecret(trx, agent, sha256Hex(plain))
  })
  return { plain, sealed }
}

/** @returns `undefined` for one that does not open any more: another takes its place */
function opened({ cipher }: Pick<Deps, 'cipher'>, key: AgentKey, sealed: string): PendingSecret | undefined {
  try {
    return { plain: openSecret({ cipher }, key, sealed), sealed }
  } catch {
    return undefined
  }
}

/** Vapi has it: from now on it is asked for. */
export async function secretArrived(
  { db }: Pick<Deps, 'db'>,
  { clerkUserId, agentId }: Agent,
  { plain, sealed }: PendingSecret,
): Promise<void> {
  await linking(db, clerkUserId, async (trx) => {
    const agent = await findAgent(trx, clerkUserId, agentId)
    if (!agent || !(await setSealedSecret(trx, agent, null, sealed))) return
    if (agent.nextSecretDigest === sha256Hex(plain)) await acceptSecret(trx, agent)
  })
}
