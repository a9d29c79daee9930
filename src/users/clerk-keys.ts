import { createPublicKey } from 'node:crypto'
import * as z from 'zod'

const Jwks = z.object({ keys: z.array(z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() })) })

// A flood of tokens with invented key ids must not become a flood of requests to Clerk.
const REFETCH_MS = 60_000
const TIMEOUT_MS = 2500

/** Clerk's public keys as PEM by key id. Known keys stay good while Clerk is away. */
export function clerkKeys(apiUrl: string, secretKey: string): (kid: string) => Promise<string | undefined> {
  let keys = new Map<string, string>()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

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
    if (!keys.has(kid) && (running || performance.now() - fetchedAt > REFETCH_MS)) {
      running ??= load().finally(() => {
        running = undefined
        fetchedAt = performance.now()
      })
      // What cannot be fetched is an unknown key: the token is refused, and asked about again a minute later.
      await running.catch(() => {})
    }
    return keys.get(kid)
  }
}
