import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Person } from '../people.ts'

export const scopes = [
  'PROFILE_READ',
  'EVENT_TYPE_READ',
  'BOOKING_READ',
  'BOOKING_WRITE',
  'SCHEDULE_READ',
  'APPS_READ',
  'WEBHOOK_READ',
  'WEBHOOK_WRITE',
]

export const ACCESS_SECONDS = 1800
const CODE_SECONDS = 600
const REFRESH_SECONDS = 30 * 86_400

/** What somebody allowed us. */
export interface Granted {
  person: Person
  scopes: string[]
}

export interface Code extends Granted {
  /** `null`: none was sent, and no verifier is asked for. */
  challenge: string | null
}

type Until<What> = What & { expiresAt: number }

/** Codes, tokens and keys that are out there. */
export interface Credentials {
  newCode(code: Code): string
  /** A code works once, whatever comes of it. */
  takeCode(code: string): Code | undefined
  newTokens(granted: Granted): { accessToken: string; refreshToken: string }
  /** A refresh token works once. */
  takeRefreshToken(token: string): Granted | 'unknown' | 'used'
  /** An access token as if the person had allowed everything. */
  tokenFor(person: Person): string
  newKey(person: Person): string
  /** Who sends this bearer, or `undefined` when it is unknown, expired or revoked. */
  caller(request: FastifyRequest): Granted | undefined
  expireAccessTokens(person: Person): void
  /** All but keys, which she makes and removes herself. */
  revokeGrants(person: Person): void
  revokeKeys(person: Person): void
}

export function credentials(): Credentials {
  const codes = new Map<string, Until<Code>>()
  const accessTokens = new Map<string, Until<Granted>>()
  const refreshTokens = new Map<string, Until<Granted & { used: boolean }>>()
  const keys = new Map<string, Until<Granted>>()

  function take(token: string): Granted | 'unknown' | 'used' {
    const found = refreshTokens.get(token)
    if (!found || found.expiresAt <= Date.now()) return 'unknown'
    if (found.used) return 'used'
    found.used = true
    return found
  }

  return {
    newCode: (code) => put(codes, random(), code, CODE_SECONDS),
    takeCode(code) {
      const found = codes.get(code)
      codes.delete(code)
      return found && found.expiresAt > Date.now() ? found : undefined
    },
    newTokens: ({ person, scopes }) => ({
      accessToken: put(accessTokens, random(), { person, scopes }, ACCESS_SECONDS),
      refreshToken: put(refreshTokens, random(), { person, scopes, used: false }, REFRESH_SECONDS),
    }),
    takeRefreshToken: take,
    tokenFor: (person) => put(accessTokens, random(), { person, scopes }, ACCESS_SECONDS),
    newKey: (person) => put(keys, `cal_live_${randomBytes(16).toString('hex')}`, { person, scopes }, Number.POSITIVE_INFINITY),
    caller(request) {
      const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
      const found = accessTokens.get(bearer) ?? keys.get(bearer)
      if (!found || found.expiresAt <= Date.now()) return undefined
      request.ledger.account = found.person.email
      return found
    },
    expireAccessTokens: (person) => forget(accessTokens, person),
    revokeGrants(person) {
      for (const store of [codes, accessTokens, refreshTokens]) forget(store, person)
    },
    revokeKeys: (person) => forget(keys, person),
  }
}

function put<What>(store: Map<string, Until<What>>, token: string, what: What, seconds: number): string {
  store.set(token, { ...what, expiresAt: Date.now() + seconds * 1000 })
  return token
}

function forget(store: Map<string, Granted>, person: Person): void {
  for (const [token, { person: holder }] of store) if (holder.id === person.id) store.delete(token)
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
