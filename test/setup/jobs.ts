import { sql } from 'kysely'
import { work as ourWork } from '../../src/background.ts'
import type { Deps } from '../../src/deps.ts'
import { bossOn } from '../../src/jobs/queue.ts'
import { jobRunner, type Work } from '../../src/jobs/worker.ts'
import { findDeletions } from '../../src/users/delete.ts'
import type { TestApp } from './app.ts'

type Test = Pick<TestApp, 'deps'>

/** Does all background work that is due, and what becomes due by it. @returns how many jobs it ran */
export async function runJobs({ deps }: Test, work: Work = ourWork): Promise<number> {
  const runner = jobRunner(deps, bossOn(deps.db), work)
  let ran = 0
  for (;;) {
    const taken = await runner.take()
    await runner.idle()
    if (taken === 0) return ran
    ran += taken
  }
}

/** Takes up what is left of deletions, and does it. */
export async function finishDeletions(deps: Deps, stop?: AbortSignal): Promise<void> {
  await findDeletions(deps, stop)
  await runJobs({ deps })
}

/** As if so much time had passed for every job that waits, or for one user's; left out: as if the moment of each had come. */
export async function bringJobsForward({ deps }: Test, { seconds, of }: { seconds?: number; of?: string } = {}): Promise<void> {
  const startAfter = seconds === undefined ? sql`now()` : sql`start_after - ${seconds} * interval '1 second'`
  await sql`
    update jobs.job set start_after = ${startAfter} where state < 'active' and (${of ?? null}::text is null or group_id = ${of ?? null})`.execute(
    deps.db,
  )
}

/** What is in the queue, oldest first. */
export async function jobs({ deps }: Test) {
  const { rows } = await sql<{ name: string; state: string; retryCount: number; data: unknown; output: unknown; waits: number }>`
    select name, state, retry_count, data, output, extract(epoch from start_after - now())::double precision as waits
    from jobs.job order by created_on`.execute(deps.db)
  return rows
}
