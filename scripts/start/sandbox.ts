import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../../src/root.ts'
import { startWorld } from '../../test/world/world.ts'
import { prepareDatabase } from './database.ts'
import { type Demo, seedDemo } from './demo.ts'
import { shownMail } from './mail.ts'
import { sandboxFile } from './sandbox-file.ts'

export interface Sandbox {
  /** The whole environment of the service. */
  env: NodeJS.ProcessEnv
  baseUrl: string
  /** Makes the demo tenant through the service's own doors; it must be listening. */
  seed(): Promise<Demo>
}

/**
 * Whoever starts it holds the port.
 * @param onStop gets what undoes each step, as soon as there is something to undo; to be run once the service has ended
 */
export async function startSandbox(port: number, onStop: (undo: () => Promise<unknown>) => void): Promise<Sandbox> {
  const baseUrl = `http://localhost:${port}`
  const file = sandboxFile(port)
  const certificate = path.join(root, '.data', `sandbox-${port}.pem`)
  await mkdir(path.dirname(file), { recursive: true })
  const starting = [
    startWorld(baseUrl).then((world) => {
      onStop(world.stop)
      world.mail.onMail((mail) => process.stdout.write(shownMail(mail)))
      return world
    }),
    prepareDatabase(`sandbox-${port}`, { keep: false }).then((database) => {
      onStop(database.stop)
      return database
    }),
  ] as const
  // Both have come to an end before anything is undone.
  await Promise.allSettled(starting)
  const [world, database] = await Promise.all(starting)
  onStop(() => rm(certificate, { force: true }))
  await writeFile(certificate, world.ca)
  return {
    baseUrl,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: String(port),
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      DATABASE_URL: database.ownerUrl,
      NODE_EXTRA_CA_CERTS: certificate,
      // Whoever tries it out rings from the same number again and again.
      LIMIT_BOOKINGS_PER_NUMBER: '50',
      ...world.settings,
    },
    seed: async () => {
      const demo = await seedDemo(baseUrl, world)
      onStop(() => rm(file, { force: true }))
      await rm(file, { force: true }) // a killed sandbox's; its rights may be others
      await writeFile(file, JSON.stringify(demo), { mode: 0o600 })
      return demo
    },
  }
}
