import { listUnreported } from '../db/calls.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { fetchReportLater, QUIET_MS } from './later.ts'

const AT_MOST = 200

/** A job: has calls looked at whose report is missing and of which no job tells, because it was lost or set aside. */
export async function findUnreported(deps: Deps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - QUIET_MS)
  for (const call of await listUnreported(deps.db, before, AT_MOST))
    await inTenant(deps.db, call.clerkUserId, (trx) => fetchReportLater(deps, trx, call, 0))
}
