import * as z from 'zod'
import { MADE_ID } from '../assistants/answers.ts'
import { CALL_STATUSES, type CallStatus, type Direction } from '../db/calls.ts'
import { lineNumber } from '../line-number.ts'
import { oneLine } from '../one-line.ts'
import { tolerantId, tolerantInstant, tolerantText } from '../tolerant.ts'
import type { News, Parties } from './news.ts'
import { readReport } from './read-report.ts'

const LONGEST_NAME = 80

const DIRECTIONS = new Map<string, Direction>([
  ['inboundPhoneCall', 'inbound'],
  ['outboundPhoneCall', 'outbound'],
  ['webCall', 'web'],
  ['vapi.websocketCall', 'web'],
])

const Line = z.object({ number: tolerantText }).nullish().catch(undefined)
const Customer = z.object({ number: tolerantText, name: tolerantText }).nullish().catch(undefined)

/** A call as it stands in every message, and as the REST API gives it. */
export const Call = z
  .object({
    id: tolerantId,
    type: tolerantText,
    status: tolerantText,
    assistantId: tolerantId,
    assistant: z
      .object({
        metadata: z
          .object({ [MADE_ID]: tolerantText })
          .nullish()
          .catch(undefined),
      })
      .nullish()
      .catch(undefined),
    customer: Customer,
    phoneNumber: Line,
    endedReason: tolerantText,
    startedAt: tolerantInstant,
    endedAt: tolerantInstant,
    createdAt: tolerantInstant,
    updatedAt: tolerantInstant,
  })
  .nullish()
  .catch(undefined)
type Call = z.infer<typeof Call>

/** Who talks to whom. @param beside the call, where messages have the same once more, the message's own first */
export function partiesOf(call: Call, beside: { customer?: z.infer<typeof Customer>; phoneNumber?: z.infer<typeof Line> } = {}): Parties {
  const name = oneLine(beside.customer?.name ?? call?.customer?.name ?? '', LONGEST_NAME)
  return {
    assistantId: call?.assistantId ?? null,
    direction: DIRECTIONS.get(call?.type ?? '') ?? null,
    customerNumber: lineNumber(beside.customer?.number ?? call?.customer?.number ?? null),
    customerName: name === '' ? null : name,
    dialledNumber: lineNumber(beside.phoneNumber?.number ?? call?.phoneNumber?.number ?? null),
  }
}

/** `null`: none that a call goes through. */
export function statusOf(status: string | null | undefined): CallStatus | null {
  return CALL_STATUSES.find((one) => one === status) ?? null
}

/** A call as the REST API gives it. */
export interface ListedCall {
  id: string
  assistantId: string | null
  /** Ours, of what its assistant was made for, where it came inline. */
  madeId: string | null
  isOver: boolean
  /** When it last changed, by Vapi. */
  changedAt: Date | null
  news: News
}

/** @returns `undefined`: that is no call */
export function readListedCall(source: unknown): ListedCall | undefined {
  const call = Call.parse(source)
  if (!call?.id) return undefined
  const isOver = call.status === 'ended' || typeof call.endedReason === 'string' || call.endedAt instanceof Date
  const changedAt = call.endedAt ?? call.updatedAt ?? call.createdAt ?? null
  return {
    id: call.id,
    assistantId: call.assistantId ?? null,
    madeId: call.assistant?.metadata?.[MADE_ID] ?? null,
    isOver,
    changedAt,
    news: {
      madeAt: call.updatedAt ?? changedAt,
      status: isOver ? 'ended' : statusOf(call.status),
      startedAt: call.startedAt ?? null,
      endedAt: call.endedAt ?? null,
      parties: partiesOf(call),
      endedReason: null,
      isHang: false,
      turn: null,
      report: isOver ? readReport(source) : null,
    },
  }
}
