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

/**
 * One sentence: a result, or an error that tells the assistant how to go on. `isOpen`: what it is about is not decided yet, so that the same
 * function call, delivered again, hears what has become of it by then.
 */
export type Spoken = { result: string } | { error: string; isOpen?: true }

// Assistant hooks use it for every call they make.
const CONSTANT_ID = 'hook-function-call'

/** Vapi's id of a function call, which means something within its phone call only. `null`: it tells none from another. */
export function identityOf(toolCallId: string | null): string | null {
  return toolCallId === CONSTANT_ID ? null : toolCallId
}

/** By which the same function call is known when it is delivered again. `null`: it has no identity. */
export function operationOf({ caller, toolCallId }: { caller: Pick<Caller, 'callId'>; toolCallId: string | null }): string | null {
  const id = identityOf(toolCallId)
  return id === null || caller.callId === null ? null : JSON.stringify([caller.callId, id])
}
