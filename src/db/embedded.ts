import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { postgresPrograms } from './embedded-binaries.ts'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

/** Who runs the server: nobody in particular, or, when we are root, a user without rights. */
interface Runner {
  cwd: string
  uid?: number
  gid?: number
}

export interface EmbeddedPostgres {
  /** The superuser's address, for making roles and databases. The service never sees it. */
  adminUrl: string
  stop(): Promise<void>
}

/**
 * A private PostgreSQL below `folder`, listening on 127.0.0.1 only. A server that a killed process left behind is taken over.
 * @param settings server settings, e.g. `{ fsync: 'off' }` for tests
 */
export async function startEmbeddedPostgres(folder: string, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const asRoot = process.getuid?.() === 0
  const umask = asRoot ? process.umask(0o022) : undefined // the unprivileged server must be able to walk to its files
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const runner: Runner = { cwd: folder, ...(asRoot ? await unprivileged() : {}) }
  const program = await postgresPrograms(asRoot ? path.dirname(folder) : undefined)
  const data = path.join(folder, 'pgdata')
  const secret = path.join(data, 'embedded.secret') // inside pgdata: one rename publishes both
  if (!existsSync(path.join(data, 'PG_VERSION'))) await initialize(program('initdb'), data, secret, runner)
  const port =
    (await runningPort(program('pg_ctl'), data, runner)) ?? (await startServer(program('pg_ctl'), folder, data, settings, runner))
  if (umask !== undefined) process.umask(umask)
  const password = await readFile(secret, 'utf8')
  return {
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await run(program('pg_ctl'), ['-D', data, '-m', 'fast', '-w', '-s', 'stop'], runner)
    },
  }
}

async function initialize(initdb: string, data: string, secret: string, runner: Runner): Promise<void> {
  const fresh = `${data}.${process.pid}`
  const passwordFile = `${fresh}.pw`
  const password = randomBytes(18).toString('base64url')
  await mkdir(fresh, { mode: 0o700 })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  for (const file of [fresh, passwordFile]) await own(file, runner)
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8']
  try {
    await run(
      initdb,
      ['-D', fresh, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', ...locale, '--no-sync', '--no-instructions'],
      runner,
    )
    await writeFile(path.join(fresh, path.basename(secret)), password, { mode: 0o600 })
    await rename(fresh, data).catch((error) => {
      if (!existsSync(secret)) throw error // otherwise another process was first: its cluster serves
    })
  } finally {
    await rm(passwordFile, { force: true })
    await rm(fresh, { recursive: true, force: true })
  }
}

async function startServer(pgCtl: string, folder: string, data: string, settings: Record<string, string>, runner: Runner): Promise<number> {
  const log = path.join(folder, 'server.log')
  await (await open(log, 'a')).close()
  await own(log, runner)
  const port = await freePort()
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    wal_level: 'minimal',
    max_wal_senders: '0',
    ...settings,
  }
  const flags = Object.entries(all)
    .map(([name, value]) => `-c ${name}='${value}'`)
    .join(' ')
  try {
    // pg_ctl gives the server a process group of its own, so Ctrl-C reaches only us and we stop it in order.
    await run(pgCtl, ['-D', data, '-l', log, '-o', flags, '-w', '-t', '30', '-s', 'start'], runner)
    return port
  } catch (error) {
    const other = await runningPort(pgCtl, data, runner) // another process started it between our look and our start
    if (other === undefined) throw new Error(`The embedded PostgreSQL did not start; ${log} says why.`, { cause: error })
    return other
  }
}

/** Port of a server that already runs on this data folder. */
async function runningPort(pgCtl: string, data: string, runner: Runner): Promise<number | undefined> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const runs = await run(pgCtl, ['-D', data, 'status'], runner).then(
      () => true,
      () => false,
    )
    if (!runs) return undefined
    // The fourth line of postmaster.pid is the port.
    const port = Number((await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[3])
    if (port > 0 && (await accepts(port))) return port
    await delay(100) // starting, stopping, or dead and not yet reaped
  }
  throw new Error(`A PostgreSQL on ${data} neither answers nor stops; server.log beside it says more.`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function own(file: string, { uid, gid }: Runner): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(file, uid, gid)
}

/** PostgreSQL refuses uid 0 and needs a user that exists. */
async function unprivileged(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (user?.[2] === undefined || user[3] === undefined) {
    throw new Error(
      'Running as root, and there is no user "postgres" or "nobody" to run PostgreSQL as. Set DATABASE_URL, or run as a normal user.',
    )
  }
  return { uid: Number(user[2]), gid: Number(user[3]) }
}
