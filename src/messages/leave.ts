import { logEvent } from '../audit/log.ts'
import {
  type CallerMessage,
  completeMessage,
  countMessages,
  findEarlierMessage,
  insertMessage,
  type NewMessage,
} from '../db/caller-messages.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { type TellDeps, tellOfMessage } from '../notices/tell.ts'
import { sha256Hex } from '../secrets.ts'

// Enough for whoever has something to say; whoever knows an assistant's id must not bury the owner's real messages.
const MOST_IN_A_CALL = 5
const MOST_OF_A_NUMBER = 10
const MOST_IN_A_DAY = 200
// Whoever only knows an assistant's id may use up this part of a day's messages and no more: the others are kept for calls that Vapi vouches for.
const UNPROVEN_SHARE = 1 / 4

/** A message as it is left; the words are not empty. */
export type LeftMessage = Omit<NewMessage, 'clerkUserId' | 'operationKey' | 'wordsKey'> & {
  /** The same key again is the same request. `null`: it has no identity of its own. */
  operation: string | null
  /** The assistant has shown its secret. */
  isBelieved: boolean
}

/**
 * Keeps what a caller leaves for the owner, who is told in the same transaction. No calendar is needed. The same request again, and the
 * same words again in one call, are the same message; what was not known before is added to it.
 * @throws AppError `too_many_messages`, `repeat_differs`
 */
export function leaveMessage(
  deps: Pick<Deps, 'db'> & TellDeps,
  clerkUserId: string,
  { operation, isBelieved, ...message }: LeftMessage,
): Promise<CallerMessage> {
  const row: NewMessage = {
    ...message,
    clerkUserId,
    operationKey: operation === null ? null : sha256Hex(operation),
    wordsKey: wordsKey(message),
  }
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const { ofCall, ofNumber, ofDay } = await countMessages(trx, clerkUserId, { call: row.vapiCallId, number: row.callNumber })
    const earlier = await findEarlierMessage(trx, row)
    if (earlier?.operationKey && earlier.operationKey === row.operationKey && earlier.words !== row.words)
      throw new AppError('repeat_differs', 'same operation, other words')
    if (earlier) return completeMessage(trx, clerkUserId, earlier.id, row)
    if (ofCall >= MOST_IN_A_CALL || ofNumber >= MOST_OF_A_NUMBER || ofDay >= MOST_IN_A_DAY * (isBelieved ? 1 : UNPROVEN_SHARE))
      throw new AppError('too_many_messages', `${ofCall} in the call, ${ofNumber} of the number, ${ofDay} today`)
    const left = await insertMessage(trx, row)
    if (!left) throw new AppError('internal', 'a message came in although nobody else counted')
    await tellOfMessage(deps, trx, { ...left, clerkUserId })
    const actor = { kind: 'caller', callId: row.vapiCallId } as const
    await logEvent(trx, { clerkUserId, actor, action: 'message.left', subject: { kind: 'message', id: left.id } })
    return left
  })
}

/** A model that repeats itself changes case and marks, not what was said. */
function wordsKey({ vapiCallId, words }: { vapiCallId: string | null; words: string }): string | null {
  const plain = words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return vapiCallId === null ? null : sha256Hex(JSON.stringify([vapiCallId, plain.join(' ') || words]))
}
