import type { CallRecord } from '../db/calls.ts'
import type { TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'

/** Nothing was heard of a call for so long: its report is late, or was missed. */
export const QUIET_MS = 3 * 60_000

/** Has a call looked at, should its report be missing then. Belongs in the transaction that makes the call, or leaves it without. */
export function fetchReportLater(
  { jobs }: Pick<Deps, 'jobs'>,
  trx: TenantDb,
  { clerkUserId, id }: Pick<CallRecord, 'clerkUserId' | 'id'>,
  ms = QUIET_MS,
): Promise<void> {
  return jobs.send(trx, 'fetch-report', { clerkUserId, callId: id }, { startAfterSeconds: Math.ceil(ms / 1000), singletonKey: id })
}
