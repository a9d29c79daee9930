import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'

/** One request that a stand-in saw, whether or not it was answered. */
export interface LedgerEntry {
  vendor: string
  at: Date
  method: string
  /** Without the query string. */
  path: string
  query: Record<string, unknown>
  headers: Record<string, string | string[] | undefined>
  body: unknown
  /** Whose credentials came with it, as far as the stand-in could tell. */
  account: string | null
  /** `null` while unanswered, and for ever when the connection was cut. */
  status: number | null
  fault: Fault['kind'] | null
}

/** What goes wrong with the next matching request. `times` defaults to 1; `Infinity` until `faults.clear()`. */
export type Fault = { method?: string; path?: RegExp; times?: number } /** `type`: of the body, where it is text. */ & (
  | { kind: 'status'; status: number; retryAfter?: number; body?: unknown; type?: string }
  | { kind: 'slow'; ms: number }
  /** Takes the request and never answers. */
  | { kind: 'silent' }
  /** Does what was asked at once, and answers that much later. */
  | { kind: 'late'; ms: number }
  /** Cuts the connection before anything happened. */
  | { kind: 'cut' }
  /** Does what was asked, then cuts the connection instead of answering. */
  | { kind: 'lost' }
  /** Does what was asked, then cuts the connection in the middle of the answer. */
  | { kind: 'torn' }
  /** Answers with 200 and never comes to an end. */
  | { kind: 'endless' }
)

export interface StandIn {
  vendor: string
  /** Origin without a trailing slash; stays the same over `down` and `up`. */
  url: string
  app: FastifyInstance
  ledger: LedgerEntry[]
  faults: {
    add(fault: Fault): void
    /** Decides about every request that meets none of those added. */
    each(decide: (request: { method: string; path: string }) => Fault | undefined): void
    clear(): void
  }
  /** From now on connections are refused. */
  down(): Promise<void>
  up(): Promise<void>
  stop(): Promise<void>
}

interface StandInOptions {
  vendor: string
  tls?: { key: string; cert: string }
  /** The vendor's error body for a status that a fault asks for. */
  errorBody?(status: number, path: string): unknown
  /** 0 or none: any free one. */
  port?: number
}

declare module 'fastify' {
  interface FastifyRequest {
    ledger: LedgerEntry
  }
}

/** A server of our own in a vendor's clothes: records every request and fails when told to. Routes are added by `build`. */
export async function startStandIn(options: StandInOptions, build: (app: FastifyInstance) => Promise<void> | void): Promise<StandIn> {
  const ledger: LedgerEntry[] = []
  let planned: (Fault & { times: number })[] = []
  let decide: Parameters<StandIn['faults']['each']>[0] = () => undefined
  const lateMs = new WeakMap<FastifyRequest, number>()
  const app = Fastify({ ...(options.tls ? { https: options.tls } : {}), forceCloseConnections: true })

  app.addHook('onRequest', async (request, reply) => {
    const fault = take(request)
    const entry: LedgerEntry = {
      vendor: options.vendor,
      at: new Date(),
      method: request.method,
      path: request.url.split('?')[0] ?? '',
      query: { ...(request.query as object) },
      headers: request.headers,
      body: undefined,
      account: null,
      status: null,
      fault: fault?.kind ?? null,
    }
    ledger.push(entry)
    request.ledger = entry
    reply.raw.once('finish', () => {
      if (fault?.kind !== 'lost' && fault?.kind !== 'torn') entry.status = reply.raw.statusCode
    })
    if (fault?.kind === 'slow') await delay(fault.ms)
    if (fault?.kind === 'late') lateMs.set(request, fault.ms)
    if (fault?.kind === 'silent') return reply.hijack()
    if (fault?.kind === 'cut') {
      reply.hijack()
      request.raw.socket.destroy()
      return
    }
    if (fault?.kind === 'lost') {
      // Works for hijacked replies too: whoever answers finds the line dead.
      reply.raw.end = () => {
        request.raw.socket.destroy()
        return reply.raw
      }
      reply.raw.write = () => true
    }
    if (fault?.kind === 'torn') {
      const write = reply.raw.write.bind(reply.raw)
      // The length of the whole is announced by then.
      reply.raw.end = (chunk?: unknown) => {
        const whole = String(chunk ?? '')
        write(whole.slice(0, whole.length / 2))
        setTimeout(() => request.raw.socket.destroy(), 10)
        return reply.raw
      }
    }
    if (fault?.kind === 'endless') {
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => reply.raw.write(' '), 20)
      reply.raw.once('close', () => clearInterval(drip))
      return
    }
    if (fault?.kind === 'status') {
      if (fault.type !== undefined) reply.type(fault.type)
      if (fault.retryAfter !== undefined) reply.header('retry-after', String(fault.retryAfter))
      return reply
        .code(fault.status)
        .send(fault.body ?? options.errorBody?.(fault.status, entry.path) ?? { error: `fault ${fault.status}` })
    }
  })
  app.addHook('preHandler', async (request) => {
    request.ledger.body = request.body
  })
  app.addHook('onSend', async (request) => {
    const ms = lateMs.get(request)
    if (ms !== undefined) await delay(ms)
  })

  function take(request: FastifyRequest): Fault | undefined {
    const fault = planned.find(
      (one) => (one.method === undefined || one.method === request.method) && (one.path === undefined || one.path.test(request.url)),
    )
    if (!fault) return decide({ method: request.method, path: request.url })
    fault.times -= 1
    planned = planned.filter((one) => one.times > 0)
    return fault
  }

  await build(app)
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  const { port } = app.server.address() as AddressInfo
  const url = `${options.tls ? 'https' : 'http'}://localhost:${port}`
  return {
    vendor: options.vendor,
    url,
    app,
    ledger,
    faults: {
      add: (fault) => planned.push({ times: 1, ...fault }),
      each: (decision) => {
        decide = decision
      },
      clear: () => {
        planned = []
        decide = () => undefined
      },
    },
    down: async () => {
      const closed = once(app.server, 'close')
      app.server.close()
      app.server.closeAllConnections()
      await closed
    },
    up: async () => {
      app.server.listen(port, '127.0.0.1')
      await once(app.server, 'listening')
    },
    stop: async () => {
      app.server.closeAllConnections()
      await app.close()
    },
  }
}
