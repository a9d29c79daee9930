import type { VapiClient } from '../assistants/client.ts'
import { callIdOf, shownCallId } from '../call-id.ts'
import { findOwner } from '../db/agents.ts'
import { isBusiness } from '../db/businesses.ts'
import { type CallRecord, findCall } from '../db/calls.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { accountsOf } from './accounts.ts'
import { fetchReportLater, QUIET_MS } from './later.ts'
import { type News, NO_NEWS, NO_REPORT } from './news.ts'
import { type ListedCall, readListedCall } from './read-call.ts'
import { hearOf } from './record.ts'

const HOUR_MS = 60 * 60_000
// No call lasts longer at Vapi. What nobody can tell us by then is not going to be told.
const LONGEST_CALL_MS = 12 * HOUR_MS
const RARELY_MS = 15 * 60_000
const GIVEN_UP_MS = 7 * 24 * HOUR_MS

/**
 * A job: asks Vapi for the report of a call that has been quiet for some minutes. While the call goes on, or Vapi cannot be asked, it comes
 * again; a call that Vapi does not know is closed with what was heard of it.
 */
export async function fetchReport(deps: Deps, { clerkUserId, callId }: JobData['fetch-report'], signal: AbortSignal): Promise<void> {
  const call = await inTenant(deps.db, clerkUserId, (trx) => findCall(trx, clerkUserId, callId))
  if (!call || call.reportedAt !== null) return
  const quietMs = deps.clock.now().getTime() - call.lastHeardAt.getTime()
  if (quietMs < QUIET_MS) return lookAgain(deps, call, QUIET_MS - quietMs)
  const accounts = await accountsOf(deps, clerkUserId, call.assistantId)
  if (accounts.length === 0) return quietMs > LONGEST_CALL_MS ? close(deps, call) : lookAgain(deps, call, RARELY_MS)
  const found = await askEach(deps, accounts, call, signal)
  if (found === 'not now' && quietMs < GIVEN_UP_MS) return lookAgain(deps, call, Math.min(quietMs / 2, RARELY_MS))
  if (!found || found === 'not now') return close(deps, call)
  await hearOf(deps, call, reportableNews(deps, found))
  // Nothing is left to do where the report came with it.
  return lookAgain(deps, call, QUIET_MS)
}

/** Analysis follows some time after the end: until then it is only known that the call is over. */
export function reportableNews({ clock }: Pick<Deps, 'clock'>, { news, changedAt }: ListedCall): News {
  const isFresh = changedAt !== null && clock.now().getTime() - changedAt.getTime() < QUIET_MS
  return isFresh ? { ...news, report: null } : news
}

/** A call id stands in a message, and whoever has the secret of one assistant could name another's call. */
export async function isOf({ db }: Pick<Deps, 'db'>, clerkUserId: string, { assistantId, madeId }: ListedCall): Promise<boolean> {
  if (assistantId !== null) return (await findOwner(db, 'assistant', assistantId)) === clerkUserId
  // An assistant that was made for this call alone bears the id of the business for which it answered.
  return madeId !== null && inTenant(db, clerkUserId, (trx) => isBusiness(trx, clerkUserId, madeId))
}

/** What the first account that knows her call tells of it; `not now` while one that may know it cannot be asked. */
async function askEach(
  deps: Deps,
  accounts: VapiClient[],
  call: CallRecord,
  signal: AbortSignal,
): Promise<ListedCall | 'not now' | undefined> {
  let isKnownToNobody = true
  for (const vapi of accounts) {
    const found = await ask(deps, vapi, call, signal)
    if (found === 'not now') isKnownToNobody = false
    else if (found && (await isOf(deps, call.clerkUserId, found))) return found
  }
  return isKnownToNobody ? undefined : 'not now'
}

async function ask(deps: Deps, vapi: VapiClient, call: CallRecord, signal: AbortSignal): Promise<ListedCall | 'not now' | undefined> {
  const id = shownCallId(call.vapiCallId) ?? ''
  try {
    return readListedCall(await vapi.call(id, signal))
  } catch (error) {
    if (!(error instanceof AppError && NOT_NOW.has(error.code))) throw error
    deps.log.warn({ err: error }, 'Vapi could not be asked for the report of a call now; it is tried again')
    return 'not now'
  }
}

// A key may be mended, and with it what Vapi refuses.
const NOT_NOW = new Set<AppError['code']>(['vapi_unavailable', 'vapi_busy', 'vapi_refused', 'vapi_key_refused'])

async function lookAgain(deps: Deps, { clerkUserId, id }: CallRecord, ms: number): Promise<void> {
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const call = await findCall(trx, clerkUserId, id)
    if (call?.reportedAt === null) await fetchReportLater(deps, trx, call, ms)
  })
}

/** It ended when it was last heard of, as far as anybody can tell. Should a report come after all, it counts. */
async function close(deps: Deps, call: CallRecord): Promise<void> {
  const endedAt = call.endedAt ?? call.lastHeardAt
  await hearOf(deps, call, { ...NO_NEWS, madeAt: call.lastHeardAt, status: 'ended', endedAt, report: NO_REPORT })
  deps.log.info({ callId: call.id }, 'Vapi does not know a call: it is closed with what was heard of it')
}

/** The same id with and without somebody who vouches for it. */
export function bothIdsOf(callId: string): [believed: string, unbelieved: string] {
  return [callIdOf(callId, true), callIdOf(callId, false)]
}
