import { sql } from 'kysely'
import type { Db } from './client.ts'

/** Counts one more of `key` in the running minute, which begins with its first. Shared by all processes. */
export async function countHit(db: Db, key: string): Promise<{ hits: number; resetsInSeconds: number }> {
  const { rows } = await sql<{ hits: number; resetsInSeconds: number }>`
    insert into rate_limits as r (key, hits, resets_at) values (${key}, 1, now() + interval '1 minute')
    on conflict (key) do update set
      hits = case when r.resets_at <= now() then 1 else r.hits + 1 end,
      resets_at = case when r.resets_at <= now() then excluded.resets_at else r.resets_at end
    returning hits, ceil(extract(epoch from resets_at - now()))::int as resets_in_seconds`.execute(db)
  return rows[0] ?? { hits: 1, resetsInSeconds: 60 }
}

/** Which part of `key` this is, the first as 1. One that was counted before keeps its number; all are forgotten after a day. */
export async function countPart(db: Db, key: string, part: string): Promise<number> {
  const { rows } = await sql<{ ordinal: number }>`select rate_limits_count_part(${key}, ${part}) as ordinal`.execute(db)
  return rows[0]?.ordinal ?? 1
}

/** Counters of times that are over. */
export async function dropOldHits(db: Db): Promise<void> {
  await db.deleteFrom('rateLimits').where('resetsAt', '<', sql<Date>`now() - interval '1 minute'`).execute()
}
