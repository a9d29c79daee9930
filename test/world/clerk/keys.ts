import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign as signBytes } from 'node:crypto'

/** Clerk's signing key: RSA of 2048 bits, the only size that `@clerk/backend` accepts as PEM. */
export interface SigningKey {
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
}

export function newSigningKey(): SigningKey {
  return { kid: `ins_${randomBytes(12).toString('hex')}`, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
}

let first: SigningKey | undefined

/** The key that every instance in this process begins with: making one takes longer than most of what a test does. */
export function firstSigningKey(): SigningKey {
  first ??= newSigningKey()
  return first
}

/** The public half as it stands in a JWKS. */
export function publicJwk({ kid, publicKey }: SigningKey) {
  const { n, e } = publicKey.export({ format: 'jwk' })
  return { use: 'sig', kty: 'RSA', kid, alg: 'RS256', n, e }
}

/** Signs whatever it is given, forgeries included: RS256, or HS256 when the key is a text, or not at all when it is `null`. */
export function signJwt(header: object, claims: object, key: KeyObject | string | null): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part(header)}.${part(claims)}`
  if (key === null) return `${body}.`
  const signature =
    typeof key === 'string' ? createHmac('sha256', key).update(body).digest() : signBytes('RSA-SHA256', Buffer.from(body), key)
  return `${body}.${signature.toString('base64url')}`
}

/** A webhook delivery as Svix signs it: base64 HMAC-SHA256 over id, time and the exact bytes of the body. */
export function signDelivery(secret: string, payload: unknown, { id = `msg_${randomUUID()}`, at = new Date() } = {}) {
  const body = JSON.stringify(payload)
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': timestamp,
    'svix-signature': `v1,${signature}`,
  }
  return { headers, body }
}
