import { rm } from 'node:fs/promises'
import { startEmbeddedPostgres } from '../../src/db/embedded.ts'
import { migratedDatabase } from '../../src/db/embedded-database.ts'
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
    const ownerUrl = await migratedDatabase(server.adminUrl, 'ringbook', { keep })
    return { ownerUrl, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
