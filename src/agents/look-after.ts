import { system } from '../audit/log.ts'
import { claimDue } from '../db/deployments.ts'
import type { Deps } from '../deps.ts'
import { bringAssistant } from './bring.ts'

const AT_ONCE = 10
/** Somebody may have altered an assistant at Vapi without our knowing. */
const LOOK_AFTER_MS = 60 * 60_000

/**
 * A job: brings what is behind to Vapi, and looks once an hour at every assistant that is kept in step. Any number of processes may run it at
 * once.
 * @param stop ends it early, between two assistants
 * @returns how many it took up
 */
export async function lookAfterAssistants(deps: Deps, stop?: AbortSignal): Promise<number> {
  const due = await claimDue(deps.db, deps.config.timeouts.settleLeaseMs, LOOK_AFTER_MS, AT_ONCE)
  for (const { clerkUserId, agentId, state } of due) {
    if (stop?.aborted) break
    const depth = state === 'behind' ? 'bring' : 'tend'
    await bringAssistant(deps, { clerkUserId, agentId }, depth, { actor: system, isLeased: true }).catch((error: unknown) => {
      // Its lease has grown with this attempt, so that one that fails leaves the others their turn.
      deps.log.warn({ err: error, agentId }, 'an assistant could not be looked after now; it is tried again, at least once an hour')
    })
  }
  return due.length
}
