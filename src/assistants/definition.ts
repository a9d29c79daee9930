import { oneLine } from '../one-line.ts'
import { MADE_ID } from './answers.ts'
import { merged } from './fields.ts'

/** The body of `POST /assistant`, or a part of it. */
export type Definition = Record<string, unknown>

/** A function among the tools of an assistant. */
export type Tool = object

export interface Wanted {
  /** Ours, for the metadata; `null`: we did not make it. */
  id: string | null
  name: string
  /** As the frontend saves it: some of it is Vapi's, some the frontend's own. */
  config: Record<string, unknown> | null
  baseUrl: string
  /** What it may ask of us. Without a model there is nobody to ask. */
  functions?: readonly Tool[]
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

/** All that an assistant has to be; the rest is nobody's business here. */
export interface WantedFields {
  /** Without which it does not work with us. */
  ours: Definition
  /** That, and what its owner says. */
  all: Definition
}

/** @param hasModel a model stands at Vapi already, for one whose config names none */
export function wantedOf(wanted: Wanted, hasModel = false): WantedFields {
  const owners = ownersOf(wanted)
  const ours = oursOf(wanted)
  const all = { ...ours, ...owners, ...merged(ours, owners) }
  // Where there is no model to call them, functions are of no use, and Vapi refuses a model that has nothing else.
  return hasModel || namesModel(all) ? { ours, all } : { ours: without(ours, 'model'), all: without(all, 'model') }
}

/** Of an assistant's fields. */
export function namesModel({ model }: Definition): boolean {
  return typeof model === 'object' && model !== null && 'provider' in model && typeof model.provider === 'string'
}

/** The body that makes an assistant: as its owner configured it, calling us and nobody else, with a secret of its own. */
export function definitionOf({ secret, ...wanted }: Wanted & { secret: string }): Definition {
  const { all } = wantedOf(wanted)
  return { ...all, credentials: credentialsOf(all, secret) }
}

/** Where Vapi sends everything, and how patiently. */
function serverOf(baseUrl: string): object {
  return {
    url: `${baseUrl}/vapi/webhook`,
    timeoutSeconds: 20,
    backoffPlan: { type: 'exponential', maxRetries: 3, baseDelaySeconds: 1, excludedStatusCodes: [400, 401, 403, 404, 413, 422] },
  }
}

/** What every assistant of ours needs to work with us, whatever its owner says. */
function oursOf({ id, baseUrl, functions = [] }: Pick<Wanted, 'id' | 'baseUrl' | 'functions'>): Definition {
  return {
    ...(functions.length > 0 ? { model: { tools: functions } } : {}),
    server: serverOf(baseUrl),
    serverMessages: SERVER_MESSAGES,
    ...(id === null ? {} : { metadata: { [MADE_ID]: id } }),
  }
}

/** What its owner says, without what is the installation's to say. */
function ownersOf({ name, config, baseUrl }: Pick<Wanted, 'name' | 'config' | 'baseUrl'>): Definition {
  const chosen = Object.fromEntries(Object.entries(config ?? {}).filter(([key]) => CHOOSABLE.includes(key)))
  return { ...ownOnly(serverOf(baseUrl), chosen), name: oneLine(name, LONGEST_NAME) }
}

/**
 * With a secret of its own an assistant shows who it is. It travels as a credential of this one assistant: Vapi sends it as a bearer token and
 * prefers it to those of the account.
 */
export function credentialsOf(fields: Definition, secret: string): object[] {
  return [
    { provider: 'webhook', authenticationPlan: { type: 'bearer', token: secret } },
    ...(hasOwnModel(fields) ? [{ provider: OWN_MODEL, apiKey: 'none' }] : []),
  ]
}

/** Then it has to bring a key for it, or Vapi would show the account's. */
export function hasOwnModel(fields: Definition): boolean {
  return JSON.stringify(fields).includes(`"${OWN_MODEL}"`)
}

/** The same without what is the account's, and with our server in place of every other one, at any depth: a tool or a hook may name its own. */
function ownOnly(server: object, chosen: object): Definition {
  // `null` is as good as absent, and Vapi refuses it.
  const kept = Object.entries(chosen).filter(([key, value]) => value !== null && !WITHHELD.includes(key) && !isOfTheAccount(value))
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

function without(fields: Definition, name: string): Definition {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))
}
