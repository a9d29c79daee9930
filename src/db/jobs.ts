import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { Db } from './client.ts'
import type { DB } from './schema.ts'

/** How pg-boss runs its SQL. */
export interface SqlRunner {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** Lets pg-boss write within a transaction of ours: the job exists exactly if it commits. */
export function sqlWithin(trx: Db): SqlRunner {
  return { executeSql: (text, values) => run(trx, text, values) }
}

/** Lets pg-boss use our connections. */
export function sqlOn(db: Db): SqlRunner {
  return {
    executeSql: (text, values) =>
      db.connection().execute(async (connection) => {
        try {
          return await run(connection, text, values)
        } catch (error) {
          // Some of its texts begin a transaction themselves: nobody else is to get a connection with a broken one on it.
          await run(connection, 'rollback').catch(() => {})
          throw error
        }
      }),
  }
}

function run(db: Kysely<DB>, text: string, values: unknown[] = []): Promise<{ rows: unknown[] }> {
  return db.withoutPlugins().executeQuery(CompiledQuery.raw(text, values))
}

/** How jobs of a queue are tried, kept and given up. */
export interface QueueRules {
  retryLimit: number
  retryDelaySeconds: number
  expireSeconds: number
  heartbeatSeconds: number
  retentionSeconds: number
  deletionSeconds: number
  deadLetter: string | null
}

/** Makes the queues, or brings their rules up to date. */
export async function saveQueues(db: Db, queues: Record<string, QueueRules>): Promise<void> {
  const rows = Object.entries(queues).map(
    ([name, rules]) =>
      sql`(${name}, 'short', ${rules.retryLimit}::int, ${rules.retryDelaySeconds}::int, true, ${rules.expireSeconds}::int,
        ${rules.heartbeatSeconds}::int, ${rules.retentionSeconds}::int, ${rules.deletionSeconds}::int, ${rules.deadLetter}, false, 'job_common')`,
  )
  await sql`
    insert into jobs.queue as q (name, policy, retry_limit, retry_delay, retry_backoff, expire_seconds, heartbeat_seconds, retention_seconds,
      deletion_seconds, dead_letter, partition, table_name)
    values ${sql.join(rows)}
    on conflict (name) do update set retry_limit = excluded.retry_limit, retry_delay = excluded.retry_delay,
      expire_seconds = excluded.expire_seconds, heartbeat_seconds = excluded.heartbeat_seconds,
      retention_seconds = excluded.retention_seconds, deletion_seconds = excluded.deletion_seconds, dead_letter = excluded.dead_letter`.execute(
    db,
  )
}

/** The queues in which something is due, and since when the oldest of it waits. */
export async function listDue(db: Db): Promise<{ name: string; lagSeconds: number }[]> {
  const { rows } = await sql<{ name: string; lagSeconds: number }>`
    select name, extract(epoch from now() - min(start_after))::double precision as lag_seconds
    from jobs.job where state < 'active' and not blocked and start_after <= now()
    group by name`.execute(db)
  return rows
}

/** Of a tenant who is gone: what waits has nothing to do any more, and what is over names her. What runs at this moment ends by itself. */
export async function dropJobsOf(db: Db, clerkUserId: string): Promise<void> {
  await sql`delete from jobs.job where data->>'clerkUserId' = ${clerkUserId} and state <> 'active'`.execute(db)
}

/** How far background work is behind, but for kinds that may be, and how many jobs were set aside and are still kept. */
export async function readJobs(db: Db, setAsideQueue: string, patient: string[]): Promise<{ lagSeconds: number; setAside: number }> {
  const { rows } = await sql<{ lagSeconds: number; setAside: number }>`
    select coalesce(extract(epoch from now() - min(start_after) filter (
        where state < 'active' and not blocked and start_after <= now() and name <> all (${patient}))), 0)
        ::double precision as lag_seconds,
      count(*) filter (where name = ${setAsideQueue})::int as set_aside
    from jobs.job`.execute(db)
  return rows[0] ?? { lagSeconds: 0, setAside: 0 }
}
