import * as z from 'zod'
import type { News } from '../calls/news.ts'
import { Call, partiesOf, statusOf } from '../calls/read-call.ts'
import { readReport } from '../calls/read-report.ts'
import { turnOf } from '../calls/read-turns.ts'
import type { CallStatus } from '../db/calls.ts'
import { oneLine } from '../one-line.ts'
import { tolerantInstant, tolerantText } from '../tolerant.ts'

const LONGEST_REASON = 200

const Party = z.object({ number: tolerantText, name: tolerantText }).nullish().catch(undefined)
const Told = z.object({
  timestamp: tolerantInstant,
  call: Call,
  customer: Party,
  phoneNumber: Party,
  status: tolerantText,
  endedReason: tolerantText,
  role: tolerantText,
  transcriptType: tolerantText,
  transcript: tolerantText,
})
type Told = z.infer<typeof Told>

// Somebody speaks, listens or is put through, so the call is in progress.
const TALK = [
  'tool-calls',
  'function-call',
  'transcript',
  'conversation-update',
  'speech-update',
  'hang',
  'user-interrupted',
  'model-output',
  'voice-input',
  'voice-request',
  'assistant.started',
  'assistant.speechStarted',
  'call.endpointing.request',
  'knowledge-base-request',
  'language-change-detected',
  'language-changed',
  'transfer-destination-request',
  'transfer-update',
  'handoff-destination-request',
]

/** What a message of this type tells of its call. @param message whatever Vapi sent */
export function newsOf(type: string, message: unknown): News {
  const told: Told = Told.safeParse(message).data ?? {}
  const { timestamp: madeAt = null, call } = told
  const status = statusAt(type, told)
  const hasEnded = status === 'ended'
  const reason = hasEnded ? oneLine(told.endedReason ?? call?.endedReason ?? '', LONGEST_REASON) : ''
  const isReport = type === 'end-of-call-report'
  return {
    madeAt,
    status,
    startedAt: call?.startedAt ?? (status === 'in-progress' ? madeAt : null),
    // A report comes some time after the end.
    endedAt: call?.endedAt ?? (hasEnded && !isReport ? madeAt : null),
    parties: partiesOf(call, told),
    endedReason: reason === '' ? null : reason,
    isHang: type === 'hang',
    turn: isFinalTranscript(type, told) ? turnOf(told.role, told.transcript, madeAt) : null,
    report: isReport ? readReport(message, call && rawCall(message)) : null,
  }
}

/** The message's own status before that of the call in it, which may be old. */
function statusAt(type: string, { status, call }: Told): CallStatus | null {
  if (type === 'end-of-call-report') return 'ended'
  if (type === 'status-update' && status) return statusOf(status)
  if (type === 'assistant-request') return 'ringing'
  return TALK.includes(bare(type)) ? 'in-progress' : statusOf(call?.status)
}

/** What is not final yet comes again. The literal of the subscription may stand as the type. */
function isFinalTranscript(type: string, { transcriptType }: Told): boolean {
  return bare(type) === 'transcript' && (transcriptType ?? (type.includes('partial') ? 'partial' : 'final')) === 'final'
}

/** `transcript[transcriptType="final"]` is a transcript. */
function bare(type: string): string {
  return type.split('[', 1)[0] ?? type
}

function rawCall(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'call' in message ? message.call : undefined
}
