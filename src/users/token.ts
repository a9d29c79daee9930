import { verifyToken } from '@clerk/backend'
import { decodeJwt } from '@clerk/backend/jwt'
import * as z from 'zod'
import type { Config } from '../config.ts'
import type { Profile } from '../db/users.ts'
import { AppError } from '../errors.ts'
import { isAllowedOrigin } from '../origins.ts'
import { clerkKeys } from './clerk-keys.ts'
import { ClerkUserId, profileText } from './profile.ts'

const LEEWAY_SECONDS = 5

const Header = z.object({ alg: z.literal('RS256'), kid: z.string(), crit: z.undefined().optional() })
// A template writes null where the user has no such thing.
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined)
const Claims = z.object({
  sub: ClerkUserId,
  user_id: optional(z.string()),
  iss: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  iat: z.number(),
  azp: optional(z.string()),
  aud: optional(z.union([z.string(), z.array(z.string())])),
  sts: optional(z.string()),
  email: profileText,
  first_name: profileText,
  last_name: profileText,
})

/** Who a token says she is, once everything about it was checked. What it leaves out or empty is `null`. */
export interface Identity extends Profile {
  clerkUserId: string
}

/**
 * Verifies Clerk's tokens of both kinds. With a configured key nothing is asked over the network; otherwise Clerk's key set is cached.
 * Clerk's own verifier checks signature and times, but neither the issuer nor a missing audience, and refuses tokens without `azp`.
 * @returns a function that throws AppError `not_signed_in` for whatever is wrong, `unavailable` when that could not be found out
 */
export function tokenVerifier(config: Config): (token: string) => Promise<Identity> {
  const { clerk, baseUrl } = config
  const keyOf = clerk.jwtKey === undefined ? clerkKeys(clerk.apiUrl, clerk.secretKey) : async () => clerk.jwtKey
  const audiences = clerk.audience.length > 0 ? clerk.audience : [baseUrl]
  const isParty = (azp: string) =>
    clerk.authorizedParties.length > 0 ? clerk.authorizedParties.includes(azp) : isAllowedOrigin(config, azp)

  return async (token) => {
    const header = Header.safeParse(headerOf(token))
    if (!header.success) throw new AppError('not_signed_in', 'malformed token or header')
    const key = await keyOf(header.data.kid)
    if (key === undefined) throw new AppError('not_signed_in', 'unknown key')
    const verified = await verifyToken(token, { jwtKey: key, clockSkewInMs: LEEWAY_SECONDS * 1000 }).catch((cause) => {
      throw new AppError('not_signed_in', 'signature or times', { cause })
    })
    const claims = Claims.safeParse(verified)
    if (!claims.success) throw new AppError('not_signed_in', 'claims are missing or malformed')
    const { sub, user_id, iss, azp, aud, sts, email, first_name, last_name } = claims.data
    if (iss !== clerk.issuer) throw new AppError('not_signed_in', 'another issuer')
    if (azp !== undefined && !isParty(azp)) throw new AppError('not_signed_in', 'another party')
    if (aud !== undefined && ![aud].flat().some((one) => audiences.includes(one))) throw new AppError('not_signed_in', 'another audience')
    if (user_id !== undefined && user_id !== sub) throw new AppError('not_signed_in', 'user_id is not sub')
    if (sts === 'pending') throw new AppError('not_signed_in', 'the session is pending')
    return { clerkUserId: sub, email, firstName: first_name, lastName: last_name }
  }
}

function headerOf(token: string): unknown {
  try {
    return decodeJwt(token).header
  } catch {
    return undefined
  }
}
