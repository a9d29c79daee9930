import type { VapiClient } from '../assistants/client.ts'
import { findOwner } from '../db/agents.ts'
import { findReadUntil, listKnownCalls, saveReadUntil } from '../db/calls.ts'
import { inTenant } from '../db/client.ts'
import { findCallsReadUntil, listVapiKeyHolders, saveCallsReadUntil } from '../db/vapi-keys.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { accountOf } from './accounts.ts'
import { bothIdsOf, reportableNews } from './fetch-report.ts'
import { type ListedCall, readListedCall } from './read-call.ts'
import { hear } from './record.ts'

const INSTALLATION = 'installation'
const HOLDERS_AT_ONCE = 500
const HOUR_MS = 60 * 60_000
// Where nobody has read before, older calls are from before this installation.
const FIRST_LOOK_MS = HOUR_MS
// As far back as it is worth reading after the service has stood still.
const LONGEST_LOOK_MS = 7 * 24 * HOUR_MS
// A long time is read in pieces, so that a busy account is never more than can be read at once.
const PIECE_MS = 2 * HOUR_MS
// A call stands in the list some time after it was made.
const OVERLAP_MS = 10 * 60_000

/**
 * A job: finds calls of which nothing was ever heard here, because the service stood still from their first message to their last. Vapi's own
 * list tells of them. Has the accounts of those with a key of their own read, too.
 */
export async function findUnheard(deps: Deps, signal?: AbortSignal): Promise<void> {
  const { db, jobs, vapi } = deps
  for (let holders = await listVapiKeyHolders(db, '', HOLDERS_AT_ONCE); holders.length > 0; ) {
    for (const clerkUserId of holders) await jobs.send(db, 'find-unheard-with-own-key', { clerkUserId }, { singletonKey: clerkUserId })
    holders = await listVapiKeyHolders(db, holders.at(-1) ?? '', HOLDERS_AT_ONCE)
  }
  if (!vapi) return
  const account: Account = {
    vapi,
    readUntil: await findReadUntil(db, INSTALLATION),
    saveReadUntil: (until) => saveReadUntil(db, INSTALLATION, until),
    isServed: () => true,
  }
  await readList(deps, account, signal)
}

/** A job: the same in the account of one tenant. A key that Vapi knows no more is its owner's business. */
export async function findUnheardWithOwnKey(
  deps: Deps,
  { clerkUserId }: JobData['find-unheard-with-own-key'],
  signal?: AbortSignal,
): Promise<void> {
  const { db, log } = deps
  const vapi = await accountOf(deps, clerkUserId, true)
  if (!vapi) return
  const account: Account = {
    vapi,
    readUntil: await inTenant(db, clerkUserId, (trx) => findCallsReadUntil(trx, clerkUserId)),
    saveReadUntil: (until) => inTenant(db, clerkUserId, (trx) => saveCallsReadUntil(trx, clerkUserId, until)),
    isServed: (owner) => owner === clerkUserId,
  }
  await readList(deps, account, signal).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'vapi_key_refused')) throw error
    log.warn({ err: error, clerkUserId }, "a tenant's own key opens no list of calls")
  })
}

interface Account {
  vapi: VapiClient
  /** Its list has been read until then. */
  readUntil: Date | undefined
  saveReadUntil(until: Date): Promise<void>
  /** Does it tell of this user's calls? */
  isServed(clerkUserId: string): boolean
}

/** Reads on from where the list of an account was read to the last time. What is left is read next time. */
async function readList(deps: Deps, { vapi, readUntil, saveReadUntil, isServed }: Account, signal?: AbortSignal): Promise<void> {
  const now = deps.clock.now().getTime()
  const first = Math.max((readUntil?.getTime() ?? now - FIRST_LOOK_MS) - OVERLAP_MS, now - LONGEST_LOOK_MS)
  const owners = new Map<string, string | undefined>()
  for (let since = first; since < now; since += PIECE_MS) {
    const until = Math.min(since + PIECE_MS, now)
    const listed = (await vapi.calls(new Date(since), new Date(until), signal)).flatMap((one) => readListedCall(one) ?? [])
    for (const call of listed) {
      if (signal?.aborted) return
      if (call.assistantId === null) continue
      if (!owners.has(call.assistantId)) owners.set(call.assistantId, await findOwner(deps.db, 'assistant', call.assistantId))
      const clerkUserId = owners.get(call.assistantId)
      if (clerkUserId !== undefined && isServed(clerkUserId)) await hearIfUnheard(deps, clerkUserId, call)
    }
    await saveReadUntil(new Date(until))
  }
}

async function hearIfUnheard(deps: Deps, clerkUserId: string, call: ListedCall): Promise<void> {
  const known = await inTenant(deps.db, clerkUserId, (trx) => listKnownCalls(trx, clerkUserId, bothIdsOf(call.id)))
  if (known.length > 0) return
  await hear(deps, { clerkUserId, callId: call.id, isBelieved: true }, reportableNews(deps, call))
  deps.log.info({ isOver: call.isOver }, "a call that was not heard of was found in Vapi's list")
}
