import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** What was done on the way to an answer. `at` and `ms` are whole milliseconds: since the request came in, and how long it took. */
export type Step =
  | { kind: 'vendor'; at: number; ms: number; vendor: string; operation: string; status: string }
  /** All statements together, from the first one on. */
  | { kind: 'database'; at: number; ms: number; statements: number; slowestMs: number }

/** What is done for one function call, collected wherever in the code that is. */
interface Trace {
  /** When the request came in, by `performance.now()`. */
  requestedAt: number
  vendors: Step[]
  database: { at: number; ms: number; statements: number; slowestMs: number }
}

// A function call makes a handful. What makes hundreds is broken, and would only fill the database.
const MOST_REQUESTS = 50

const running = new AsyncLocalStorage<Trace>()

/**
 * Runs `work` and collects what it does.
 * @param requestedAt when the request came in, by `performance.now()`
 * @param work is handed what tells its steps so far, in order
 */
export function traced<T>(requestedAt: number, work: (steps: () => Step[]) => T): T {
  const trace: Trace = { requestedAt, vendors: [], database: { at: 0, ms: 0, statements: 0, slowestMs: 0 } }
  return running.run(trace, () => work(() => stepsOf(trace)))
}

/** When the request came in to which this belongs, by `performance.now()`; outside of a trace: now. */
export function arrivedAt(): number {
  return running.getStore()?.requestedAt ?? performance.now()
}

/** A request to a vendor that began at `startedAt`, by `performance.now()`, and is over. Outside of a trace it is nobody's. */
export function noteVendorRequest(request: { vendor: string; operation: string; status: string }, startedAt: number): void {
  const trace = running.getStore()
  if (!trace || trace.vendors.length === MOST_REQUESTS) return
  const at = Math.max(0, Math.round(startedAt - trace.requestedAt))
  trace.vendors.push({ kind: 'vendor', at, ms: Math.round(performance.now() - startedAt), ...request })
}

/** A statement that took so long and is over. */
export function noteStatement(ms: number): void {
  const trace = running.getStore()
  if (!trace) return
  const { database } = trace
  if (database.statements === 0) database.at = Math.max(0, performance.now() - ms - trace.requestedAt)
  database.ms += ms
  database.slowestMs = Math.max(database.slowestMs, ms)
  database.statements += 1
}

function stepsOf({ vendors, database }: Trace): Step[] {
  const { at, ms, statements, slowestMs } = database
  if (statements === 0) return [...vendors]
  const all = { kind: 'database' as const, at: Math.round(at), ms: Math.round(ms), statements, slowestMs: Math.round(slowestMs) }
  return [...vendors, all].sort((a, b) => a.at - b.at)
}

/** How long at least one request to a vendor was under way: those that ran side by side are waited for once. */
export function vendorMs(steps: Step[]): number {
  let until = 0
  let waited = 0
  for (const { at, ms } of steps.filter(({ kind }) => kind === 'vendor').sort((a, b) => a.at - b.at)) {
    waited += Math.max(0, at + ms - Math.max(at, until))
    until = Math.max(until, at + ms)
  }
  return waited
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/

/** The trace that a request continues, by its header `traceparent` (W3C Trace Context), or a new one: 32 hexadecimal digits. */
export function traceIdOf(traceparent: string | string[] | undefined): string {
  const [, id = ''] = TRACEPARENT.exec(String(traceparent)) ?? []
  return /[^0]/.test(id) ? id : randomBytes(16).toString('hex')
}
