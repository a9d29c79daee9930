import { callIdOf } from '../call-id.ts'
import { findAnswer, keepAnswer, type ToolCallKey } from '../db/tool-calls.ts'
import type { Deps, Log } from '../deps.ts'
import { oneLine } from '../one-line.ts'
import { sha256Hex } from '../secrets.ts'
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

/**
 * Puts on record what is said to a function call, before it is said. A record that cannot be kept makes nobody wait for words.
 * @param failure one of our error codes, where it was refused by one
 */
export async function keep(
  { db }: Deps,
  key: ToolCallKey,
  { name, spoken, failure, ms, log }: { name: string; spoken: Spoken; failure: string | null; ms: number; log: Log },
): Promise<Spoken> {
  const outcome = 'error' in spoken ? 'error' : 'result'
  const answer = oneLine('error' in spoken ? spoken.error : spoken.result)
  const isFinal = failure === null && !('isOpen' in spoken)
  const call = { ...key, function: name, outcome, answer, failure, isFinal, ms: Math.round(ms), vendorMs: 0 } as const
  return keepAnswer(db, call).then(spokenOf, (error: unknown) => {
    log.error({ err: error }, 'what a function call was told is not on record')
    return spoken
  })
}

function spokenOf({ outcome, answer }: { outcome: string; answer: string }): Spoken {
  return outcome === 'error' ? { error: answer } : { result: answer }
}
