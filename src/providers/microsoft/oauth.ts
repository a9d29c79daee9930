import { type AuthenticationResult, ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Call, Outbound } from '../outbound.ts'
import type { Grant, Tokens } from '../provider.ts'
import { type TokenTraffic, tokenFailure } from './failure.ts'

export interface MicrosoftSettings {
  clientId: string
  clientSecret: string
  /** A tenant's id, or `common`: any organisation and personal accounts. */
  tenantId: string
  redirectUri: string
  /** Without the tenant. */
  authorityUrl: string
  /** Without the version. */
  graphUrl: string
}

interface Vendor {
  settings: MicrosoftSettings
  send: Outbound
}

const VENDOR_AUTHORITY = 'login.microsoftonline.com'
const NEEDED = 'Calendars.ReadWrite'
/** The second one only tells the calendar's time zone; all works without it. */
const GRAPH_SCOPES = [NEEDED, 'MailboxSettings.Read']

/** msal can write this address too, but not at once: the interface promises it without waiting. */
export function authorizationUrl(settings: MicrosoftSettings, state: string, codeChallenge: string): URL {
  const url = new URL(endpoints(settings).authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: settings.clientId,
    response_type: 'code',
    response_mode: 'query',
    redirect_uri: settings.redirectUri,
    scope: ['openid', 'profile', 'email', 'offline_access', ...GRAPH_SCOPES].join(' '),
    state,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    prompt: 'select_account', // forcing consent would fail wherever an administrator has to give it
    client_info: '1',
  }).toString()
  return url
}

/** With `common`, the issuer names the tenant of whoever signed in. */
export function issues({ authorityUrl, tenantId }: MicrosoftSettings, iss: string): boolean {
  const authority = `${bare(authorityUrl)}/`
  const [tenant, ...rest] = iss.slice(authority.length).split('/')
  const anyTenant = ['common', 'organizations', 'consumers'].includes(tenantId)
  return iss.startsWith(authority) && rest.join('/') === 'v2.0' && (anyTenant ? tenant !== '' : tenant === tenantId)
}

export async function exchangeCode(vendor: Vendor, code: string, codeVerifier: string): Promise<Grant> {
  const { settings } = vendor
  const { app, traffic } = msalApp(vendor, { operation: 'exchange', budget: 'token', repeatable: false })
  const result = await app
    .acquireTokenByCode({ code, codeVerifier, redirectUri: settings.redirectUri, scopes: GRAPH_SCOPES })
    .catch((error: unknown) => {
      throw tokenFailure('exchange', error, traffic, 'code_refused')
    })
  const tokens = tokensOf(app, result, 'exchange')
  if (!grants(tokens.scopes, NEEDED)) throw new AppError('scope_missing', `microsoft exchange: not granted: ${NEEDED}`)
  return { ...tokens, account: accountOf(result.idTokenClaims) }
}

/** @param stored msal's cache as the last exchange or refresh left it */
export async function refresh(vendor: Vendor, stored: string): Promise<Tokens> {
  const { app, traffic } = msalApp(vendor, { operation: 'refresh', budget: 'token', repeatable: true })
  const scopes = grantedScopes(stored)
  app.getTokenCache().deserialize(stored)
  const [account] = await app.getTokenCache().getAllAccounts()
  if (!account) throw new AppError('consent_revoked', 'microsoft refresh: no account in the stored cache')
  const result = await app.acquireTokenSilent({ account, scopes, forceRefresh: true }).catch((error: unknown) => {
    throw tokenFailure('refresh', error, traffic, 'consent_revoked')
  })
  return tokensOf(app, result, 'refresh')
}

function grants(scopes: string[], wanted: string): boolean {
  return scopes.some((scope) => scope.split('/').at(-1)?.toLowerCase() === wanted.toLowerCase())
}

/**
 * One application for one use. Shared, it would mix its users' accounts, and after one refusal of the token endpoint
 * it would refuse all of them for a minute.
 */
function msalApp({ settings, send }: Vendor, call: Call) {
  const traffic: TokenTraffic = { status: null, failure: null }
  const { authorityUrl, tenantId, clientId, clientSecret } = settings
  const { host } = new URL(authorityUrl)
  const app = new ConfidentialClientApplication({
    auth: {
      clientId,
      clientSecret,
      authority: `${bare(authorityUrl)}/${tenantId}`,
      // Known beforehand, so that no sign-in waits for a discovery request.
      authorityMetadata: JSON.stringify(endpoints(settings)),
      ...(host === VENDOR_AUTHORITY ? {} : { knownAuthorities: [host] }),
    },
    system: { networkClient: networkClient(send, call, traffic) },
  })
  return { app, traffic }
}

/** msal's way out. What it saw is kept in `traffic`, because msal replaces failures by errors that tell neither status nor reason. */
function networkClient(send: Outbound, call: Call, traffic: TokenTraffic): INetworkModule {
  async function request<T>(method: string, url: string, options: Parameters<INetworkModule['sendPostRequestAsync']>[1] = {}) {
    try {
      const { headers = {}, body } = options
      const answer = await send(call, url, { method, headers, ...(body === undefined ? {} : { body }) })
      traffic.status = answer.status
      // The shape is msal's to check: it declares whatever it hopes for as T.
      const parsed: T = JSON.parse(await answer.text())
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: parsed }
    } catch (error) {
      traffic.failure = error instanceof AppError ? error : null
      throw error
    }
  }
  return {
    sendGetRequestAsync: (url, options) => request('GET', url, options),
    sendPostRequestAsync: (url, options) => request('POST', url, options),
  }
}

function endpoints({ authorityUrl, tenantId }: MicrosoftSettings) {
  const tenant = `${bare(authorityUrl)}/${tenantId}`
  return {
    authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${tenant}/oauth2/v2.0/token`,
    issuer: `${tenant}/v2.0`,
    jwks_uri: `${tenant}/discovery/v2.0/keys`,
  }
}

function tokensOf(app: ConfidentialClientApplication, result: AuthenticationResult, operation: string): Tokens {
  if (!result.accessToken || !result.expiresOn)
    throw new AppError('provider_unavailable', `microsoft ${operation}: an answer without tokens`)
  return {
    accessToken: result.accessToken,
    refreshToken: app.getTokenCache().serialize(),
    expiresInSeconds: Math.max(0, Math.round((result.expiresOn.getTime() - Date.now()) / 1000)),
    scopes: result.scopes,
  }
}

const StoredCache = z.object({ AccessToken: z.record(z.string(), z.object({ target: z.string() })) })
const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'offline_access']

/** Asking for more than was granted would make Microsoft refuse the whole refresh. */
function grantedScopes(stored: string): string[] {
  try {
    const { AccessToken } = StoredCache.parse(JSON.parse(stored))
    const scopes = new Set(Object.values(AccessToken).flatMap(({ target }) => target.split(' ')))
    return [...scopes].filter((scope) => !IDENTITY_SCOPES.includes(scope))
  } catch {
    throw new AppError('consent_revoked', 'microsoft refresh: the stored cache cannot be read')
  }
}

const Identity = z.object({
  oid: z.string().min(1),
  tid: z.string().min(1),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
})

function accountOf(claims: unknown): Grant['account'] {
  const identity = Identity.safeParse(claims).data
  const email = identity?.preferred_username ?? identity?.email
  if (!identity || !email) throw new AppError('provider_unavailable', 'microsoft exchange: an id_token without oid, tid and a name')
  return { id: `${identity.oid}.${identity.tid}`, email }
}

function bare(url: string): string {
  return url.replace(/\/+$/, '')
}
