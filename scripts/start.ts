import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { root } from '../src/root.ts'
import { prepareDatabase, type RunningDatabase } from './start/database.ts'
import { startSandbox } from './start/sandbox.ts'
import { welcome } from './start/welcome.ts'

// `npm start`: with BASE_URL set the service alone, with the settings there are. Without it the sandbox: database, the outside world and
// a demo tenant, all on this machine and made anew each time. The service is a process of its own either way and cannot tell the two apart.
const port = Number(process.env.PORT ?? '8000')
const watch = process.argv.includes('--watch')
const cleanUp: (() => Promise<unknown>)[] = []
let service: ChildProcess | undefined
let stopping = false

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0))

try {
  await (process.env.BASE_URL === undefined ? sandbox() : real(process.env.BASE_URL))
} catch (error) {
  // What fails because it is being stopped is no news.
  if (!stopping) process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  await stop(1)
}

async function sandbox(): Promise<void> {
  process.stdout.write('Starting the sandbox: a database, stand-ins for Google, Microsoft, Clerk and Vapi, and a demo tenant …\n')
  const started = await startSandbox(port)
  cleanUp.unshift(...started.cleanUp)
  serve(started.env)
  await ready(started.baseUrl)
  const demo = await started.seed()
  process.stdout.write(welcome(demo))
}

async function real(baseUrl: string): Promise<void> {
  let database: RunningDatabase | undefined
  if (process.env.DATABASE_URL === undefined && process.env.NODE_ENV !== 'production') {
    database = await prepareDatabase('postgres', { keep: true })
    cleanUp.unshift(database.stop)
  }
  serve({ ...process.env, ...(database ? { DATABASE_URL: database.ownerUrl } : {}) })
  await ready(`http://localhost:${port}`)
  process.stdout.write(`Ringbook runs for ${baseUrl}\n`)
}

function serve(env: NodeJS.ProcessEnv): void {
  const flags = ['--enable-source-maps', ...(watch ? ['--watch', '--watch-preserve-output'] : [])]
  // A process group of its own: Ctrl-C reaches us, and we end it in order.
  service = spawn(process.execPath, [...flags, path.join(root, 'src/server.ts')], { env, stdio: 'inherit', detached: true })
  service.once('exit', (code) => void stop(code ?? 1))
}

/** The service's own answer, not an earlier one's on the same port: a service that cannot listen ends, and we with it. */
async function ready(baseUrl: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${baseUrl}/ready`).catch(() => undefined)
    if (response?.ok) return
    if (stopping) throw new Error('stopped')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  if (service && service.exitCode === null && service.signalCode === null) {
    service.kill('SIGTERM')
    await once(service, 'exit')
  }
  for (const task of cleanUp) await task()
  process.exit(code)
}
