import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** For a webhook: 256 random bits, fit for a header. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** As secrets, states and keys of repetition are stored and looked up. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Is it one of these? Takes as long for a near miss as for a wild guess. */
export function sameSecret(given: string, expected: string[]): boolean {
  const digest = Buffer.from(sha256Hex(given))
  // Every one is compared, whether or not an earlier one fitted.
  return expected.map((one) => timingSafeEqual(digest, Buffer.from(sha256Hex(one)))).includes(true)
}
