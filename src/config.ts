import * as z from 'zod'
import { isTimeZone } from './calendar/zone.ts'
import { appUrl } from './db/roles.ts'
import { parseKeys } from './oauth/cipher.ts'
import type { GoogleSettings } from './providers/google/index.ts'
import type { MicrosoftSettings } from './providers/microsoft/index.ts'

/** Everything the service is told from outside, checked. */
export interface Config {
  production: boolean
  port: number
  host: string
  /** Public origin of this service, without a trailing slash. */
  baseUrl: string
  /** Owner of the schema (migrations), and the service's own role. */
  databaseUrl: string
  databaseAppUrl: string
  /** Do we make that role, or has an administrator made it? */
  appRoleIsOurs: boolean
  /** Origin to which a browser returns when it named none. */
  frontendUrl: string
  /** Origins that may call from a browser, `frontendUrl` among them. */
  origins: string[]
  /** One origin with a `*` for letters, digits and hyphens. */
  previewPattern: string | undefined
  defaultTimeZone: string
  tokenEncryptionKeys: string
  signingSecret: string
  clerk: {
    secretKey: string
    issuer: string
    jwtKey: string | undefined
    apiUrl: string
    authorizedParties: string[]
    audience: string[]
  }
  google: GoogleSettings | undefined
  microsoft: MicrosoftSettings | undefined
  vapi: { webhookSecrets: string[]; hmacSecrets: string[]; unsigned: 'refuse' | 'restricted' }
  metricsToken: string | undefined
  trustedProxies: string[]
  logLevel: string
  timeouts: {
    providerMs: number
    providerCreateMs: number
    toolCallMs: number
    settleIntervalMs: number
    settleLeaseMs: number
    holdMinutes: number
  }
  limits: { restPerMinute: number; oauthStartsPerMinute: number; toolCallsPerMinute: number; badSignaturesPerMinute: number }
}

/** The settings do not suffice. Its message lists every problem, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const origin = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''))
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
const count = (standard: number) => z.coerce.number().int().positive().default(standard)
const zone = z.string().refine(isTimeZone, 'must be an IANA time zone such as America/Chicago')
const required = (what: string) => z.string({ error: `is missing: ${what}` })

const Environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8000),
  HOST: z.string().default('0.0.0.0'),
  BASE_URL: z.url({ protocol: /^https?$/, error: 'is missing: the public address of this service, e.g. https://calendar.example.com' }),
  DATABASE_URL: required('the PostgreSQL address of the owner of the schema'),
  DATABASE_APP_URL: z.string().optional(),
  FRONTEND_URL: z.url({ error: 'is missing: the address of the frontend, e.g. https://app.example.com' }),
  CORS_ORIGINS: list,
  CORS_PREVIEW_PATTERN: z
    .string()
    .regex(/^https:\/\/[a-z0-9.-]*\*[a-z0-9-]*\.[a-z0-9.-]+$/, 'must be one https origin with one * in its first part')
    .optional(),
  DEFAULT_TIME_ZONE: zone.default('America/Chicago'),
  TOKEN_ENCRYPTION_KEYS: required('id:base64 of 32 random bytes, e.g. made with: openssl rand -base64 32'),
  SIGNING_SECRET: required('at least 32 random characters').min(32, 'must have at least 32 characters'),
  CLERK_SECRET_KEY: required('Clerk dashboard, API keys'),
  CLERK_ISSUER: z.url({ error: 'is missing: the Frontend API URL of your Clerk instance' }).transform((text) => text.replace(/\/+$/, '')),
  CLERK_JWT_KEY: z.string().optional(),
  CLERK_API_URL: origin.default('https://api.clerk.com'),
  CLERK_AUTHORIZED_PARTIES: list,
  CLERK_AUDIENCE: list,
  MICROSOFT_CLIENT_ID: z.string().optional(),
  MICROSOFT_CLIENT_SECRET: z.string().optional(),
  MICROSOFT_TENANT_ID: z.string().default('common'),
  MICROSOFT_REDIRECT_URI: z.string().optional(),
  MICROSOFT_AUTHORITY_URL: origin.default('https://login.microsoftonline.com'),
  GRAPH_API_URL: origin.default('https://graph.microsoft.com'),
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  GOOGLE_REDIRECT_URI: z.string().optional(),
  GOOGLE_AUTH_URL: origin.default('https://accounts.google.com/o/oauth2/v2/auth'),
  GOOGLE_TOKEN_URL: origin.default('https://oauth2.googleapis.com/token'),
  GOOGLE_REVOKE_URL: origin.default('https://oauth2.googleapis.com/revoke'),
  GOOGLE_API_URL: origin.default('https://www.googleapis.com'),
  VAPI_WEBHOOK_SECRET: list,
  VAPI_HMAC_SECRET: list,
  VAPI_UNSIGNED: z.enum(['refuse', 'restricted']).optional(),
  METRICS_TOKEN: z.string().optional(),
  TRUSTED_PROXIES: list,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ALLOW_STAND_INS: z.stringbool().default(false),
  PROVIDER_TIMEOUT_MS: count(2500),
  PROVIDER_CREATE_TIMEOUT_MS: count(4000),
  TOOL_CALL_TIMEOUT_MS: count(8000),
  SETTLE_INTERVAL_MS: count(10_000),
  SETTLE_LEASE_MS: count(30_000),
  HOLD_MINUTES: count(15),
  LIMIT_REST_PER_MINUTE: count(120),
  LIMIT_OAUTH_STARTS_PER_MINUTE: count(10),
  LIMIT_TOOL_CALLS_PER_MINUTE: count(60),
  LIMIT_BAD_SIGNATURES_PER_MINUTE: count(30),
})
type Environment = z.infer<typeof Environment>

/** An empty setting counts as unset. @throws ConfigError that names all that is missing or wrong at once */
export function readConfig(env: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const parsed = Environment.safeParse(set)
  const problems = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError(
      ['These settings need your attention (.env.example explains each):', ...problems.map((line) => `  ${line}`)].join('\n'),
    )
  }
  const e = parsed.data
  const baseUrl = new URL(e.BASE_URL).origin
  const frontendUrl = new URL(e.FRONTEND_URL).origin
  return {
    production: e.NODE_ENV === 'production',
    port: e.PORT,
    host: e.HOST,
    baseUrl,
    databaseUrl: e.DATABASE_URL,
    databaseAppUrl: e.DATABASE_APP_URL ?? appUrl(e.DATABASE_URL),
    appRoleIsOurs: e.DATABASE_APP_URL === undefined,
    frontendUrl,
    origins: [...new Set([frontendUrl, ...e.CORS_ORIGINS])],
    previewPattern: e.CORS_PREVIEW_PATTERN,
    defaultTimeZone: e.DEFAULT_TIME_ZONE,
    tokenEncryptionKeys: e.TOKEN_ENCRYPTION_KEYS,
    signingSecret: e.SIGNING_SECRET,
    clerk: {
      secretKey: e.CLERK_SECRET_KEY,
      issuer: e.CLERK_ISSUER,
      // Environment files often carry the PEM with written-out line breaks, which Clerk's verifier refuses.
      jwtKey: e.CLERK_JWT_KEY?.replaceAll('\\n', '\n'),
      apiUrl: e.CLERK_API_URL,
      authorizedParties: e.CLERK_AUTHORIZED_PARTIES,
      audience: e.CLERK_AUDIENCE,
    },
    google: google(e, baseUrl),
    microsoft: microsoft(e, baseUrl),
    vapi: { webhookSecrets: e.VAPI_WEBHOOK_SECRET, hmacSecrets: e.VAPI_HMAC_SECRET, unsigned: e.VAPI_UNSIGNED ?? 'refuse' },
    metricsToken: e.METRICS_TOKEN,
    trustedProxies: e.TRUSTED_PROXIES,
    logLevel: e.LOG_LEVEL,
    timeouts: {
      providerMs: e.PROVIDER_TIMEOUT_MS,
      providerCreateMs: e.PROVIDER_CREATE_TIMEOUT_MS,
      toolCallMs: e.TOOL_CALL_TIMEOUT_MS,
      settleIntervalMs: e.SETTLE_INTERVAL_MS,
      settleLeaseMs: e.SETTLE_LEASE_MS,
      holdMinutes: e.HOLD_MINUTES,
    },
    limits: {
      restPerMinute: e.LIMIT_REST_PER_MINUTE,
      oauthStartsPerMinute: e.LIMIT_OAUTH_STARTS_PER_MINUTE,
      toolCallsPerMinute: e.LIMIT_TOOL_CALLS_PER_MINUTE,
      badSignaturesPerMinute: e.LIMIT_BAD_SIGNATURES_PER_MINUTE,
    },
  }
}

/** The frontend's contract fixes these paths; both are registered at the vendors. */
export const CALLBACK_PATHS = { microsoft: '/calendar/auth/callback', google: '/calendar/google/auth/callback' }

function google(e: Environment, baseUrl: string): GoogleSettings | undefined {
  if (e.GOOGLE_CLIENT_ID === undefined || e.GOOGLE_CLIENT_SECRET === undefined) return undefined
  return {
    clientId: e.GOOGLE_CLIENT_ID,
    clientSecret: e.GOOGLE_CLIENT_SECRET,
    redirectUri: baseUrl + CALLBACK_PATHS.google,
    authUrl: e.GOOGLE_AUTH_URL,
    tokenUrl: e.GOOGLE_TOKEN_URL,
    revokeUrl: e.GOOGLE_REVOKE_URL,
    apiUrl: e.GOOGLE_API_URL,
  }
}

function microsoft(e: Environment, baseUrl: string): MicrosoftSettings | undefined {
  if (e.MICROSOFT_CLIENT_ID === undefined || e.MICROSOFT_CLIENT_SECRET === undefined) return undefined
  return {
    clientId: e.MICROSOFT_CLIENT_ID,
    clientSecret: e.MICROSOFT_CLIENT_SECRET,
    tenantId: e.MICROSOFT_TENANT_ID,
    redirectUri: baseUrl + CALLBACK_PATHS.microsoft,
    authorityUrl: e.MICROSOFT_AUTHORITY_URL,
    graphUrl: e.GRAPH_API_URL,
  }
}

// Each setting is fine by itself; together they are not.
function contradictions(e: Environment): string[] {
  const problems: string[] = []
  const keys = keyProblem(e.TOKEN_ENCRYPTION_KEYS)
  if (keys !== undefined) problems.push(`TOKEN_ENCRYPTION_KEYS: ${keys}`)
  const baseUrl = new URL(e.BASE_URL).origin
  const halves = [
    ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
    ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'],
  ] as const
  for (const [one, other] of halves) {
    if ((e[one] === undefined) !== (e[other] === undefined)) problems.push(`${one} and ${other} belong together: set both or neither`)
  }
  const redirects = [
    ['GOOGLE_REDIRECT_URI', CALLBACK_PATHS.google],
    ['MICROSOFT_REDIRECT_URI', CALLBACK_PATHS.microsoft],
  ] as const
  for (const [name, path] of redirects) {
    if (e[name] !== undefined && e[name] !== baseUrl + path)
      problems.push(`${name} must be ${baseUrl + path}, or be left out (it follows from BASE_URL)`)
  }
  if (e.VAPI_WEBHOOK_SECRET.length === 0 && e.VAPI_HMAC_SECRET.length === 0 && e.VAPI_UNSIGNED === undefined) {
    problems.push('VAPI_WEBHOOK_SECRET is missing: set it or VAPI_HMAC_SECRET, or say VAPI_UNSIGNED=restricted (or refuse)')
  }
  if (e.VAPI_WEBHOOK_SECRET.length > 2 || e.VAPI_HMAC_SECRET.length > 2)
    problems.push('VAPI_WEBHOOK_SECRET and VAPI_HMAC_SECRET take at most two values each')
  for (const address of e.CORS_ORIGINS) {
    if (!URL.canParse(address) || new URL(address).origin !== address)
      problems.push(`CORS_ORIGINS: ${address} is no origin (scheme, host and port, no path)`)
  }
  const vendors = {
    CLERK_API_URL: 'clerk.com',
    MICROSOFT_AUTHORITY_URL: 'microsoftonline.com',
    GRAPH_API_URL: 'microsoft.com',
    GOOGLE_AUTH_URL: 'google.com',
    GOOGLE_TOKEN_URL: 'googleapis.com',
    GOOGLE_REVOKE_URL: 'googleapis.com',
    GOOGLE_API_URL: 'googleapis.com',
  } as const
  if (e.NODE_ENV === 'production' && !e.ALLOW_STAND_INS) {
    for (const [name, host] of entries(vendors)) {
      const url = new URL(e[name])
      if (url.protocol !== 'https:' || !`.${url.hostname}`.endsWith(`.${host}`))
        problems.push(`${name} is not an address of ${host}; ALLOW_STAND_INS=true permits it`)
    }
  }
  return problems
}

function entries<K extends string, V>(record: Record<K, V>): [K, V][] {
  const keys: K[] = []
  for (const key in record) keys.push(key)
  return keys.map((key) => [key, record[key]])
}

function keyProblem(spec: string): string | undefined {
  try {
    parseKeys(spec)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
