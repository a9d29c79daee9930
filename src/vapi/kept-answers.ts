import { callIdOf } from '../call-id.ts'
import { findAnswer, keepAnswer, type ToolCallKey } from '../db/tool-calls.ts'
import type { Deps, Log } from '../deps.ts'
import { oneLine } from '../one-line.ts'
import { sha256Hex } from '../secrets.ts'
import { type Step, vendorMs } from '../trace.ts'
import type { Admitted } from './admission.ts'
import { identityOf, type Spoken } from './context.ts'
import type { FunctionCall, Origin } from './messages.ts'

/** By what a function call is known when it is delivered again. */
export function keyOf({ clerkUserId, proven }: Extract<Admitted, { kind: 'tenant' }>, origin: Origin, call: FunctionCall): ToolCallKey {
  const vapiCallId = origin.callId === null ? null : callIdOf(origin.callId, proven)
  const argumentsDigest = sha256Hex(JSON.stringify([call.name, call.parameters ?? null]))
  return { clerkUserId, vapiCallId, toolCallId: vapiCallId === null ? null : identityOf(call.id), argumentsDigest }
}

/** What this very function call was told when it came before and was decided, whatever has become of the appointment since. */
export async function toldBefore({ db }: Deps, key: ToolCallKey): Promise<Spoken | undefined> {
  const earlier = await findAnswer(db, key)
  return earlier && spokenOf(earlier)
}

interface Told {
  /** Our name of the function. */
  function: string
  spoken: Spoken
  /** One of our error codes, where it was refused by one. */
  failure: string | null
  ms: number
  /** Since its request had come in, when it was taken up. */
  beforeMs: number
  traceId: string
  steps: Step[]
  log: Log
}

/** Puts on record what is said to a function call, before it is said. A record that cannot be kept makes nobody wait for words. */
export async function keep({ db }: Deps, key: ToolCallKey, { spoken, log, ms, beforeMs, ...told }: Told): Promise<Spoken> {
  const outcome = 'error' in spoken ? 'error' : 'result'
  const answer = oneLine('error' in spoken ? spoken.error : spoken.result)
  const isFinal = told.failure === null && !('isOpen' in spoken)
  const times = { ms: Math.round(ms), vendorMs: vendorMs(told.steps), beforeMs: Math.round(beforeMs) }
  const call = { ...key, ...told, ...times, outcome, answer, isFinal } as const
  return keepAnswer(db, call).then(spokenOf, (error: unknown) => {
    log.error({ err: error }, 'what a function call was told is not on record')
    return spoken
  })
}

function spokenOf({ outcome, answer }: { outcome: string; answer: string }): Spoken {
  return outcome === 'error' ? { error: answer } : { result: answer }
}
