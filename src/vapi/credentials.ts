import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { findOwner } from '../db/agents.ts'
import type { Deps } from '../deps.ts'
import { sameSecret, sha256Hex } from '../secrets.ts'

/** What a request to the webhook has shown before anybody read what it says. */
export type Credential =
  /** The secret that this user's assistants have of their own. */
  | { kind: 'own'; clerkUserId: string; digest: string }
  /** The installation's secret, or its signature over the body. */
  | { kind: 'installation' }
  | { kind: 'none' }
  | { kind: 'signature'; signature: string; timestamp: string }
  /** The database, which knows the secrets, cannot be asked. */
  | { kind: 'away' }

const WINDOW_MS = 300_000

/**
 * Looks at the headers alone, so that the body of an unproven request is never read far.
 * @returns `undefined` when there is a secret and it is wrong
 */
export async function credentialOf(deps: Deps, headers: IncomingHttpHeaders): Promise<Credential | undefined> {
  const secret = headerSecret(headers)
  if (secret !== undefined) {
    if (sameSecret(secret, deps.config.vapi.webhookSecrets)) return { kind: 'installation' }
    const digest = sha256Hex(secret)
    const clerkUserId = await findOwner(deps.db, 'secret', digest)
    return clerkUserId === undefined ? undefined : { kind: 'own', clerkUserId, digest }
  }
  const { 'x-signature': signature, 'x-timestamp': timestamp } = headers
  if (typeof signature === 'string') return { kind: 'signature', signature, timestamp: typeof timestamp === 'string' ? timestamp : '' }
  return { kind: 'none' }
}

function headerSecret(headers: IncomingHttpHeaders): string | undefined {
  const { 'x-vapi-secret': plain, authorization } = headers
  if (typeof plain === 'string') return plain
  return authorization === undefined ? undefined : authorization.replace(/^Bearer /i, '')
}

/** HMAC-SHA256, hex, over `timestamp.body` as sent; the timestamp in seconds or milliseconds, at most five minutes off. */
export function signatureFits(
  { signature, timestamp }: { signature: string; timestamp: string },
  body: Buffer,
  secrets: string[],
  now: Date,
): boolean {
  if (!/^\d{10,13}$/.test(timestamp)) return false
  const at = Number(timestamp) * (timestamp.length <= 11 ? 1000 : 1)
  if (Math.abs(now.getTime() - at) > WINDOW_MS) return false
  const given = Buffer.from(signature.toLowerCase())
  return secrets
    .map((secret) => Buffer.from(createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')))
    .map((expected) => given.length === expected.length && timingSafeEqual(given, expected))
    .includes(true)
}
