import { MADE_ID } from './answers.ts'
import { credentialsOf, type Definition, hasOwnModel } from './definition.ts'

/** Whose is it, by what a Ringbook wrote into it? */
export function madeIdOf({ metadata }: Definition): string | null {
  const id = isFields(metadata) ? metadata[MADE_ID] : undefined
  return typeof id === 'string' ? id : null
}

/** Does it show anything when it calls? Vapi does not tell what. */
export function showsSecret({ server, credentials, isServerUrlSecretSet, credentialIds }: Definition): boolean {
  if (isServerUrlSecretSet === true || (Array.isArray(credentialIds) && credentialIds.length > 0)) return true
  if (isFields(server) && typeof server.credentialId === 'string') return true
  return headerOf(server) !== undefined || providersOf(credentials).includes('webhook')
}

/** Does it bring a key for a model of its owner's, so that Vapi does not show the account's? */
export function bringsModelKey(wanted: Definition, { credentials }: Definition): boolean {
  return !hasOwnModel(wanted) || providersOf(credentials).includes('custom-llm')
}

/**
 * The fields that give the assistant this secret. Credentials are replaced as a whole and Vapi does not tell what is secret in them: where
 * there are others, or one of the account is chosen for our server, the secret goes into a header beside them.
 * @param fields what is sent besides
 */
export function withSecret(fields: Definition, wanted: Definition, live: Definition, secret: string): Definition {
  const server = fields.server ?? live.server
  // A key for a model of hers is ours to replace only where we made the assistant.
  const ours = madeIdOf(live) === null ? ['webhook'] : ['webhook', 'custom-llm']
  const others = providersOf(live.credentials).some((provider) => typeof provider !== 'string' || !ours.includes(provider))
  const isChosen = isFields(live.server) && typeof live.server.credentialId === 'string'
  if (!others && !isChosen) return { ...fields, credentials: credentialsOf(wanted, secret) }
  const headers = isFields(server) && isFields(server.headers) ? server.headers : {}
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== SECRET_HEADER)
  return { ...fields, server: { ...(isFields(server) ? server : {}), headers: { ...Object.fromEntries(kept), [SECRET_HEADER]: secret } } }
}

const SECRET_HEADER = 'x-vapi-secret'

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

function headerOf(server: unknown): unknown {
  const headers = isFields(server) && isFields(server.headers) ? server.headers : {}
  return Object.entries(headers).find(([name]) => name.toLowerCase() === SECRET_HEADER)?.[1]
}

function providersOf(credentials: unknown): unknown[] {
  return Array.isArray(credentials) ? credentials.map((one) => (isFields(one) ? one.provider : undefined)) : []
}
