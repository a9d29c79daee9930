import { openDiary } from '../calendar/access.ts'
import { databaseIsAway, inTenant } from '../db/client.ts'
import { countHit } from '../db/rate-limits.ts'
import type { Deps, Log } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Admission } from './admission.ts'
import type { Caller, Spoken } from './context.ts'
import { runFunction } from './functions.ts'
import type { FunctionCall, Message } from './messages.ts'
import { oneLine } from './speech.ts'

const UNKNOWN_ASSISTANT = 'This line is not set up for appointments yet, sorry. Is there anything else I can help you with?'
// Kept back from the budget for our own database and for the way to the caller.
const RESERVE_MS = 1000

/** Carries out every function call of a message, side by side, and puts the answers in their order. Never throws: the caller must hear something. */
export async function answerFunctions(
  deps: Deps,
  admission: Exclude<Admission, { kind: 'refused' }>,
  message: Extract<Message, { kind: 'functions' }>,
  log: Log,
) {
  const answers = await Promise.all(message.calls.map((call) => answerOne(deps, admission, message.origin, call, log)))
  const results = message.calls.map(({ name, id }, index) => {
    const answer = answers[index] ?? { error: new AppError('internal', 'no answer').say }
    return message.legacy && 'error' in answer ? { name, toolCallId: id, result: answer.error } : { name, toolCallId: id, ...answer }
  })
  // Whoever sends the legacy message reads `result`; the frontend's test page reads `results` then, too.
  const [first] = results
  return message.legacy ? { result: first && 'result' in first ? first.result : '', results } : { results }
}

async function answerOne(
  deps: Deps,
  admission: Exclude<Admission, { kind: 'refused' }>,
  origin: Message['origin'],
  call: FunctionCall,
  log: Log,
): Promise<Spoken> {
  const startedAt = performance.now()
  let name = 'unknown'
  const spoken = await inTime(deps, async (signal) => {
    if (admission.kind === 'unknown') return { result: UNKNOWN_ASSISTANT }
    if (admission.kind === 'away') throw new AppError('unavailable', 'the database was away before the tenant was known')
    const { clerkUserId, assistantId, trusted } = admission
    await limit(deps, assistantId ?? clerkUserId, trusted)
    const diary = await inTenant(deps.db, clerkUserId, (trx) => openDiary(deps, trx, clerkUserId))
    const caller: Caller = { ...origin, assistantId, customerNumber: trusted ? origin.customerNumber : null }
    return runFunction({ deps, diary, caller, signal, named: (canonical) => (name = canonical) }, call)
  }).catch((error: unknown) => ({ error: failure(error, log).say }))
  const outcome = 'error' in spoken ? 'error' : 'result'
  deps.metrics.voiceFunction({ function: name, outcome }, (performance.now() - startedAt) / 1000)
  log.info({ function: name, outcome, ms: Math.round(performance.now() - startedAt) }, 'function call')
  return 'error' in spoken ? { error: oneLine(spoken.error) } : { result: oneLine(spoken.result) }
}

/** However long the work takes, the caller is answered; what still runs then is ended by its signal. */
async function inTime(deps: Deps, work: (signal: AbortSignal) => Promise<Spoken>): Promise<Spoken> {
  const budgetMs = deps.config.timeouts.toolCallMs
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new AppError('provider_unavailable', 'the budget of the call is used up')),
    budgetMs - RESERVE_MS / 2,
  )
  try {
    return await Promise.race([work(AbortSignal.timeout(budgetMs - RESERVE_MS)), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

async function limit(deps: Deps, key: string, trusted: boolean): Promise<void> {
  const { toolCallsPerMinute } = deps.config.limits
  const { hits } = await countHit(deps.db, `function-calls:${trusted ? 'proven' : 'unproven'}:${key}`)
  if (hits > (trusted ? toolCallsPerMinute : toolCallsPerMinute / 4))
    throw new AppError('too_many_requests', 'function calls of one assistant')
}

function failure(error: unknown, log: Log): AppError {
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

/** What Vapi needs to hear where it waits for more than an acknowledgement. We answer no calls and transfer none yet: said in words. */
const ANSWERS = new Map<string, { error: string } | { eligible: false }>([
  ['assistant-request', { error: 'Sorry, this line is not set up yet. Please call back later.' }],
  ['transfer-destination-request', { error: 'I cannot transfer this call right now.' }],
  ['handoff-destination-request', { error: 'I cannot hand over this call right now.' }],
  ['campaign.predial', { eligible: false }],
])

/** @throws AppError `unavailable` for a report while the database is away, so that Vapi may send it again */
export function answerOther({ kind }: Admission, type: string): { error?: string; eligible?: boolean } {
  const answer = ANSWERS.get(type)
  if (!answer && kind === 'away') throw new AppError('unavailable', 'a report without a database')
  return answer ?? {}
}
