import { logEvent, system } from '../audit/log.ts'
import { shownCallId } from '../call-id.ts'
import { accountsOf } from '../calls/accounts.ts'
import { isOf } from '../calls/fetch-report.ts'
import { readListedCall } from '../calls/read-call.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { dropOld, findRetention, listToForget, markForgotten, type ToForget } from '../db/retention.ts'
import { listTenants } from '../db/tenants.ts'
import type { Deps } from '../deps.ts'
import type { JobData } from '../jobs/jobs.ts'

const TENANTS_AT_ONCE = 500
const ROWS_AT_ONCE = 1000
// A job has a minute; what is left is for the next one.
const CALLS_AT_ONCE = 20

/** A job: has everybody's old records dropped. */
export async function findOldRecords({ db, jobs }: Deps, signal: AbortSignal): Promise<void> {
  for (let tenants = await listTenants(db, '', TENANTS_AT_ONCE); tenants.length > 0 && !signal.aborted; ) {
    for (const clerkUserId of tenants) await jobs.send(db, 'drop-old-records', { clerkUserId }, { singletonKey: clerkUserId })
    tenants = await listTenants(db, tenants.at(-1) ?? '', TENANTS_AT_ONCE)
  }
}

/** A job: drops what is older than this tenant keeps it, here and then at Vapi. Again is no harm. */
export async function dropOldRecords(deps: Deps, { clerkUserId }: JobData['drop-old-records'], signal: AbortSignal): Promise<void> {
  for (let isMore = true; isMore && !signal.aborted; ) {
    isMore = await inTenant(deps.db, clerkUserId, async (trx) => {
      const kept = await findRetention(trx, clerkUserId)
      if (!kept) return false
      const dropped = await dropOld(trx, clerkUserId, kept, ROWS_AT_ONCE)
      const counts = Object.values(dropped)
      if (counts.every((count) => count === 0)) {
        // Those for which Vapi could not be asked at the time.
        if ((await listToForget(trx, clerkUserId, 1)).length > 0) await forgetAtVapiLater(deps, trx, clerkUserId)
        return false
      }
      await logEvent(trx, {
        clerkUserId,
        actor: system,
        action: 'records.dropped',
        subject: { kind: 'user', id: clerkUserId },
        details: dropped,
      })
      await forgetAtVapiLater(deps, trx, clerkUserId)
      return counts.some((count) => count >= ROWS_AT_ONCE)
    })
  }
}

/** In the transaction that marks the calls. */
export function forgetAtVapiLater({ jobs }: Pick<Deps, 'jobs'>, trx: TenantDb, clerkUserId: string): Promise<void> {
  return jobs.send(trx, 'forget-at-vapi', { clerkUserId }, { singletonKey: clerkUserId })
}

/** A job: deletes at Vapi what was said in calls, transcript and recording, once it is not to be kept any longer. */
export async function forgetAtVapi(deps: Deps, { clerkUserId }: JobData['forget-at-vapi'], signal: AbortSignal): Promise<void> {
  if ((await accountsOf(deps, clerkUserId, null)).length === 0) return // no key: there is nobody whom we could ask
  const calls = await inTenant(deps.db, clerkUserId, (trx) => listToForget(trx, clerkUserId, CALLS_AT_ONCE))
  for (const call of calls) {
    if (signal.aborted) return
    await forget(deps, clerkUserId, call, signal)
    await inTenant(deps.db, clerkUserId, (trx) => markForgotten(trx, clerkUserId, call.id))
  }
  if (calls.length === CALLS_AT_ONCE) await inTenant(deps.db, clerkUserId, (trx) => forgetAtVapiLater(deps, trx, clerkUserId))
}

/** The id of a call stands in a message: what Vapi does not say to be a call of this tenant's own assistant is left alone. */
async function forget(
  deps: Deps,
  clerkUserId: string,
  { vapiCallId, isBelieved, assistantId }: ToForget,
  signal: AbortSignal,
): Promise<void> {
  const id = shownCallId(vapiCallId)
  if (!isBelieved || id === null) return
  for (const vapi of await accountsOf(deps, clerkUserId, assistantId)) {
    const found = readListedCall(await vapi.call(id, signal))
    if (found && (await isOf(deps, clerkUserId, found))) await vapi.forgetCall(id, signal)
  }
}
