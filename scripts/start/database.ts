import { rm } from 'node:fs/promises'
import { startEmbeddedPostgres } from '../../src/db/embedded.ts'
import { createDatabase } from '../../src/db/embedded-database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { appUrl, ensureAppRole } from '../../src/db/roles.ts'
import { embeddedFolder } from '../../src/root.ts'

export interface RunningDatabase {
  ownerUrl: string
  stop(): Promise<void>
}

/** An embedded server with one migrated database. Unless it is to be kept, it is empty now and gone after `stop`. */
export async function prepareDatabase(name: string, { keep }: { keep: boolean }): Promise<RunningDatabase> {
  const folder = embeddedFolder(name)
  const remove = async () => {
    if (!keep) await rm(folder, { recursive: true, force: true })
  }
  const server = await startEmbeddedPostgres(folder).catch(async (error: unknown) => {
    await remove() // Ctrl-C in a terminal also ends the program that was making the cluster
    throw error
  })
  const stop = async () => {
    await server.stop()
    await remove()
  }
  try {
    const ownerUrl = await createDatabase(server.adminUrl, 'ringbook', { keep })
    await ensureAppRole(ownerUrl, appUrl(ownerUrl))
    await migrate(ownerUrl)
    return { ownerUrl, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
