import type { Diary } from '../calendar/access.ts'
import type { Deps } from '../deps.ts'
import type { Origin } from './messages.ts'

/** Who is on the line, by Vapi's own facts. The number is `null` where it is not to be trusted. */
export interface Caller extends Origin {
  assistantId: string | null
}

/** What a function works with besides what the model wrote. */
export interface Context {
  deps: Deps
  diary: Diary
  caller: Caller
  /** Of the function call, as Vapi numbers it. */
  callId: string | null
  /** Ends all vendor requests when the caller has waited long enough. */
  signal: AbortSignal
}

/** One sentence: a result, or an error that tells the assistant how to go on. */
export type Spoken = { result: string } | { error: string }
