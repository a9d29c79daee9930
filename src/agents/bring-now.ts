import { setTimeout as delay } from 'node:timers/promises'
import { owner } from '../audit/log.ts'
import type { AgentKey } from '../db/deployments.ts'
import type { Deps } from '../deps.ts'
import { bringAssistant } from './bring.ts'

// Whoever saves waits no longer for Vapi; the work goes on, and a job finishes what it leaves.
const ANSWER_WITHIN_MS = 3000

/** After the transaction that saved a change and marked it: brings it to Vapi at once, where Vapi lets us. What is saved stays saved. */
export async function bringNow(
  deps: Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config' | 'log'>,
  { clerkUserId, agentId }: AgentKey,
): Promise<void> {
  const brought = bringAssistant(deps, { clerkUserId, agentId }, 'bring', { actor: owner }).catch((error: unknown) => {
    deps.log.warn({ err: error, agentId }, 'a change could not be brought to Vapi now; it is tried again')
  })
  await Promise.race([brought, delay(ANSWER_WITHIN_MS, undefined, { ref: false })])
}
