import { setTimeout as delay } from 'node:timers/promises'
import { Agent, fetch } from 'undici'
import { AppError } from '../errors.ts'
import { noteVendorRequest } from '../trace.ts'
import { createLines, type Lines, MAX_WAIT_SECONDS, NoAnswer, NotSent } from './lines.ts'

/** One request that was really sent: a repeated request is two attempts. */
export interface Attempt {
  vendor: string
  operation: string
  /** The HTTP status, or why there is none. */
  status: number | 'timeout' | 'aborted' | 'network' | 'too_large'
  seconds: number
}

/** Milliseconds for one attempt, from the first byte sent to the last byte read. */
export interface Timeouts {
  read: number
  create: number
  token: number
}

export interface OutboundOptions {
  observe?: (attempt: Attempt) => void
  /** How long a request stood in the line of its mailbox. */
  observeWait?: (vendor: string, seconds: number) => void
  timeouts?: Partial<Timeouts>
  /** Shared by all vendors of a process. */
  lines?: Lines
}

export interface Call {
  /** A fixed word for logs and metrics, never a part of the URL. */
  operation: string
  budget: keyof Timeouts
  /**
   * May the same request be sent a second time? Not where a code works once. `after_refusal`: only where the vendor has refused to look at
   * it, because nothing keeps it from doing the same twice.
   */
  repeatable: boolean | 'after_refusal'
  /** Takes something away: success has no body, and that it is gone may be what an earlier attempt has done. */
  takesAway?: boolean
  /** Whose line the request stands in. Left out, it goes at once: signing in and renewing tokens depend on no mailbox. */
  mailbox?: string | undefined
  /** The longest answer that is read; left out: 1 MiB. */
  maxBytes?: number
  /** The caller's own deadline: ends the attempt that runs and allows no further one. */
  signal?: AbortSignal | undefined
}

export type Outbound = (call: Call, url: string | URL | Request, init?: RequestInit) => Promise<Response>

const DEFAULT_TIMEOUTS: Timeouts = { read: 2500, create: 4000, token: 2500 }
const MAX_BYTES = 1024 * 1024
// Of a vendor that asks us to slow down and does not say for how long.
const UNSAID_SECONDS = 1
// Many that failed together would come again together.
const JITTER_MS = 100
// Bodies arrive unpacked and whole, so what described the packed or streamed form no longer holds.
const FORM_HEADERS = ['content-encoding', 'content-length', 'transfer-encoding']

/**
 * The one way out to a vendor: to its configured origins alone, without following redirects, bounded in time and size, at most two attempts.
 * Any status outside 3xx is an answer; everything else is an `AppError` `provider_unavailable`.
 * @param urls the vendor's configured URLs; requests go to their origins and nowhere else
 */
export function outbound(
  options: OutboundOptions & { vendor: string; urls: string[]; throttles?: Throttles; restAfter?: RestAfter },
): Outbound {
  const { vendor, urls, observe, observeWait, lines = createLines(), throttles = isTooMany, restAfter = () => null } = options
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const origins = new Set(urls.map((url) => new URL(url).origin))
  // As many sockets as it takes: each mailbox has only its few, so that those of a dead one cannot be missing to another.
  const dispatcher = new Agent({ connect: { timeout: 2000 } })

  async function attempt(call: Call, url: URL, request: ReturnType<typeof plain>): Promise<Response> {
    const { maxBytes = MAX_BYTES } = call
    const startedAt = performance.now()
    const report = (status: Attempt['status']) => {
      observe?.({ vendor, operation: call.operation, status, seconds: (performance.now() - startedAt) / 1000 })
      noteVendorRequest({ vendor, operation: call.operation, status: String(status) }, startedAt)
    }
    const timeout = AbortSignal.timeout(timeouts[call.budget])
    const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout
    try {
      const answer = await fetch(url, { ...request, signal, redirect: 'manual', dispatcher })
      const body = await readBody(answer.body, maxBytes)
      report(body === 'too_large' ? body : answer.status)
      if (body === 'too_large') throw new AnswerTooLong(`${vendor} ${call.operation}: an answer of more than ${maxBytes} bytes`)
      if (answer.status >= 300 && answer.status < 400) throw unavailable(call, `a redirect (${answer.status})`)
      const headers = [...answer.headers].filter(([name]) => !FORM_HEADERS.includes(name))
      return new Response(answer.status === 204 || answer.status === 205 ? null : body, { status: answer.status, headers })
    } catch (error) {
      if (error instanceof AppError) throw error
      const reason = call.signal?.aborted ? 'aborted' : timeout.aborted ? 'timeout' : 'network'
      report(reason)
      throw new NoAnswer(reason, networkCode(error))
    }
  }

  function unavailable(call: Call, why: string): AppError {
    return new AppError('provider_unavailable', `${vendor} ${call.operation}: ${why}`)
  }

  function busy(call: Call): AppError {
    return new AppError('provider_busy', `${vendor} ${call.operation}: not sent, asked to wait`)
  }

  return async (call, target, init = {}) => {
    const url = new URL(target instanceof Request ? target.url : target)
    if (!origins.has(url.origin)) throw unavailable(call, `${url.origin} is not an address of this vendor`)
    const request = plain(init)
    const signal = call.signal ?? init.signal ?? undefined
    const line = call.mailbox === undefined ? undefined : lines.of(vendor, call.mailbox)
    let mayHaveActed = false
    for (let last = !call.repeatable; ; last = true) {
      try {
        signal?.throwIfAborted()
        const send = () => attempt({ ...call, signal }, url, request)
        const answer = line ? await line.pass(send, { signal, waited: (seconds) => observeWait?.(vendor, seconds) }) : await send()
        const isThrottled = await throttles(answer)
        if (isThrottled) line?.rest(askedSeconds(answer) ?? UNSAID_SECONDS)
        line?.rest(restAfter(answer) ?? 0)
        if (call.takesAway && answer.ok && (await answer.clone().text()) !== '') throw unavailable(call, 'a page instead of an answer')
        const pause = pauseSeconds(answer, isThrottled)
        if (mayHaveActed && call.budget === 'create' && isLateRefusal(answer.status, call)) {
          throw unavailable(call, `${answer.status}, after an attempt that may have succeeded`)
        }
        if (last || pause === null || (call.repeatable === 'after_refusal' && answer.status >= 500)) return answer
        mayHaveActed ||= answer.status >= 500
        await delay(pause * 1000 + Math.random() * JITTER_MS, undefined, { signal })
      } catch (error) {
        if (error instanceof AppError) throw error
        if (error instanceof NotSent) {
          const isCertain = !(mayHaveActed && call.budget === 'create')
          throw error.why === 'resting' && isCertain ? busy(call) : unavailable(call, `not sent, ${error.why}`)
        }
        mayHaveActed = true
        const reason = error instanceof NoAnswer ? `${error.reason} ${error.code}` : 'aborted'
        if (last || call.repeatable !== true || signal?.aborted) throw unavailable(call, reason.trim())
      }
    }
  }
}

/** More than we read of any answer. Where a vendor answers in pages, smaller ones may do. */
export class AnswerTooLong extends AppError {
  constructor(why: string) {
    super('provider_unavailable', why)
  }
}

/** Does this answer ask us to slow down? */
export type Throttles = (answer: Response) => boolean | Promise<boolean>

/** For how many seconds nothing more may be sent after this answer, where the vendor tells before it refuses; `null`: it may. */
export type RestAfter = (answer: Response) => number | null

export function isTooMany({ status, headers }: Response): boolean {
  return status === 429 || (status === 503 && headers.has('retry-after'))
}

/** What `Retry-After` says; `null`: nothing, or a date, which only the vendor's clock could tell the meaning of. */
function askedSeconds({ headers }: Response): number | null {
  const asked = headers.get('retry-after') ?? ''
  return /^\s*\d+\s*$/.test(asked) ? Number(asked) : null
}

/** Seconds until the request may be sent again; `null` when it must not be. */
function pauseSeconds(answer: Response, isThrottled: boolean): number | null {
  if (!isThrottled) return answer.status >= 500 ? 0 : null
  const seconds = askedSeconds(answer)
  return seconds !== null && seconds <= MAX_WAIT_SECONDS ? seconds : null
}

/**
 * A refusal that says nothing about an earlier attempt. A 400 or 409 does: so vendors report what they have already. So does 404 of what
 * was taken away.
 */
function isLateRefusal(status: number, { takesAway = false }: Call): boolean {
  if (takesAway && (status === 404 || status === 410)) return false
  return status >= 400 && status < 500 && status !== 400 && status !== 409
}

/** Of what an SDK hands to fetch, the parts that can be sent twice: a stream could not. */
function plain(init: RequestInit): { method: string; headers: [string, string][]; body: string | null } {
  const { body = null } = init
  if (body !== null && typeof body !== 'string' && !(body instanceof URLSearchParams)) throw new TypeError('Only text bodies go out')
  const headers = new Headers(init.headers)
  if (body instanceof URLSearchParams && !headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded')
  return { method: init.method ?? 'GET', headers: [...headers], body: body === null ? null : String(body) }
}

async function readBody(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | 'too_large'> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.byteLength
    if (length > maxBytes) return 'too_large' // leaving the loop cancels the stream
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** `ECONNREFUSED` and the like; built-in messages may repeat the URL, codes never do. */
function networkCode(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}
