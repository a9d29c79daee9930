import { setTimeout as delay } from 'node:timers/promises'
import { alarmIfOurAnswerWasBad } from '../calls/alarm.ts'
import { hear } from '../calls/record.ts'
import type { CallRecord } from '../db/calls.ts'
import { countHit } from '../db/rate-limits.ts'
import type { Deps, Log } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Admitted } from './admission.ts'
import type { Message } from './messages.ts'

// Vapi waits for an acknowledgement, and sends less to whoever keeps it waiting.
const PATIENCE_MS = 950
// So long an answer for which a caller waits is held back for the record.
const WORDS_WAIT_MS = 250

/** These carry what is told nowhere else, so they are worth sending again. */
const isDecisive = ({ news }: Message) => news.report !== null || news.status === 'ended'

interface Request {
  log: Log
  isProven: boolean
  /** Of Vapi's patience, before the message was understood. */
  spentMs: number
}

/**
 * Puts on record what a message tells of its call. Only a report, or the news that a call has ended, is refused when it cannot be kept: all
 * else is acknowledged, because Vapi sends less and less to whoever refuses, and what was missed stands in the report.
 * @throws AppError `unavailable`, so that Vapi sends it again
 */
export async function hearMessage(deps: Deps, admission: Admitted, message: Message, { log, isProven, spentMs }: Request): Promise<void> {
  const type = labelOf(message)
  if (admission.kind === 'unknown') {
    deps.metrics.vapiMessage({ type, outcome: 'unknown' })
    if (isProven) alarmIfOurAnswerWasBad(deps, null, message.news.endedReason)
    return
  }
  if (admission.kind === 'tenant' && message.origin.callId === null) {
    deps.metrics.vapiMessage({ type, outcome: 'no_call' })
    if (isDecisive(message)) log.warn({ type }, 'Vapi reports on a call and does not say on which')
    return
  }
  const leftMs = Math.max(0, PATIENCE_MS - spentMs)
  const isKept = await Promise.race([keep(deps, admission, message, log), delay(leftMs, undefined, { ref: false })])
  deps.metrics.vapiMessage({ type, outcome: isKept ? 'stored' : 'unstored' })
  if (!isKept && isDecisive(message)) throw new AppError('unavailable', `${type} could not be stored`)
}

/**
 * The same where a caller waits for the answer, beside the work on it: she never waits long for a record.
 * @param answer carries function calls out, or finds who answers the call
 */
export async function whileHearing<T>(deps: Deps, admission: Admitted, message: Message, log: Log, answer: () => Promise<T>): Promise<T> {
  const hearing = keep(deps, admission, message, log)
  const answered = await answer()
  const call = await Promise.race([hearing, delay(WORDS_WAIT_MS, undefined, { ref: false })])
  // The report was here first: what was done only now is in it, too.
  if (call && call.reportedAt !== null)
    await Promise.race([keep(deps, admission, message, log), delay(WORDS_WAIT_MS, undefined, { ref: false })])
  return answered
}

/** @returns `undefined`: it is not on record, and the log says why */
async function keep(deps: Deps, admission: Admitted, { origin, news }: Message, log: Log): Promise<CallRecord | undefined> {
  const { callId } = origin
  if (admission.kind !== 'tenant' || callId === null) return undefined
  const { clerkUserId, assistantId, proven: isBelieved } = admission
  try {
    return await deps.recording.take(async () => {
      if (!isBelieved) await limitUnbelieved(deps, assistantId ?? clerkUserId)
      const parties = { ...news.parties, assistantId: assistantId ?? news.parties.assistantId }
      return hear(deps, { clerkUserId, callId, isBelieved }, { ...news, parties })
    })
  } catch (error) {
    const isExpected = error instanceof AppError
    log[isExpected ? 'warn' : 'error']({ err: error }, 'a message about a call is not on record')
    return undefined
  }
}

/** Whoever knows an assistant's id can tell of calls that never were: not of so many that they fill the database. */
async function limitUnbelieved({ db, config }: Deps, assistant: string): Promise<void> {
  const { hits } = await countHit(db, `call-messages:unproven:${assistant}`)
  if (hits > config.limits.callMessagesPerMinute) throw new AppError('too_many_requests', 'messages of one assistant without a secret')
}

const TYPES = [
  'assistant-request',
  'assistant.speechStarted',
  'assistant.started',
  'call.artifact.upload',
  'call.delete.failed',
  'call.deleted',
  'call.endpointing.request',
  'campaign.predial',
  'chat.created',
  'chat.deleted',
  'conversation-update',
  'end-of-call-report',
  'handoff-destination-request',
  'hang',
  'knowledge-base-request',
  'language-change-detected',
  'language-changed',
  'model-output',
  'phone-call-control',
  'session.created',
  'session.deleted',
  'session.updated',
  'speech-update',
  'status-update',
  'transcript',
  'transfer-destination-request',
  'transfer-update',
  'user-interrupted',
  'voice-input',
  'voice-request',
]

/** What nobody knows is no label. */
function labelOf(message: Message): string {
  if (message.kind === 'functions') return message.legacy ? 'function-call' : 'tool-calls'
  return TYPES.find((type) => type === message.type.split('[', 1)[0]) ?? 'unknown'
}
