import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Access, Grant, Tokens } from '../provider.ts'
import { ask, readable, type Vendor } from './client.ts'
import { tokenFailure } from './failure.ts'

const SCOPES = ['PROFILE_READ', 'EVENT_TYPE_READ', 'BOOKING_READ', 'BOOKING_WRITE', 'WEBHOOK_READ', 'WEBHOOK_WRITE']

/** Keys of owners begin so; tokens of the vendor never do. */
const KEY = /^cal_[\w-]{8,200}$/
// It lasts until its owner takes it back; asked for again now and then, it is the same.
const KEY_SECONDS = 30 * 24 * 60 * 60

export function authorizationUrl(vendor: Vendor, state: string, codeChallenge: string): URL {
  const { appUrl, redirectUri } = vendor.settings
  const url = new URL('/auth/oauth2/authorize', appUrl)
  url.search = new URLSearchParams({
    client_id: clientOf(vendor).id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: SCOPES.join(' '),
    state,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  }).toString()
  return url
}

export async function exchangeCode(vendor: Vendor, code: string, codeVerifier: string): Promise<Grant> {
  const { redirectUri } = vendor.settings
  const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier }
  const tokens = await askForTokens(vendor, 'exchange', fields)
  return { ...tokens, account: await accountOf(vendor, tokens.accessToken) }
}

/** The challenge of the consent is not proven again: a verifier here is refused as an unknown field. */
export async function refresh(vendor: Vendor, refreshToken: string): Promise<Tokens> {
  if (KEY.test(refreshToken)) return tokensOfKey(refreshToken)
  return askForTokens(vendor, 'refresh', { grant_type: 'refresh_token', refresh_token: refreshToken })
}

export async function keyGrant(vendor: Vendor, key: string): Promise<Grant> {
  if (!KEY.test(key)) throw new AppError('key_refused', 'not the form of a key')
  const account = await accountOf(vendor, key).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'consent_revoked' ? new AppError('key_refused', error.message) : error
  })
  return { ...tokensOfKey(key), account }
}

function tokensOfKey(key: string): Tokens {
  return { accessToken: key, refreshToken: key, expiresInSeconds: KEY_SECONDS, scopes: SCOPES }
}

async function askForTokens(vendor: Vendor, operation: 'exchange' | 'refresh', fields: Record<string, string>): Promise<Tokens> {
  const { id, secret } = clientOf(vendor)
  const isRefresh = operation === 'refresh'
  const url = new URL('/v2/auth/oauth2/token', vendor.settings.apiUrl)
  const answer = await vendor.send({ operation, budget: 'token', repeatable: isRefresh }, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ client_id: id, client_secret: secret, ...fields }),
  })
  if (!answer.ok) throw await tokenFailure(operation, answer, isRefresh ? 'consent_revoked' : 'code_refused')
  const { access_token, refresh_token, expires_in, scope } = readable(operation, TokenAnswer, await answer.text())
  // RFC 6749 section 5.1: no scope in the answer means that it is the one asked for; consent is all or nothing here.
  const scopes = scope?.split(' ') ?? SCOPES
  const missing = SCOPES.filter((one) => !scopes.includes(one))
  if (missing.length > 0) throw new AppError('scope_missing', `calcom ${operation}: not granted: ${missing.join(' ')}`)
  return { accessToken: access_token, refreshToken: refresh_token, expiresInSeconds: expires_in, scopes }
}

async function accountOf(vendor: Vendor, accessToken: string): Promise<Grant['account']> {
  const { id, email } = await readMe(vendor, { accessToken })
  return { id: String(id), email }
}

/** Who the account belongs to. */
export async function readMe(vendor: Vendor, access: Access): Promise<z.infer<typeof Me>['data']> {
  return (await ask(vendor, access, { operation: 'me', budget: 'read', resource: 'me' }, Me)).data
}

function clientOf({ settings }: Vendor): { id: string; secret: string } {
  if (!settings.client) throw new AppError('provider_off', 'calcom: no client')
  return settings.client
}

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires_in: z.number().positive(),
  scope: z.string().optional(),
})

const Me = z.object({
  data: z.object({ id: z.number(), email: z.string().min(1), name: z.string().nullish(), timeZone: z.string() }),
})
