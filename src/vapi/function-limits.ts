import { randomUUID } from 'node:crypto'
import { countHit, countPart } from '../db/rate-limits.ts'
import type { ToolCallKey } from '../db/tool-calls.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { sha256Hex } from '../secrets.ts'
import type { Admitted } from './admission.ts'

// An assistant without a secret may be anybody's: whoever knows its id can speak as it, and must not wear out the calendar behind it.
const UNPROVEN_SHARE = 1 / 4

/**
 * So many function calls of one assistant, and so many in one call.
 * @throws AppError `too_many_requests`, `call_limit_reached`
 */
export async function limitFunctionCalls(deps: Deps, admission: Extract<Admitted, { kind: 'tenant' }>, key: ToolCallKey): Promise<void> {
  await limitAssistant(deps, admission)
  if (key.vapiCallId !== null) await limitCall(deps, key)
}

async function limitAssistant(deps: Deps, { clerkUserId, assistantId, proven }: Extract<Admitted, { kind: 'tenant' }>): Promise<void> {
  const { toolCallsPerMinute } = deps.config.limits
  const { hits } = await countHit(deps.db, `function-calls:${proven ? 'proven' : 'unproven'}:${assistantId ?? clerkUserId}`)
  if (hits > toolCallsPerMinute * (proven ? 1 : UNPROVEN_SHARE)) throw new AppError('too_many_requests', 'function calls of one assistant')
}

/** A model in a loop must not wear out a calendar. The same function call, however often it is delivered, is one. */
async function limitCall({ config, db }: Deps, { clerkUserId, vapiCallId, toolCallId }: ToolCallKey): Promise<void> {
  const call = sha256Hex(JSON.stringify([clerkUserId, vapiCallId]))
  const part = sha256Hex(JSON.stringify([call, toolCallId ?? randomUUID()]))
  const ordinal = await countPart(db, `function-calls-of:${call}`, `function-call:${part}`)
  if (ordinal > config.limits.toolCallsPerCall) throw new AppError('call_limit_reached', `${ordinal} function calls in one call`)
}
