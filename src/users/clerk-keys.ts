import { createPublicKey } from 'node:crypto'
import * as z from 'zod'
import { AppError } from '../errors.ts'

const RsaKey = z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() })
// Keys of another kind may stand beside ours.
const Jwks = z.object({ keys: z.array(z.unknown()).transform((keys) => keys.flatMap((key) => RsaKey.safeParse(key).data ?? [])) })

// A flood of tokens with invented key ids must not become a flood of requests to Clerk.
const REFETCH_MS = 60_000
// Without any key nobody can be let in at all.
const REFETCH_WITHOUT_KEYS_MS = 5000
const TIMEOUT_MS = 2500

/**
 * Clerk's public keys as PEM by key id. Known keys stay good while Clerk is away.
 * @returns a function that throws AppError `unavailable` when Clerk did not answer, so that nobody knows whether the key is one of its
 */
export function clerkKeys(apiUrl: string, secretKey: string): (kid: string) => Promise<string | undefined> {
  let keys = new Map<string, string>()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined
  let failure: unknown

  async function load(): Promise<void> {
    const response = await fetch(`${apiUrl}/v1/jwks`, {
      headers: { authorization: `Bearer ${secretKey}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`Clerk answered ${response.status} for its keys`)
    const { keys: found } = Jwks.parse(await response.json())
    keys = new Map(
      found.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()]),
    )
  }

  return async (kid) => {
    const wait = keys.size === 0 ? REFETCH_WITHOUT_KEYS_MS : REFETCH_MS
    if (!keys.has(kid) && (running || performance.now() - fetchedAt > wait)) {
      running ??= load()
        .then(
          () => {
            failure = undefined
          },
          (error: unknown) => {
            failure = error
          },
        )
        .finally(() => {
          running = undefined
          fetchedAt = performance.now()
        })
      await running
    }
    const key = keys.get(kid)
    // Not "sign in again": that would not help.
    if (key === undefined && failure !== undefined) throw new AppError('unavailable', "Clerk's keys", { cause: failure })
    return key
  }
}
