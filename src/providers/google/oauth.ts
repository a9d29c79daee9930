import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Call, Outbound } from '../outbound.ts'
import type { Grant, Tokens } from '../provider.ts'
import { apiFailure, tokenFailure, tokenWasDead } from './failure.ts'

export interface GoogleSettings {
  clientId: string
  clientSecret: string
  redirectUri: string
  authUrl: string
  tokenUrl: string
  revokeUrl: string
  /** Origin; the SDK adds the path. */
  apiUrl: string
}

interface Vendor {
  settings: GoogleSettings
  send: Outbound
}

// The right to write events includes neither reading free/busy nor listing calendars.
const NEEDED = ['calendar.events', 'calendar.freebusy', 'calendar.calendarlist.readonly'].map(
  (name) => `https://www.googleapis.com/auth/${name}`,
)

/** One client for one request: it carries one account's tokens, and its requests go out as `call` says. */
export function clientFor({ settings, send }: Vendor, call: Call): OAuth2Client {
  const client = new OAuth2Client({
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    redirectUri: settings.redirectUri,
    endpoints: { oauth2AuthBaseUrl: settings.authUrl, oauth2TokenUrl: settings.tokenUrl, oauth2RevokeUrl: settings.revokeUrl },
    transporterOptions: { fetchImplementation: (url, init) => send(call, url, init) },
  })
  // The library repeats token requests by itself, the exchange of a code too, whatever its options say. Repeating is outbound's business.
  client.transporter.interceptors.request.add({
    resolved: async (request) => ({ ...request, retry: false, retryConfig: { retry: 0, noResponseRetries: 0 } }),
  })
  return client
}

export function authorizationUrl(vendor: Vendor, state: string, codeChallenge: string): URL {
  const client = clientFor(vendor, { operation: 'authorize', budget: 'token', repeatable: false })
  return new URL(
    client.generateAuthUrl({
      scope: ['openid', 'email', ...NEEDED],
      state,
      code_challenge: codeChallenge,
      code_challenge_method: CodeChallengeMethod.S256,
      access_type: 'offline',
      prompt: 'consent', // without it, connecting again brings no refresh token
      response_type: 'code',
    }),
  )
}

export async function exchangeCode(vendor: Vendor, code: string, codeVerifier: string): Promise<Grant> {
  const client = clientFor(vendor, { operation: 'exchange', budget: 'token', repeatable: false })
  const { tokens } = await client.getToken({ code, codeVerifier }).catch((error: unknown) => {
    throw tokenFailure('exchange', error, 'code_refused')
  })
  const answer = TokenAnswer.extend({ id_token: z.string(), scope: z.string() }).safeParse(tokens)
  if (!answer.success) throw new AppError('provider_unavailable', 'google exchange: an answer without tokens')
  const scopes = answer.data.scope.split(' ')
  const missing = NEEDED.filter((scope) => !scopes.includes(scope))
  if (missing.length > 0) throw new AppError('scope_missing', `google exchange: not granted: ${missing.join(' ')}`)
  return { ...tokensOf(answer.data), scopes, account: accountOf(answer.data.id_token) }
}

export async function refresh(vendor: Vendor, refreshToken: string): Promise<Tokens> {
  const client = clientFor(vendor, { operation: 'refresh', budget: 'token', repeatable: true })
  client.setCredentials({ refresh_token: refreshToken })
  // The library overwrites a rotated refresh token with the old one right after this event: only a copy made here sees it.
  let seen: unknown
  client.on('tokens', (tokens) => {
    seen = { ...tokens }
  })
  await client.refreshAccessToken().catch((error: unknown) => {
    throw tokenFailure('refresh', error, 'consent_revoked')
  })
  const answer = TokenAnswer.safeParse(seen)
  if (!answer.success) throw new AppError('provider_unavailable', 'google refresh: an answer without tokens')
  // RFC 6749 section 5.1: no scope in the answer means that it has not changed.
  return { ...tokensOf(answer.data), scopes: answer.data.scope?.split(' ') ?? NEEDED }
}

export async function revoke(vendor: Vendor, refreshToken: string): Promise<void> {
  const client = clientFor(vendor, { operation: 'revoke', budget: 'token', repeatable: true })
  await client.revokeToken(refreshToken).catch((error: unknown) => {
    if (!tokenWasDead(error)) throw apiFailure('revoke', error)
  })
}

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish(),
  expiry_date: z.number(), // milliseconds since 1970, made by the library from the vendor's relative seconds
  scope: z.string().nullish(),
})

function tokensOf(answer: z.infer<typeof TokenAnswer>): Omit<Tokens, 'scopes'> {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? null,
    expiresInSeconds: Math.max(0, Math.round((answer.expiry_date - Date.now()) / 1000)),
  }
}

const Identity = z.object({ sub: z.string().min(1), email: z.string().min(1) })

/** The token came straight from the token endpoint over TLS, so its signature adds nothing. */
function accountOf(idToken: string): Grant['account'] {
  try {
    const payload = Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()
    const { sub, email } = Identity.parse(JSON.parse(payload))
    return { id: sub, email }
  } catch {
    throw new AppError('provider_unavailable', 'google exchange: an id_token without sub and email')
  }
}
