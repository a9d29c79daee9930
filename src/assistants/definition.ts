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
// A transcriber of one's own address would be shown the account's key.
const WITHHELD = ['credentialId', 'credentialIds', 'credentials', 'realtimeUrl']
// These tools work in the calendars, sheets and channels that the account itself is connected to.
const OF_THE_ACCOUNT = /^(?:ghl|gohighlevel|google|make|slack)(?:\.|$)/
// Vapi shows the account's key to whatever address stands for this model, unless the assistant brings one.
const OWN_MODEL = 'custom-llm'

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
  const chosen = Object.fromEntries(Object.entries(config ?? {}).filter(([key]) => CHOOSABLE.includes(key)))
  const hasOwnModel = JSON.stringify(chosen).includes(`"${OWN_MODEL}"`)
  return {
    ...ownOnly(server, chosen),
    name: oneLine(name, LONGEST_NAME),
    server,
    serverMessages: SERVER_MESSAGES,
    credentials: [
      { provider: 'webhook', authenticationPlan: { type: 'bearer', token: secret } },
      ...(hasOwnModel ? [{ provider: OWN_MODEL, apiKey: 'none' }] : []),
    ],
    metadata: { [MADE_ID]: id },
  }
}

/** The same without what is the account's, and with our server in place of every other one, at any depth: a tool or a hook may name its own. */
function ownOnly(server: object, chosen: object): Definition {
  const kept = Object.entries(chosen).filter(([key, value]) => !WITHHELD.includes(key) && !isOfTheAccount(value))
  return Object.fromEntries(
    kept.map(([key, value]) => {
      // Below `properties` stand names of arguments, which mean nothing to Vapi.
      if (key === 'properties') return [key, value]
      return [key, key === 'server' ? server : ownOnlyIn(server, value)]
    }),
  )
}

function ownOnlyIn(server: object, value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isOfTheAccount(item)).map((item) => ownOnlyIn(server, item))
  return typeof value === 'object' && value !== null ? ownOnly(server, value) : value
}

function isOfTheAccount(value: unknown): boolean {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  return typeof type === 'string' && OF_THE_ACCOUNT.test(type)
}
