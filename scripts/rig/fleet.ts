import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../src/db/free-port.ts'
import { root } from '../../src/root.ts'
import { type Program, runProgram } from '../../test/setup/process.ts'
import { statusOf, type surroundings } from '../../test/setup/service.ts'
import type { Cleanups } from './cleanups.ts'

type Surroundings = Pick<Awaited<ReturnType<typeof surroundings>>, 'port' | 'env'>

/** Several processes of the service side by side, each of which may be killed and started again. */
export interface Fleet {
  /** Where each of them listens, or did. */
  urls: string[]
  /** SIGKILL: no time to say anything. Does nothing to one that is dead. */
  kill(index: number): Promise<void>
  /** Does not wait until it is ready. Does nothing to one that lives. */
  start(index: number): void
  /** @throws Error with what it said when one has ended by itself, or is not ready in time */
  ready(): Promise<void>
  /** Stops those that live in order. @throws Error when one does not end well */
  stop(): Promise<void>
  /** What the processes wrote, those that were killed included. */
  logs(): string
  /** Process ids of those that live. */
  pids(): number[]
}

const READY_MS = 30_000

/**
 * The first one listens at the port that the vendors know.
 * @param checkout whose service it is; default: ours
 */
export async function startFleet(t: Cleanups, { port, env }: Surroundings, size: number, checkout = root): Promise<Fleet> {
  const ports = [port, ...(await Promise.all(Array.from({ length: size - 1 }, freePort)))]
  const urls = ports.map((one) => `http://localhost:${one}`)
  // A process that ended in order leaves its compiled code there, with which those after it start in half the time.
  const cache = { NODE_COMPILE_CACHE: path.join(checkout, '.data/compile-cache') }
  const settings = ports.map((one) => ({ ...env, ...cache, PORT: String(one) }))
  const all: Program[] = []
  const launch = (index: number) => runProgram(t, path.join(checkout, 'src/server.ts'), settings[index] ?? env)
  const current = urls.map((_, index) => launch(index))
  all.push(...current)
  const lives = ({ child }: Program) => child.exitCode === null && child.signalCode === null

  const ready = async (index: number, url: string) => {
    for (const end = Date.now() + READY_MS; Date.now() < end; await delay(25)) {
      const program = current[index]
      if (program && !lives(program)) throw new Error(`process ${index + 1} ended by itself: ${program.stderr() || program.stdout()}`)
      if ((await statusOf(`${url}/ready`)) === 200) return
    }
    throw new Error(`process ${index + 1} was not ready within ${READY_MS / 1000} s`)
  }
  const fleet: Fleet = {
    urls,
    kill: async (index) => {
      const program = current[index]
      program?.child.kill('SIGKILL')
      await program?.ended
    },
    start: (index) => {
      const program = current[index]
      if (program && lives(program)) return
      const next = launch(index)
      current[index] = next
      all.push(next)
    },
    ready: async () => void (await Promise.all(urls.map((url, index) => ready(index, url)))),
    stop: async () => {
      for (const { child, ended, stderr } of current.filter(lives)) {
        child.kill('SIGTERM')
        const code = await ended
        if (code !== 0) throw new Error(`a process did not end in order (${code ?? 'killed'}) ${stderr()}`)
      }
    },
    logs: () => all.map((program) => program.stdout() + program.stderr()).join(''),
    pids: () => current.filter(lives).flatMap(({ child }) => child.pid ?? []),
  }
  await fleet.ready()
  return fleet
}
