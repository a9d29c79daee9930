import { mkdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { root } from '../../src/root.ts'
import { startWorld } from '../../test/world/world.ts'
import { prepareDatabase } from './database.ts'
import { type Demo, seedDemo } from './demo.ts'
import { sandboxFile } from './sandbox-file.ts'

export interface Sandbox {
  /** The whole environment of the service. */
  env: NodeJS.ProcessEnv
  baseUrl: string
  /** Makes the demo tenant through the service's own doors; it must be listening. */
  seed(): Promise<Demo>
  /** In this order, once the service has ended. */
  cleanUp: (() => Promise<unknown>)[]
}

/** @throws Error that says what to do, e.g. when the port is taken */
export async function startSandbox(port: number): Promise<Sandbox> {
  if (await listens(port)) throw new Error(`Something else listens on port ${port}. Stop it, or choose another port: PORT=8001 npm start`)
  const baseUrl = `http://localhost:${port}`
  const [world, database] = await Promise.all([startWorld(baseUrl), prepareDatabase(`sandbox-${port}`, { keep: false })])
  const file = sandboxFile(port)
  const certificate = path.join(root, '.data', `sandbox-${port}.pem`)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(certificate, world.ca)
  return {
    baseUrl,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: String(port),
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      DATABASE_URL: database.ownerUrl,
      NODE_EXTRA_CA_CERTS: certificate,
      ...world.settings,
    },
    seed: async () => {
      const demo = await seedDemo(baseUrl, world)
      await writeFile(file, JSON.stringify(demo), { mode: 0o600 })
      return demo
    },
    cleanUp: [() => rm(file, { force: true }), () => rm(certificate, { force: true }), world.stop, database.stop],
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
