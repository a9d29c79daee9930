import { randomUUID } from 'node:crypto'
import { PgBoss } from 'pg-boss'
import type { Db, TenantDb } from '../db/client.ts'
import { type QueueRules, saveQueues, sqlOn, sqlWithin } from '../db/jobs.ts'
import { type JobData, type JobName, jobNames } from './jobs.ts'

/** Where jobs go that failed five times, in a copy that keeps its error class for two weeks. */
export const SET_ASIDE = 'set-aside'

/** They wait for servers of others: how far they are behind says nothing about this service, which would not serve callers better alone. */
export const PATIENT: JobName[] = ['mail-notice', 'post-notice', 'follow-calendar']

const HOUR = 60 * 60
const DAY = 24 * HOUR

/** Nothing that a job does may take longer. */
export const LONGEST_JOB_SECONDS = 60
/** A worker that does not say for so long that it lives is dead, and its jobs go to others: below ten seconds with the look for it. */
export const HEARTBEAT_SECONDS = 5
const LOOK_FOR_DEAD_SECONDS = 4

const RULES: QueueRules = {
  retryLimit: 4, // five tries: at once, and after about 3, 6, 12 and 24 seconds, each with jitter
  retryDelaySeconds: 2,
  expireSeconds: LONGEST_JOB_SECONDS,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  retentionSeconds: 14 * DAY,
  deletionSeconds: HOUR,
  deadLetter: SET_ASIDE,
}

export interface SendOptions {
  /** By the database's clock; left out: now. */
  startAfterSeconds?: number
  /** While one of this name and key waits, another is not added. */
  singletonKey?: string
}

/** The queue's entrance. Works in every process, whether or not it runs workers. */
export interface Jobs {
  /** Adds a job that exists exactly if `trx` commits. */
  send<N extends JobName>(trx: TenantDb | Db, name: N, data: JobData[N], options?: SendOptions): Promise<void>
  /** Adds a job once in so many seconds, however many processes ask for it. */
  sendEvery(name: JobName, seconds: number): Promise<void>
  /** Makes the queues. To be called before anything is sent. */
  prepare(): Promise<void>
}

export function createJobs(db: Db): Jobs {
  const boss = bossOn(db)
  return {
    send: async (trx, name, data, { startAfterSeconds = 0, singletonKey = randomUUID() } = {}) => {
      const group = 'clerkUserId' in data && typeof data.clerkUserId === 'string' ? { group: { id: data.clerkUserId } } : {}
      await boss.send(name, data, { db: sqlWithin(trx), startAfter: startAfterSeconds, singletonKey, ...group })
    },
    sendEvery: async (name, seconds) => {
      await boss.send(name, {}, { singletonSeconds: seconds, singletonKey: 'schedule' })
    },
    prepare: async () => {
      await saveQueues(db, {
        [SET_ASIDE]: { ...RULES, deadLetter: null, deletionSeconds: 14 * DAY },
        ...Object.fromEntries(jobNames.map((name) => [name, RULES])),
      })
      // pg-boss reads a queue's rules when it first sends to it, on a connection besides that of the transaction: many that do so at once
      // would hold all connections there are, and each wait for one more.
      await Promise.all(jobNames.map((name) => boss.findJobs(name, { id: randomUUID() })))
    },
  }
}

/** pg-boss on our own connections, in the schema that the migration made. It listens to nobody, so that it works behind a pooler. */
export function bossOn(db: Db): PgBoss {
  return new PgBoss({
    db: sqlOn(db),
    schema: 'jobs',
    migrate: false,
    createSchema: false,
    schedule: false,
    superviseIntervalSeconds: LOOK_FOR_DEAD_SECONDS,
    monitorIntervalSeconds: LOOK_FOR_DEAD_SECONDS,
    maintenanceIntervalSeconds: 10 * 60,
    queueCacheIntervalSeconds: HOUR,
    flowIntervalSeconds: HOUR,
    // Its indexes are the owner's, and its table holds one hour.
    reindex: false,
    monitorVacuum: false,
  })
}
