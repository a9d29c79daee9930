import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { root } from '../root.ts'

// Whoever waits for a table keeps everybody who comes later from it, and a caller waits a second at most: so it waits shorter, and comes again.
const LOCK_TIMEOUT = `set local lock_timeout = '400ms';`
const PAUSE_MS = 600
const PATIENCE_MS = 120_000
// The lock did not come in time; or two waited for each other, and this one was chosen to give way.
const LATER = new Set(['55P03', '40P01'])

/**
 * Brings the schema up to date, as its owner, while the service may be serving; its role must be there (`ensureAppRole`). Pending files run
 * in one transaction under a lock: of several processes at once one works and the others wait; a file that fails leaves nothing behind.
 * @returns the names of the files applied now, in order
 */
export async function migrate(ownerUrl: string, folder = path.join(root, 'migrations')): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2, connectionTimeoutMillis: 10_000 })
  // A connection that is lost fails the statement on it; an error event that nobody hears would end the process besides.
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', () => {})
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) })
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: () => sqlFiles(folder) } })
    const startedAt = performance.now()
    let { error, results } = await migrator.migrateToLatest()
    while (isForLater(error) && performance.now() - startedAt < PATIENCE_MS) {
      await delay(PAUSE_MS * (0.5 + Math.random()))
      ;({ error, results } = await migrator.migrateToLatest())
    }
    if (error !== undefined) {
      const failed = results?.find((result) => result.status === 'Error')?.migrationName
      throw new Error(`Migration ${failed ?? ''} failed; nothing was changed.`, { cause: error })
    }
    return (results ?? []).map((result) => result.migrationName)
  } finally {
    await pool.end()
  }
}

function isForLater(error: unknown): boolean {
  return error instanceof pg.DatabaseError && LATER.has(error.code ?? '')
}

/** Every NNNN_name.sql. One file may hold many statements. */
async function sqlFiles(folder: string): Promise<Record<string, Migration>> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  return Object.fromEntries(
    names.map((name, index) => [
      name.slice(0, -'.sql'.length),
      { up: async (db: Kysely<unknown>) => void (await sql.raw(`${LOCK_TIMEOUT}\n${texts[index] ?? ''}`).execute(db)) },
    ]),
  )
}
