import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../../src/db/free-port.ts'
import { startWorld } from '../world/world.ts'
import { testDatabase } from './database.ts'
import { type Program, runProgram, until } from './process.ts'

/**
 * The stand-ins, a database and what the service must be told to use them.
 * @param adminUrl as in `testDatabase`
 */
export async function surroundings(t: Pick<Test, 'teardown'>, adminUrl?: string) {
  const port = await freePort()
  const baseUrl = `http://localhost:${port}`
  const world = await startWorld(baseUrl)
  t.teardown(() => world.stop())
  const database = await testDatabase(t, adminUrl)
  const folder = await mkdtemp(path.join(tmpdir(), 'ringbook-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const certificate = path.join(folder, 'ca.pem')
  await writeFile(certificate, world.ca)
  const env = {
    PORT: String(port),
    LOG_LEVEL: 'fatal',
    DATABASE_URL: database.ownerUrl,
    NODE_EXTRA_CA_CERTS: certificate,
    ...world.settings,
  }
  return { world, database, port, baseUrl, env }
}

/** The real process, ready for requests, or ended already. */
export async function startedService(
  t: Pick<Test, 'teardown'>,
  { baseUrl, env }: { baseUrl: string; env: Record<string, string> },
): Promise<Program> {
  const service = runProgram(t, 'src/server.ts', env)
  await until('the service', async () => (await statusOf(`${baseUrl}/ready`)) === 200 || service.child.exitCode !== null)
  return service
}

/** 0: nobody listens. */
export function statusOf(url: string): Promise<number> {
  return fetch(url).then(
    ({ status }) => status,
    () => 0,
  )
}
