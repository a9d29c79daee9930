import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { root } from '../root.ts'

/**
 * Brings the schema up to date, as its owner; the service's role must be there (`ensureAppRole`). Pending files run in one transaction under a lock: of several processes at once one works
 * and the others wait; a file that fails leaves nothing behind.
 * @returns the names of the files applied now, in order
 */
export async function migrate(ownerUrl: string, folder = path.join(root, 'migrations')): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2, connectionTimeoutMillis: 10_000 })
  // A connection that is lost fails the statement on it; an error event that nobody hears would end the process besides.
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', () => {})
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) })
  try {
    const { error, results } = await new Migrator({ db, provider: { getMigrations: () => sqlFiles(folder) } }).migrateToLatest()
    if (error !== undefined) {
      const failed = results?.find((result) => result.status === 'Error')?.migrationName
      throw new Error(`Migration ${failed ?? ''} failed; nothing was changed.`, { cause: error })
    }
    return (results ?? []).map((result) => result.migrationName)
  } finally {
    await pool.end()
  }
}

/** Every NNNN_name.sql. One file may hold many statements. */
async function sqlFiles(folder: string): Promise<Record<string, Migration>> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  return Object.fromEntries(
    names.map((name, index) => [
      name.slice(0, -'.sql'.length),
      { up: async (db: Kysely<unknown>) => void (await sql.raw(texts[index] ?? '').execute(db)) },
    ]),
  )
}
