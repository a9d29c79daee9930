import { setTimeout as delay } from 'node:timers/promises'
import { discardAssistants, removeNow } from '../assistants/remove.ts'
import { logEvent, owner } from '../audit/log.ts'
import { inTenant } from '../db/client.ts'
import { listConnections, markEnding } from '../db/connections.ts'
import { rememberDeleted } from '../db/deleted-users.ts'
import { eraseUser, findUser, listUsersToErase, lockUser, markDeleted } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import type { JobData } from '../jobs/jobs.ts'
import { END_LEASE_MS, endConnections, endLeftovers } from '../oauth/disconnect.ts'
import { forgetCallsLater } from '../privacy/forget-calls.ts'

// Clerk waits five seconds for an answer.
const ANSWER_WITHIN_MS = 3000
const AT_ONCE = 20

/**
 * Deletes a user for good, also one who never came: nobody is let in as her from this moment on, her grants are ended at the vendors and
 * the assistants that we made for her and what was said in her calls are deleted at Vapi, then all her rows go. Deleting again is no harm. Does not wait long for anybody
 * outside: jobs (`findDeletions`, `sweepAssistants`) go on with whatever is left.
 */
export async function deleteUser(deps: Deps, clerkUserId: string): Promise<void> {
  const { ending, unwanted } = await inTenant(deps.db, clerkUserId, async (trx) => {
    await lockUser(trx, clerkUserId)
    await rememberDeleted(trx, clerkUserId)
    const user = await findUser(trx, clerkUserId)
    // Until her rows go, and her events with them.
    if (user?.deletedAt === null) {
      await logEvent(trx, { clerkUserId, actor: owner, action: 'user.deleted', subject: { kind: 'user', id: user.id } })
      await forgetCallsLater(deps, trx, clerkUserId)
    }
    await markDeleted(trx, clerkUserId)
    const ending = await listConnections(trx, clerkUserId)
    await markEnding(trx, clerkUserId, ending, END_LEASE_MS)
    return { ending, unwanted: await discardAssistants(deps, trx, clerkUserId) }
  })
  const removed = Promise.all(unwanted.map((one) => removeNow(deps, one)))
  const erased = endConnections(deps, ending)
    .then(() => erase(deps, clerkUserId))
    .then(() => removed)
    .catch((error: unknown) => deps.log.warn({ err: error }, 'a deleted user could not be erased now'))
  await Promise.race([erased, delay(ANSWER_WITHIN_MS, undefined, { ref: false })])
}

/**
 * A job: goes on with disconnecting, and with deletions, where a crash or a silent vendor stopped them. Any number of processes may run it at
 * once; each user is erased by a job of her own.
 * @param stop ends it early
 */
export async function findDeletions(deps: Deps, stop?: AbortSignal): Promise<void> {
  await endLeftovers(deps, stop)
  for (const clerkUserId of await listUsersToErase(deps.db, AT_ONCE))
    await deps.jobs.send(deps.db, 'erase-user', { clerkUserId }, { singletonKey: clerkUserId })
}

/** A job: her rows go, unless a grant of hers is still being ended. */
export function eraseDeleted(deps: Deps, { clerkUserId }: JobData['erase-user']): Promise<void> {
  return erase(deps, clerkUserId)
}

function erase(deps: Deps, clerkUserId: string): Promise<void> {
  return inTenant(deps.db, clerkUserId, (trx) => eraseUser(trx, clerkUserId))
}
