import { createHmac, randomBytes } from 'node:crypto'
import type { Cipher } from '../cipher.ts'

// As svix and Standard Webhooks have it: `whsec_` and the key in base64.
const PREFIX = 'whsec_'
const KEY_BYTES = 32

export function newWebhookSecret(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64')
}

/** Bound to its owner: copied into another's row it does not open. */
export function sealWebhookSecret(cipher: Cipher, clerkUserId: string, secret: string): string {
  return cipher.seal(secret, place(clerkUserId))
}

/** `undefined` when it was changed or moved, or its key is gone: only a new secret helps then. */
export function openWebhookSecret(cipher: Cipher, clerkUserId: string, sealed: string): string | undefined {
  try {
    return cipher.open(sealed, place(clerkUserId))
  } catch {
    return undefined
  }
}

/** What a message carries by which its receiver knows that it is ours, and not an old one. @param secrets each of them signs */
export function signedHeaders(id: string, body: string, sentAt: Date, secrets: string[]): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000))
  const signatures = secrets.map((secret) => `v1,${signature(secret, `${id}.${timestamp}.${body}`)}`)
  return {
    'content-type': 'application/json',
    'user-agent': 'Ringbook-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

function signature(secret: string, text: string): string {
  return createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(text)
    .digest('base64')
}

function place(clerkUserId: string): string[] {
  return ['notice_settings', 'webhook_secret', clerkUserId]
}
