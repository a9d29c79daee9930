import type { Turn } from '../db/call-transcripts.ts'
import type { CallRecord, CallStatus } from '../db/calls.ts'

/** What one message tells of a call. `null` everywhere: it does not tell. */
export interface News {
  /** When Vapi made the message. */
  madeAt: Date | null
  status: CallStatus | null
  /** Who talks to whom. */
  parties: Parties
  startedAt: Date | null
  endedAt: Date | null
  /** Vapi's word for why it ended, where it did. */
  endedReason: string | null
  /** The assistant was late. */
  isHang: boolean
  /** One utterance, final. */
  turn: Turn | null
  report: Report | null
}

export type Parties = Pick<CallRecord, 'assistantId' | 'direction' | 'customerNumber' | 'customerName' | 'dialledNumber'>

const REPORTED = [
  'startedAt',
  'endedAt',
  'endedReason',
  'summary',
  'intent',
  'sentiment',
  'success',
  'structuredData',
  'cost',
  'costs',
] as const
type Reported = (typeof REPORTED)[number]

/** What is known of a call when it is over. */
export interface Report extends Pick<CallRecord, Reported> {
  hasRecording: boolean
  /** `null`: it brings none, so those that were heard stay. */
  turns: Turn[] | null
}

/** What a report told, by the names of its parts. */
export const SETTLED_TURNS = 'turns'
export const reportedParts = REPORTED

/** Of a message that tells nothing. */
export const NO_NEWS: News = {
  madeAt: null,
  status: null,
  startedAt: null,
  endedAt: null,
  parties: { assistantId: null, direction: null, customerNumber: null, customerName: null, dialledNumber: null },
  endedReason: null,
  isHang: false,
  turn: null,
  report: null,
}

/** Of a call of which nobody knows more than that it is over. */
export const NO_REPORT: Report = {
  startedAt: null,
  endedAt: null,
  endedReason: null,
  summary: null,
  intent: null,
  sentiment: null,
  success: null,
  structuredData: null,
  cost: null,
  costs: null,
  hasRecording: false,
  turns: null,
}
