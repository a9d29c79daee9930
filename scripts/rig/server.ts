import { rm } from 'node:fs/promises'
import { startEmbeddedPostgres } from '../../src/db/embedded.ts'
import { migratedDatabase } from '../../src/db/embedded-database.ts'
import { embeddedFolder } from '../../src/root.ts'
import { TEMPLATE } from '../../test/setup/database.ts'
import type { Cleanups } from './cleanups.ts'

/**
 * A database server of this process's own with the migrated template, gone afterwards.
 * @param settings of PostgreSQL, e.g. `{ fsync: 'off' }`
 * @returns its superuser's address
 */
export async function ownServer(t: Cleanups, settings: Record<string, string> = {}): Promise<string> {
  const folder = embeddedFolder(`rig-${process.pid}`)
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const server = await startEmbeddedPostgres(folder, { max_connections: '300', ...settings })
  t.teardown(server.stop)
  await migratedDatabase(server.adminUrl, TEMPLATE)
  return server.adminUrl
}
