import { createHash, timingSafeEqual } from 'node:crypto'

/** SHA-256, hex: as secrets and states are stored and looked up. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Is it one of these? Takes as long for a near miss as for a wild guess. */
export function sameSecret(given: string, expected: string[]): boolean {
  const digest = Buffer.from(secretDigest(given))
  // Every one is compared, whether or not an earlier one fitted.
  return expected.map((one) => timingSafeEqual(digest, Buffer.from(secretDigest(one)))).includes(true)
}
