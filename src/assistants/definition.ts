import { oneLine } from '../one-line.ts'
import { MADE_ID } from './answers.ts'

/** The body of `POST /assistant`. */
export type Definition = Record<string, unknown>

export interface Wanted {
  /** Ours, for the metadata. */
  id: string
  name: string
  /** As the frontend saves it: some of it is Vapi's, some the frontend's own. */
  config: Record<string, unknown> | null
  /** What Vapi has to show us when it calls. */
  secret: string
  baseUrl: string
}

/** Vapi cuts nothing off, it refuses. */
const LONGEST_NAME = 40

/** What Vapi's CreateAssistantDTO knows and an owner may choose; it refuses any other name. */
export const CHOOSABLE = [
  'transcriber',
  'model',
  'voice',
  'firstMessage',
  'firstMessageInterruptionsEnabled',
  'firstMessageMode',
  'voicemailDetection',
  'clientMessages',
  'maxDurationSeconds',
  'backgroundSound',
  'modelOutputInMessagesEnabled',
  'transportConfigurations',
  'observabilityPlan',
  'hooks',
  'voicemailMessage',
  'endCallMessage',
  'endCallPhrases',
  'compliancePlan',
  'backgroundSpeechDenoisingPlan',
  'analysisPlan',
  'artifactPlan',
  'startSpeakingPlan',
  'stopSpeakingPlan',
  'monitorPlan',
  'keypadInputPlan',
]

// All tenants share one account at Vapi: what is stored there, secrets above all, is not for one of them to point at.
const WITHHELD = ['credentialId', 'credentialIds', 'credentials']

const SERVER_MESSAGES = ['tool-calls', 'status-update', 'transcript[transcriptType="final"]', 'end-of-call-report', 'hang']

/**
 * An assistant as its owner configured it, which calls us and nobody else, and shows a secret of its own when it does. That secret travels as
 * a credential of this one assistant: Vapi sends it as a bearer token and prefers it to those of the account.
 */
export function definitionOf({ id, name, config, secret, baseUrl }: Wanted): Definition {
  const server = {
    url: `${baseUrl}/vapi/webhook`,
    timeoutSeconds: 20,
    backoffPlan: { type: 'exponential', maxRetries: 3, baseDelaySeconds: 1, excludedStatusCodes: [400, 401, 403, 404, 413, 422] },
  }
  const chosen = Object.entries(config ?? {}).filter(([key]) => CHOOSABLE.includes(key))
  return {
    ...Object.fromEntries(chosen.map(([key, value]) => [key, callingOnly(server, value)])),
    name: oneLine(name, LONGEST_NAME),
    server,
    serverMessages: SERVER_MESSAGES,
    credentials: [{ provider: 'webhook', authenticationPlan: { type: 'bearer', token: secret } }],
    metadata: { [MADE_ID]: id },
  }
}

/** The same, with our server in place of every other one, at any depth: a tool or a hook may name its own. */
function callingOnly(server: object, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => callingOnly(server, item))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => !WITHHELD.includes(key))
  return Object.fromEntries(
    kept.map(([key, inner]) => {
      // Below `properties` stand names of arguments, which mean nothing to Vapi.
      if (key === 'properties') return [key, inner]
      return [key, key === 'server' ? server : callingOnly(server, inner)]
    }),
  )
}
