import type { Diary } from '../calendar/access.ts'
import type { Deps } from '../deps.ts'

/** Who is on the line, by Vapi's own facts. */
export interface Caller {
  /** Of the phone call, as `callIdOf` tells those apart for which nobody vouches. */
  callId: string | null
  /** `null` also where the assistant is unproven. */
  number: string | null
  name: string | null
  /** The assistant has shown its secret: then call and number are Vapi's own word. */
  isBelieved: boolean
}

/** What a function works with besides what the model wrote. */
export interface Context {
  deps: Deps
  diary: Diary
  caller: Caller
  /** Of the function call, as Vapi numbers it. */
  toolCallId: string | null
  /** Ends all vendor requests when the caller has waited long enough. */
  signal: AbortSignal
}

/** One sentence: a result, or an error that tells the assistant how to go on. */
export type Spoken = { result: string } | { error: string }

// Assistant hooks use it for every call they make.
const CONSTANT_ID = 'hook-function-call'

/** By which the same function call is known when it is delivered again. An id means something within its call only. `null`: it has none. */
export function operationOf({ caller, toolCallId }: { caller: Pick<Caller, 'callId'>; toolCallId: string | null }): string | null {
  return toolCallId === null || toolCallId === CONSTANT_ID || caller.callId === null ? null : JSON.stringify([caller.callId, toolCallId])
}
