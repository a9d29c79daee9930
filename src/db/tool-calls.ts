import { sql } from 'kysely'
import type { Step } from '../trace.ts'
import type { Db } from './client.ts'

/** Which function call of which tenant, as it is known when it is delivered again. */
export interface ToolCallKey {
  clerkUserId: string
  vapiCallId: string | null
  /** `null`: nothing tells it from another. */
  toolCallId: string | null
  /** Of what the model wrote. */
  argumentsDigest: string
}

/** What a function call is told. */
export interface ToolCallAnswer {
  outcome: 'result' | 'error'
  answer: string
}

export interface NewToolCall extends ToolCallKey, ToolCallAnswer {
  function: string
  /** One of our error codes, where it was refused by one. */
  failure: string | null
  /** Decided: delivered again, it is answered the same. */
  isFinal: boolean
  ms: number
  /** Of these, spent waiting for calendars. */
  vendorMs: number
  /** Since its request had come in, when it was taken up. */
  beforeMs: number
  traceId: string
  steps: Step[]
}

/** What was decided for this very function call when it came before, in one trip. */
export async function findAnswer(db: Db, key: ToolCallKey): Promise<ToolCallAnswer | undefined> {
  const { clerkUserId, vapiCallId, toolCallId, argumentsDigest } = key
  if (vapiCallId === null || toolCallId === null) return undefined
  const found = sql<ToolCallAnswer>`select * from tool_calls_find_answer(${clerkUserId}, ${vapiCallId}, ${toolCallId}, ${argumentsDigest})`
  return (await found.execute(db)).rows[0]
}

/**
 * Keeps what a function call is told, in one trip.
 * @returns what it is to be told: of two that were decided at once the first one counts
 */
export async function keepAnswer(db: Db, call: NewToolCall): Promise<ToolCallAnswer> {
  const { clerkUserId, vapiCallId, toolCallId, argumentsDigest, outcome, answer, failure, isFinal } = call
  const { rows } = await sql<ToolCallAnswer>`select * from tool_calls_keep(${clerkUserId}, ${vapiCallId}, ${toolCallId}, ${call.function},
    ${argumentsDigest}, ${answer}, ${outcome}, ${failure}, ${isFinal}, ${call.ms}, ${call.vendorMs}, ${call.beforeMs}, ${call.traceId},
    ${JSON.stringify(call.steps)})`.execute(db)
  return rows[0] ?? { outcome, answer }
}
