import { setTimeout as delay } from 'node:timers/promises'
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import type * as z from 'zod'
import { listDue } from '../db/jobs.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { JOBS, type JobData, type JobName, jobNames } from './jobs.ts'
import { bossOn, HEARTBEAT_SECONDS, LONGEST_JOB_SECONDS, SET_ASIDE } from './queue.ts'

// A kind of job that takes long leaves the others their places, and a tenant whose vendor is dead leaves other tenants theirs.
const AT_ONCE_OF_A_KIND = 6
const AT_ONCE_OF_A_TENANT = 2

/** What each kind of job does. A job that throws is tried again. Its signal fires when it is to stop: then it leaves its work to a later try. */
export type Work = { [N in JobName]: (deps: Deps, data: JobData[N], signal: AbortSignal) => Promise<unknown> }

type Job = JobWithMetadata<unknown>

const schemas: { [N in JobName]: z.ZodType<JobData[N]> } = JOBS

export interface Worker {
  /** Begins nothing any more, and waits for what has begun. */
  stop(): Promise<void>
}

/** Runs jobs as they come due, those that it schedules itself among them, until it is stopped. */
export async function startWorker(deps: Deps, work: Work, schedule: [name: JobName, everySeconds: number][]): Promise<Worker> {
  const stopping = new AbortController()
  const boss = bossOn(deps.db)
  boss.on('error', (error) => deps.log.warn({ err: error }, 'the job queue could not be looked after now; it is tried again'))
  await boss.start()
  const timers = schedule.map(([name, everySeconds]) => {
    const send = () =>
      deps.jobs.sendEvery(name, everySeconds).catch((error: unknown) => {
        deps.log.warn({ err: error, job: name }, 'a job could not be scheduled now; it is tried again')
      })
    void send()
    // Twice in each of its intervals, so that none is left out; the second finds the first there.
    return setInterval(send, everySeconds * 500).unref()
  })
  const runner = jobRunner(deps, boss, work, stopping.signal)
  const polling = poll(deps, runner, stopping.signal)
  return {
    stop: async () => {
      stopping.abort(new AppError('unavailable', 'stopping'))
      for (const timer of timers) clearInterval(timer)
      await polling
      await runner.idle()
      await boss.stop({ graceful: false })
    },
  }
}

async function poll({ config, log }: Deps, runner: Runner, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const taken = await runner.take().catch((error: unknown) => {
      log.warn({ err: error }, 'jobs could not be fetched now; it is tried again')
      return 0
    })
    const pause = delay(config.timeouts.jobPollMs, undefined, { signal: stop, ref: false }).catch(() => {})
    // Where there was something there may be more, as soon as a place is free.
    await (taken > 0 ? Promise.race([pause, runner.oneEnded()]) : pause)
  }
}

export interface Runner {
  /** Begins what is due, as far as there are places. @returns how many */
  take(): Promise<number>
  oneEnded(): Promise<void>
  idle(): Promise<void>
}

/** Takes jobs from the queue and runs them side by side. */
export function jobRunner(deps: Deps, boss: PgBoss, work: Work, stop?: AbortSignal): Runner {
  const running = new Map<Promise<void>, string>()
  const fetch = async (name: JobName | typeof SET_ASIDE) => {
    const batchSize = AT_ONCE_OF_A_KIND - [...running.values()].filter((one) => one === name).length
    if (batchSize === 0) return 0
    const jobs = await boss.fetch<unknown>(name, { batchSize, includeMetadata: true, groupConcurrency: AT_ONCE_OF_A_TENANT })
    for (const job of jobs) {
      const ended = (name === SET_ASIDE ? report(deps, boss, job) : run(deps, boss, work, name, job, stop)).catch((error: unknown) => {
        deps.log.warn({ err: error, job: name }, 'how a job ended could not be noted; it is run again')
      })
      running.set(ended, name)
      void ended.then(() => running.delete(ended))
    }
    return jobs.length
  }
  return {
    take: async () => {
      const due = await listDue(deps.db)
      deps.metrics.jobLag(Math.max(0, ...due.map(({ lagSeconds }) => lagSeconds)))
      const waiting = new Set(due.map(({ name }) => name))
      let taken = 0
      // Kinds that a newer version has added wait for it.
      for (const name of [...jobNames, SET_ASIDE] as const) if (waiting.has(name) && !stop?.aborted) taken += await fetch(name)
      return taken
    },
    oneEnded: () => Promise.race(running.keys()),
    idle: async () => void (await Promise.all(running.keys())),
  }
}

async function run<N extends JobName>(deps: Deps, boss: PgBoss, work: Work, name: N, job: Job, stop?: AbortSignal): Promise<void> {
  const lost = new AbortController()
  const heartbeat = setInterval(async () => {
    const kept = await boss.touch(name, job).catch(() => undefined)
    if (kept && 'affected' in kept && kept.affected === 0) lost.abort(new AppError('unavailable', 'the job was given to another'))
  }, HEARTBEAT_SECONDS * 300)
  const inTime = AbortSignal.timeout((LONGEST_JOB_SECONDS - 5) * 1000)
  try {
    await work[name](deps, schemas[name].parse(job.data), AbortSignal.any([lost.signal, inTime, ...(stop ? [stop] : [])]))
    await boss.complete(name, job)
  } catch (error) {
    deps.log.warn({ err: error, job: name, jobId: job.id, attempt: job.retryCount + 1 }, 'a job failed')
    await boss.fail(name, job, { error: errorClass(error) })
  } finally {
    clearInterval(heartbeat)
  }
}

/** The one alert for a job that is not tried any more. The copy stays in its queue, finished, for whoever looks into it. */
async function report(deps: Deps, boss: PgBoss, job: Job): Promise<void> {
  await boss.complete(SET_ASIDE, job)
  const name = job.sourceName ?? 'unknown'
  deps.metrics.jobSetAside(name)
  deps.log.error({ job: name, jobId: job.sourceId, data: job.data, why: job.sourceOutput }, 'a job failed five times and was set aside')
}

/** What kind of failure it was, without what it says: messages may carry what belongs to a tenant. */
function errorClass(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error ? `${error.name} ${error.code}` : error.name
}
