import { diaryOf } from '../calendar/access.ts'
import { databaseIsAway } from '../db/client.ts'
import type { ToolCallKey } from '../db/tool-calls.ts'
import type { Deps, Log } from '../deps.ts'
import { AppError } from '../errors.ts'
import { oneLine } from '../one-line.ts'
import { type Step, traced } from '../trace.ts'
import type { Admitted } from './admission.ts'
import type { Spoken } from './context.ts'
import { limitFunctionCalls } from './function-limits.ts'
import { findFunction } from './functions.ts'
import { keep, keyOf, toldBefore } from './kept-answers.ts'
import type { FunctionCall, Message, Origin } from './messages.ts'
import { unknownAssistantSentence, unknownFunctionSentence } from './speech.ts'

// Kept back from the budget for our own database and for the way to the caller.
const RESERVE_MS = 1000
// A model asks for a few things at once; hundreds in one message are no conversation, and would hold the database for everybody.
const MOST_CALLS = 10

/** What belongs to the request that brought the message. */
interface Request {
  log: Log
  /** Of the caller's time, before the message was understood. */
  spentMs: number
  traceId: string
}

/** A function call, from whom, and until when somebody waits for it. */
interface Asked {
  call: FunctionCall
  origin: Origin
  proven: boolean
  signal: AbortSignal
}

/**
 * Carries out every function call of a message, side by side, and puts the answers in their order. Never throws: the caller must hear
 * something.
 */
export async function answerFunctions(deps: Deps, admission: Admitted, message: Extract<Message, { kind: 'functions' }>, request: Request) {
  const results = await Promise.all(
    message.calls.map(async (call, index) => {
      const answer =
        index < MOST_CALLS
          ? await answerOne(deps, admission, message.origin, call, request)
          : { error: new AppError('too_many_requests', 'in one message').say }
      const entry = { name: call.name, toolCallId: call.id }
      return message.legacy && 'error' in answer ? { ...entry, result: answer.error } : { ...entry, ...answer }
    }),
  )
  // Whoever sends the legacy message reads `result`; the frontend's test page reads `results` then, too.
  const [first] = results
  return message.legacy ? { result: first && 'result' in first ? first.result : '', results } : { results }
}

async function answerOne(deps: Deps, admission: Admitted, origin: Origin, call: FunctionCall, request: Request): Promise<Spoken> {
  const { log, spentMs, traceId } = request
  const startedAt = performance.now()
  const found = findFunction(call.name)
  const name = found?.name ?? 'unknown' // what a model made up is no label
  const late = () => ({ error: found?.late() ?? unknownFunctionSentence() })
  const work = async (steps: () => Step[], signal: AbortSignal): Promise<Spoken> => {
    if (admission.kind === 'unknown') return { result: unknownAssistantSentence() }
    if (admission.kind === 'away') throw new AppError('unavailable', 'the database was away before the tenant was known')
    const key = keyOf(admission, origin, call)
    await limitFunctionCalls(deps, admission, key)
    const earlier = found?.isAct ? await toldBefore(deps, key) : undefined
    if (earlier) return earlier
    const said = await carryOut(deps, key, { call, origin, proven: admission.proven, signal }).then(
      (spoken) => ({ spoken, failure: null }),
      (error: unknown) => refused(error, log),
    )
    const ms = performance.now() - startedAt
    return keep(deps, key, { ...said, function: name, ms, beforeMs: spentMs, traceId, steps: steps(), log })
  }
  const leftMs = deps.config.timeouts.toolCallMs - spentMs
  const answered = traced(startedAt - spentMs, (steps) => inTime(leftMs, (signal) => work(steps, signal), late))
  const spoken = await answered.catch((error: unknown) => refused(error, log).spoken)
  const outcome = 'error' in spoken ? 'error' : 'result'
  deps.metrics.voiceFunction({ function: name, outcome }, (performance.now() - startedAt) / 1000)
  log.info({ function: name, outcome, ms: Math.round(performance.now() - startedAt) }, 'function call')
  return 'error' in spoken ? { error: oneLine(spoken.error) } : { result: oneLine(spoken.result) }
}

async function carryOut(
  deps: Deps,
  { clerkUserId, vapiCallId: callId }: ToolCallKey,
  { call, origin, proven, signal }: Asked,
): Promise<Spoken> {
  const diary = await diaryOf(deps, clerkUserId, origin.dialledNumber)
  if (!diary.isActive) return { error: unknownAssistantSentence() }
  const found = findFunction(call.name)
  if (!found) return { error: unknownFunctionSentence() }
  const caller = { callId, number: proven ? origin.customerNumber : null, name: origin.customerName, isBelieved: proven }
  return found.run({ deps, diary, caller, toolCallId: call.id, signal }, call.parameters)
}

/**
 * However long the work takes, the caller is answered. Vendors are cut off first, by the signal; then the work has half the reserve to say
 * what became of it, and after that the answer goes out without it.
 */
async function inTime(leftMs: number, work: (signal: AbortSignal) => Promise<Spoken>, late: () => Spoken): Promise<Spoken> {
  const tooLate = Promise.withResolvers<Spoken>()
  const timer = setTimeout(() => tooLate.resolve(late()), Math.max(0, leftMs - RESERVE_MS / 2))
  try {
    return await Promise.race([work(AbortSignal.timeout(Math.max(0, Math.round(leftMs - RESERVE_MS)))), tooLate.promise])
  } finally {
    clearTimeout(timer)
  }
}

function refused(error: unknown, log: Log): { spoken: Spoken; failure: string } {
  const { code, say } = failureOf(error, log)
  return { spoken: { error: say }, failure: code }
}

function failureOf(error: unknown, log: Log): AppError {
  if (error instanceof AppError) {
    log.info({ err: error }, 'a function call was refused')
    return error
  }
  if (databaseIsAway(error)) {
    log.error({ err: error }, 'the database does not answer')
    return new AppError('unavailable', 'database', { cause: error })
  }
  log.error({ err: error }, 'a bug')
  return new AppError('internal', 'bug', { cause: error })
}
