import type { VapiClient } from '../assistants/client.ts'
import { findOwner } from '../db/agents.ts'
import { findReadUntil, listKnownCalls, listUnreported, saveReadUntil } from '../db/calls.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { bothIdsOf, reportableNews } from './fetch-report.ts'
import { fetchReportLater, QUIET_MS } from './later.ts'
import { type ListedCall, readListedCall } from './read-call.ts'
import { hear } from './record.ts'

const AT_MOST = 200
const INSTALLATION = 'installation'
const HOUR_MS = 60 * 60_000
// Where nobody has read before, older calls are from before this installation.
const FIRST_LOOK_MS = HOUR_MS
// As far back as it is worth reading after the service has stood still.
const LONGEST_LOOK_MS = 7 * 24 * HOUR_MS
// A call stands in the list some time after it was made.
const OVERLAP_MS = 10 * 60_000

/** A job: has calls looked at whose report is missing and of which no job tells, because it was lost or set aside. */
export async function findUnreported(deps: Deps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - QUIET_MS)
  for (const call of await listUnreported(deps.db, before, AT_MOST))
    await inTenant(deps.db, call.clerkUserId, (trx) => fetchReportLater(deps, trx, call, 0))
}

/**
 * A job: finds calls of which nothing was ever heard here, because the service stood still from their first message to their last. Vapi's own
 * list tells of them.
 */
export async function findUnheard(deps: Deps, signal?: AbortSignal): Promise<void> {
  if (deps.vapi) await readList(deps, INSTALLATION, deps.vapi, signal)
}

/** Reads on from where the list of an account was read to the last time. */
async function readList(deps: Deps, account: string, vapi: VapiClient, signal?: AbortSignal): Promise<void> {
  const now = deps.clock.now()
  const until = (await findReadUntil(deps.db, account))?.getTime() ?? now.getTime() - FIRST_LOOK_MS
  const since = new Date(Math.max(until - OVERLAP_MS, now.getTime() - LONGEST_LOOK_MS))
  const listed = (await vapi.calls(since, signal)).flatMap((one) => readListedCall(one) ?? [])
  const owners = new Map<string, string | undefined>()
  for (const call of listed) {
    if (call.assistantId === null) continue
    if (!owners.has(call.assistantId)) owners.set(call.assistantId, await findOwner(deps.db, 'assistant', call.assistantId))
    const clerkUserId = owners.get(call.assistantId)
    if (clerkUserId !== undefined) await hearIfUnheard(deps, clerkUserId, call)
    // What is left is read next time.
    if (signal?.aborted) return
  }
  await saveReadUntil(deps.db, account, now)
}

async function hearIfUnheard(deps: Deps, clerkUserId: string, call: ListedCall): Promise<void> {
  const known = await inTenant(deps.db, clerkUserId, (trx) => listKnownCalls(trx, clerkUserId, bothIdsOf(call.id)))
  if (known.length > 0) return
  await hear(deps, { clerkUserId, callId: call.id, isBelieved: true }, reportableNews(deps, call))
  deps.log.info({ isOver: call.isOver }, "a call that was not heard of was found in Vapi's list")
}
