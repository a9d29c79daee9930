import type { z } from 'zod'
import type { MessageParameters } from '../functions/parameters.ts'
import { lineNumber } from '../line-number.ts'
import { leaveMessage } from '../messages/leave.ts'
import { oneLine } from '../one-line.ts'
import { type Context, operationOf, type Spoken } from './context.ts'
import { missingMessageSentence } from './questions.ts'
import { readEmail } from './spoken-email.ts'
import { messageNumberAgainSentence, messageTakenSentence, messageWithoutNumberSentence } from './spoken-messages.ts'
import { readPhone } from './spoken-phone.ts'

/** Keeps what a caller leaves for the owner. It needs no calendar, so that it works where nothing else does. */
export async function takeMessage(context: Context, asked: z.infer<typeof MessageParameters>): Promise<Spoken> {
  const { deps, diary, caller } = context
  const clean = (text: string | undefined | null, longest: number) => oneLine(text ?? '', longest) || null
  const wishedTime = clean(asked.wishedTime, 200)
  const words = clean(asked.message, 1000) ?? (wishedTime === null ? null : 'Would like an appointment.')
  if (words === null) return { error: missingMessageSentence() }
  const phone = readPhone(asked.phone, diary.region)
  const email = readEmail(asked.email)
  const left = await leaveMessage(deps, diary.clerkUserId, {
    words,
    wishedTime,
    callerName: clean(asked.name ?? caller.name, 100),
    callNumber: lineNumber(caller.number),
    phone: phone.kind === 'phone' ? phone.number : null,
    email: email.kind === 'email' ? email.address : null,
    address: clean(asked.address, 200),
    vapiCallId: caller.callId,
    operation: operationOf(context),
    isBelieved: caller.isBelieved,
  })
  if (phone.kind === 'incomplete') return { result: messageNumberAgainSentence() }
  const number = left.phone ?? left.callNumber
  if (number === null && left.email === null) return { result: messageWithoutNumberSentence() }
  return { result: messageTakenSentence(number) }
}
