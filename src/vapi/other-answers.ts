import { noHandoverSentence, noTransferSentence } from './speech.ts'

interface OtherAnswer {
  error?: string
  eligible?: boolean
  documents?: never[]
  timeoutSeconds?: number
}

// Vapi's own, for when nobody else is asked.
const ENDPOINTING_SECONDS = 0.5

/** What Vapi needs to hear where it waits for more than an acknowledgement. We transfer no calls yet: said in words. */
const ANSWERS = new Map<string, OtherAnswer>([
  ['transfer-destination-request', { error: noTransferSentence() }],
  ['handoff-destination-request', { error: noHandoverSentence() }],
  ['campaign.predial', { eligible: false }],
  ['knowledge-base-request', { documents: [] }],
  ['call.endpointing.request', { timeoutSeconds: ENDPOINTING_SECONDS }],
])

/** What is no request is acknowledged. */
export function answerOther(type: string): OtherAnswer {
  return ANSWERS.get(type) ?? {}
}
