import type { VapiClient } from '../assistants/client.ts'
import { readListedCall } from '../calls/read-call.ts'
import type { TenantDb } from '../db/client.ts'
import { listCallsAtVapi } from '../db/retention.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'

// More calls than that are several jobs.
const CALLS_OF_A_JOB = 100
// Of a call that is under way the transcript is still being written.
const UNDER_WAY_SECONDS = 60 * 60
const AGAIN_SECONDS = 10 * 60
const GIVEN_UP_MS = 7 * 24 * 60 * 60_000

/**
 * What callers of a user who is being deleted said lies at Vapi, in the installation's account, longer than her rows here. To be called while
 * they are still there: the jobs carry all that it takes, ids alone. Her own account at Vapi, if she has one, is hers.
 */
export async function forgetCallsLater({ jobs, vapi, clock }: Pick<Deps, 'jobs' | 'vapi' | 'clock'>, trx: TenantDb, clerkUserId: string) {
  if (!vapi) return // no key: there is nobody whom we could ask
  const { over, underWay, answeredBy } = await listCallsAtVapi(trx, clerkUserId)
  const since = clock.now().toISOString()
  const send = async (all: string[], startAfterSeconds: number) => {
    for (let at = 0; at < all.length; at += CALLS_OF_A_JOB)
      await jobs.send(trx, 'forget-calls', { vapiCallIds: all.slice(at, at + CALLS_OF_A_JOB), answeredBy, since }, { startAfterSeconds })
  }
  await send(over, 0)
  await send(underWay, UNDER_WAY_SECONDS)
}

/**
 * A job: deletes at Vapi what was said in calls of a user who is gone. While Vapi is away it comes again, for a week. The id of a call stands
 * in a message, so what none of her assistants and businesses has answered is left alone.
 */
export async function forgetCalls(deps: Deps, data: JobData['forget-calls'], signal: AbortSignal): Promise<void> {
  const { vapi, db, jobs, clock, log } = deps
  if (!vapi) return
  const left = [...data.vapiCallIds]
  let startAfterSeconds = 0
  for (let id = left[0]; id !== undefined && !signal.aborted; id = left[0]) {
    try {
      await forget(vapi, id, data.answeredBy, signal)
    } catch (error) {
      const isAway = error instanceof AppError && (error.code === 'vapi_unavailable' || error.code === 'vapi_busy')
      if (!isAway || clock.now().getTime() - new Date(data.since).getTime() > GIVEN_UP_MS) throw error
      log.warn({ err: error }, 'Vapi could not be asked to forget calls of a deleted user now; it is tried again')
      startAfterSeconds = signal.aborted ? 0 : AGAIN_SECONDS
      break
    }
    left.shift()
  }
  if (left.length > 0) await jobs.send(db, 'forget-calls', { ...data, vapiCallIds: left }, { startAfterSeconds })
}

async function forget(vapi: VapiClient, id: string, answeredBy: string[], signal: AbortSignal): Promise<void> {
  const found = readListedCall(await vapi.call(id, signal))
  const answerer = found?.assistantId ?? found?.madeId
  if (answerer && answeredBy.includes(answerer)) await vapi.forgetCall(id, signal)
}
