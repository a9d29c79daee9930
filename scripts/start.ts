import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { readConfig } from '../src/config.ts'
import { root } from '../src/root.ts'
import { prepareDatabase } from './start/database.ts'
import { holdPort } from './start/port.ts'
import { startSandbox } from './start/sandbox.ts'
import { welcome } from './start/welcome.ts'

// `npm start`: with BASE_URL set the service alone, with the settings there are. Without it the sandbox: database, the outside world and
// a demo tenant, all on this machine and made anew each time. The service is a process of its own either way and cannot tell the two apart.
const settings = path.join(root, '.env')
if (existsSync(settings)) process.loadEnvFile(settings)
const port = Number(process.env.PORT || '8000')
const watch = process.argv.includes('--watch')
/** Last in, first out. */
const undo: (() => Promise<unknown>)[] = []
let service: ChildProcess | undefined
let stopping = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))

const starting = !process.env.BASE_URL ? sandbox() : real(process.env.BASE_URL)
starting.catch((error: unknown) => {
  // What fails because it is being stopped is no news.
  if (!stopping) process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  void stop(1)
})

async function sandbox(): Promise<void> {
  const freePort = await holdPort(port)
  process.stdout.write(
    'Starting the sandbox: a database, a demo tenant, and stand-ins for Google,\nMicrosoft, Cal.com, Clerk, Vapi and a mail server …\n',
  )
  const started = await startSandbox(port, (task) => undo.unshift(task))
  await freePort()
  serve(started.env)
  await ready(started.baseUrl)
  const demo = await started.seed()
  process.stdout.write(welcome(demo))
}

async function real(baseUrl: string): Promise<void> {
  const embedded = !process.env.DATABASE_URL && process.env.NODE_ENV !== 'production'
  // All that is missing is named before anything is started.
  readConfig({ ...process.env, ...(embedded ? { DATABASE_URL: 'postgres://embedded' } : {}) })
  const freePort = await holdPort(port)
  const env = { ...process.env }
  if (embedded) {
    const database = await prepareDatabase('postgres', { keep: true })
    undo.unshift(database.stop)
    env.DATABASE_URL = database.ownerUrl
  }
  await freePort()
  serve(env)
  await ready(`http://localhost:${port}`)
  process.stdout.write(`Ringbook runs for ${baseUrl}\n`)
}

function serve(env: NodeJS.ProcessEnv): void {
  if (stopping) return
  const flags = ['--enable-source-maps', ...(watch ? [`--watch-path=${path.join(root, 'src')}`, '--watch-preserve-output'] : [])]
  // A process group of its own: Ctrl-C reaches us, and we end it in order.
  service = spawn(process.execPath, [...flags, path.join(root, 'src/server.ts')], { env, stdio: 'inherit', detached: true })
  service.once('exit', (code) => void stop(code ?? 1))
}

/** Not before the service itself says so. A service that cannot listen ends, and we with it. */
async function ready(baseUrl: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${baseUrl}/ready`).catch(() => undefined)
    if (response?.ok) return
    if (stopping) throw new Error('stopped')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Also in the middle of a start: what is still being started is first let come to its end. */
async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  if (service && service.exitCode === null && service.signalCode === null) {
    service.kill('SIGTERM')
    await once(service, 'exit')
  }
  await starting.catch(() => {})
  for (const task of undo)
    await task().catch((error: unknown) => process.stderr.write(`${error instanceof Error ? error.message : error}\n`))
  process.exit(code)
}
