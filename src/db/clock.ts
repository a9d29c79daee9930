import { sql } from 'kysely'
import type { Db } from './client.ts'

/** The time by which every rule goes: the database's in service, standing still in tests. */
export interface Clock {
  now(): Date
}

const RESYNC_MS = 60_000

/** A clock that follows the database's, so that a machine whose own is wrong still keeps the rules that all processes share. */
export async function databaseClock(db: Db): Promise<Clock & { stop(): void }> {
  let offsetMs = await measure(db)
  const timer = setInterval(() => {
    // Without an answer the last known offset serves on.
    measure(db).then(
      (measured) => {
        offsetMs = measured
      },
      () => {},
    )
  }, RESYNC_MS)
  timer.unref()
  return { now: () => new Date(Date.now() + offsetMs), stop: () => clearInterval(timer) }
}

async function measure(db: Db): Promise<number> {
  const asked = Date.now()
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db)
  const answered = Date.now()
  return (rows[0]?.now.getTime() ?? answered) - (asked + answered) / 2
}
