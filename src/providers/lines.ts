import { setTimeout as delay } from 'node:timers/promises'
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  halfJitterGenerator,
  handleWhen,
} from 'cockatiel'
import { LRUCache } from 'lru-cache'

export interface LineSettings {
  /** Requests of this process that a mailbox has to answer at the same time. */
  atOnce: number
  /** So many failed attempts in a row, and the mailbox is left alone for a while. */
  failures: number
  /** For how long at first. It grows to ten times that while trying again fails. */
  pauseMs: number
}

/** Requests to one mailbox: a few at a time, the others in the order in which they came; none while it is known not to answer. */
export interface Line {
  /**
   * Sends when it is this request's turn.
   * @param waited how long that took, in seconds
   * @throws NotSent, and what `send` throws
   */
  pass(send: () => Promise<Response>, options: { signal?: AbortSignal | undefined; waited?: (seconds: number) => void }): Promise<Response>
  /** The vendor wants to hear nothing from anybody for so long. */
  rest(seconds: number): void
}

export interface Lines {
  /** The line of a mailbox, one per process, and forgotten when nobody has asked for it for some minutes. */
  of(vendor: string, mailbox: string): Line
  /** How many mailboxes each vendor has in which state, of those that were asked lately. */
  states(): { vendor: string; state: LineState; count: number }[]
}

export type LineState = 'closed' | 'half_open' | 'open' | 'resting'

/** Nothing left this process. */
export class NotSent extends Error {
  readonly why: 'resting' | 'broken' | 'aborted'
  constructor(why: NotSent['why']) {
    super(why)
    this.why = why
  }
}

/** Why an attempt brought no answer. */
export class NoAnswer extends Error {
  readonly reason: 'timeout' | 'aborted' | 'network'
  readonly code: string
  constructor(reason: NoAnswer['reason'], code: string) {
    super(reason)
    this.reason = reason
    this.code = code
  }
}

/** Waiting longer than a moment is worse for a caller than an honest no. */
export const MAX_WAIT_SECONDS = 1
/** However long a vendor asks for, it is tried again after this. */
const MAX_REST_SECONDS = 300
const GROWTH = 10
// Everybody who waited for the same moment would come at the same moment.
const JITTER_MS = 100
const FORGET_MS = 10 * 60_000
const MOST = 5000

const defaultLineSettings: LineSettings = { atOnce: 4, failures: 5, pauseMs: 1000 }

export function createLines(settings: LineSettings = defaultLineSettings): Lines {
  const lines = new LRUCache<string, OneLine>({ max: MOST, ttl: FORGET_MS, updateAgeOnGet: true })
  return {
    of(vendor, mailbox) {
      const key = `${vendor} ${mailbox}`
      const known = lines.get(key)
      if (known && !known.isStuck()) return known
      const made = newLine(vendor, settings)
      lines.set(key, made)
      return made
    },
    states() {
      lines.purgeStale()
      const seen = [...lines.values()].map(({ vendor, state }) => ({ vendor, state: state() }))
      const groups = Map.groupBy(seen, ({ vendor, state }) => `${vendor} ${state}`)
      return [...groups.values()].flatMap((group) => group.slice(0, 1).map((one) => ({ ...one, count: group.length })))
    },
  }
}

interface OneLine extends Line {
  vendor: string
  state(): LineState
  /** The breaker counts by the machine's clock: set back by an hour, that would keep it open for as long. */
  isStuck(): boolean
}

function newLine(vendor: string, { atOnce, failures, pauseMs }: LineSettings): OneLine {
  const takeTurn = turns(atOnce)
  let restsUntil = 0
  let brokenAt: number | null = null

  const breaker = circuitBreaker(
    // An attempt that was given up says nothing about the vendor; while it is being tried out, it proves nothing either.
    handleWhen(
      (error) => (error instanceof NoAnswer && error.reason !== 'aborted') || (isTryingOut() && isInconclusive(error)),
    ).orWhenResult((answer) => answer instanceof Response && answer.status >= 500),
    {
      breaker: new ConsecutiveBreaker(failures),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: pauseMs, maxDelay: pauseMs * GROWTH, generator: halfJitterGenerator }),
    },
  )
  breaker.onBreak(() => {
    brokenAt = performance.now()
  })
  breaker.onReset(() => {
    brokenAt = null
  })
  const isTryingOut = () => breaker.state === CircuitState.HalfOpen

  const restMs = () => Math.max(0, restsUntil - performance.now())

  /** @throws NotSent when that would take too long */
  async function rested(signal: AbortSignal | undefined) {
    const ms = restMs()
    if (ms > MAX_WAIT_SECONDS * 1000) throw new NotSent('resting')
    if (ms > 0) await delay(ms + Math.random() * JITTER_MS, undefined, { signal }).catch(() => {})
  }

  return {
    vendor,
    pass(send, { signal, waited }) {
      const cameAt = performance.now()
      let isOnItsWay = false
      const inTurn = async () => {
        if (restMs() > MAX_WAIT_SECONDS * 1000) throw new NotSent('resting')
        const release = await takeTurn()
        try {
          await rested(signal)
          if (signal?.aborted) throw new NotSent('aborted')
          if (breaker.state === CircuitState.Open) throw new NotSent('broken')
          isOnItsWay = true
          waited?.((performance.now() - cameAt) / 1000)
          return await send()
        } finally {
          release()
        }
      }
      const passing = breaker.execute(inTurn).catch((error: unknown) => {
        throw error instanceof BrokenCircuitError ? new NotSent('broken') : error
      })
      return unlessAborted(passing, signal, () => !isOnItsWay)
    },
    rest(seconds) {
      restsUntil = Math.max(restsUntil, performance.now() + Math.min(seconds, MAX_REST_SECONDS) * 1000)
    },
    state() {
      if (breaker.state === CircuitState.Open) return 'open'
      if (isTryingOut()) return 'half_open'
      return restMs() > 0 ? 'resting' : 'closed'
    },
    isStuck: () => brokenAt !== null && performance.now() - brokenAt > 2 * GROWTH * pauseMs && breaker.state === CircuitState.Open,
  }
}

function isInconclusive(error: unknown): boolean {
  return error instanceof NoAnswer || error instanceof NotSent
}

/** Whoever waits leaves when `signal` fires; `mayLeave` says whether that is still possible. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, mayLeave: () => boolean): Promise<T> {
  if (!signal) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const leave = () => {
    if (mayLeave()) reject(new NotSent('aborted'))
  }
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** @returns a function that waits for one of `count` turns, first come, first served; it gives what ends the turn */
function turns(count: number): () => Promise<() => void> {
  const waiting: (() => void)[] = []
  let free = count
  const end = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  return async () => {
    if (free > 0) free -= 1
    else await new Promise<void>((take) => waiting.push(take))
    return end
  }
}
