import { createPublicKey } from 'node:crypto'
import * as z from 'zod'
import { parseKeys } from './cipher.ts'
import { isTimeZone } from './time-zone.ts'
import { vendors } from './vendors.ts'

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
const address = (protocol: RegExp, what: string) =>
  z.url({ protocol, error: ({ input }) => `${input === undefined ? 'is missing:' : 'must be'} ${what}` })
const WEB = /^https?$/
const POSTGRES = /^postgres(ql)?$/
const SMTP = /^smtps?$/
const origin = address(WEB, 'an address that begins with https://').transform((text) => text.replace(/\/+$/, ''))

/** The settings by their own names, each checked by itself. */
export const Environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8000),
  HOST: z.string().default('0.0.0.0'),
  BASE_URL: address(WEB, 'the public address of this service, e.g. https://calendar.example.com'),
  DATABASE_URL: address(POSTGRES, 'the PostgreSQL address of the owner of the schema, e.g. postgres://owner:password@host/database'),
  DATABASE_APP_URL: address(POSTGRES, 'the PostgreSQL address of the role ringbook_app').optional(),
  FRONTEND_URL: address(WEB, 'the address of the frontend, e.g. https://app.example.com'),
  CORS_ORIGINS: list,
  CORS_PREVIEW_PATTERN: z
    .string()
    .regex(
      /^https:\/\/[a-z0-9-]*\*-[a-z0-9-]+\.[a-z0-9.-]+$/,
      'must be one https origin with one * in its first part, followed by - and a name of your own',
    )
    .optional(),
  DEFAULT_TIME_ZONE: zone.default('America/Chicago'),
  TOKEN_ENCRYPTION_KEYS: required('id:base64 of 32 random bytes, e.g. made with: openssl rand -base64 32'),
  SIGNING_SECRET: required('at least 32 random characters').min(32, 'must have at least 32 characters'),
  CLERK_SECRET_KEY: required('Clerk dashboard, API keys'),
  CLERK_ISSUER: address(WEB, 'the Frontend API URL of your Clerk instance').transform((text) => text.replace(/\/+$/, '')),
  // Environment files often carry the PEM with written-out line breaks, which Clerk's verifier refuses.
  CLERK_JWT_KEY: z
    .string()
    .transform((pem) => pem.replaceAll('\\n', '\n'))
    .optional(),
  CLERK_API_URL: origin.default('https://api.clerk.com'),
  CLERK_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{20,}={0,2}$/, 'must be the signing secret of the endpoint at Clerk, which begins with whsec_')
    .optional(),
  USER_SYNC_SECRET: z.string().min(20, 'must have at least 20 characters').optional(),
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
  CALCOM_CLIENT_ID: z.string().optional(),
  CALCOM_CLIENT_SECRET: z.string().optional(),
  CALCOM_REDIRECT_URI: z.string().optional(),
  CALCOM_APP_URL: origin.default('https://app.cal.com'),
  CALCOM_API_URL: origin.default('https://api.cal.com'),
  VAPI_API_KEY: z.string().optional(),
  VAPI_API_URL: origin.default('https://api.vapi.ai'),
  VAPI_WEBHOOK_SECRET: list,
  VAPI_HMAC_SECRET: list,
  VAPI_UNSIGNED: z.enum(['refuse', 'restricted']).optional(),
  SMTP_URL: address(SMTP, 'the address of a mail server, e.g. smtps://user:password@smtp.example.com:465').optional(),
  MAIL_FROM: z
    .string()
    .regex(/^(?:[^<>@"\p{Cc}]{1,100} <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/u, 'must be an address, or a name and <an address>')
    .optional(),
  WEBHOOK_ALLOW_LOCAL: z.stringbool().default(false),
  METRICS_TOKEN: z.string().optional(),
  TRUSTED_PROXIES: list,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ALLOW_STAND_INS: z.stringbool().default(false),
  PROVIDER_TIMEOUT_MS: count(2500),
  PROVIDER_CREATE_TIMEOUT_MS: count(4000),
  PROVIDER_AT_ONCE: count(4),
  PROVIDER_BREAKER_FAILURES: count(5),
  PROVIDER_BREAKER_PAUSE_MS: count(1000),
  TOOL_CALL_TIMEOUT_MS: count(8000),
  BUSY_KEPT_MS: count(30_000),
  SETTLE_INTERVAL_MS: count(10_000),
  SETTLE_LEASE_MS: count(30_000),
  HOLD_MINUTES: count(15),
  JOB_POLL_MS: count(1000),
  LIMIT_REST_PER_MINUTE: count(120),
  LIMIT_OAUTH_STARTS_PER_MINUTE: count(10),
  LIMIT_TOOL_CALLS_PER_MINUTE: count(60),
  LIMIT_TOOL_CALLS_PER_CALL: count(30),
  LIMIT_CALL_MESSAGES_PER_MINUTE: count(120),
  LIMIT_BAD_SIGNATURES_PER_MINUTE: count(30),
  LIMIT_BOOKINGS_PER_CALL: count(2),
  LIMIT_BOOKINGS_PER_NUMBER: count(3),
})
export type Environment = z.infer<typeof Environment>
/** Those settings that fit, where others do not. */
export const Fitting = Environment.partial()

/** Each setting is fine by itself; together they are not. A line for each problem. */
export function contradictions(e: z.infer<typeof Fitting>): string[] {
  const problems: string[] = []
  const keys = e.TOKEN_ENCRYPTION_KEYS === undefined ? undefined : keyProblem(e.TOKEN_ENCRYPTION_KEYS)
  if (keys !== undefined) problems.push(`TOKEN_ENCRYPTION_KEYS: ${keys}`)
  const baseUrl = e.BASE_URL === undefined ? undefined : new URL(e.BASE_URL).origin
  const halves = [
    ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
    ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'],
    ['CALCOM_CLIENT_ID', 'CALCOM_CLIENT_SECRET'],
    ['SMTP_URL', 'MAIL_FROM'],
  ] as const
  for (const [one, other] of halves) {
    if ((e[one] === undefined) !== (e[other] === undefined)) problems.push(`${one} and ${other} belong together: set both or neither`)
  }
  const redirects = [
    ['GOOGLE_REDIRECT_URI', vendors.google.callback],
    ['MICROSOFT_REDIRECT_URI', vendors.microsoft.callback],
    ['CALCOM_REDIRECT_URI', vendors.calcom.callback],
  ] as const
  for (const [name, path] of redirects) {
    if (e[name] !== undefined && baseUrl !== undefined && e[name] !== baseUrl + path)
      problems.push(`${name} must be ${baseUrl + path}, or be left out (it follows from BASE_URL)`)
  }
  const { VAPI_WEBHOOK_SECRET: secrets = [], VAPI_HMAC_SECRET: hmacSecrets = [] } = e
  if (secrets.length === 0 && hmacSecrets.length === 0 && e.VAPI_UNSIGNED === undefined) {
    problems.push('VAPI_WEBHOOK_SECRET is missing: set it or VAPI_HMAC_SECRET, or say VAPI_UNSIGNED=restricted (or refuse)')
  }
  if (secrets.length > 2 || hmacSecrets.length > 2) problems.push('VAPI_WEBHOOK_SECRET and VAPI_HMAC_SECRET take at most two values each')
  for (const one of e.CORS_ORIGINS ?? []) {
    if (!URL.canParse(one) || new URL(one).origin !== one)
      problems.push(`CORS_ORIGINS: ${one} is no origin (scheme, host and port, no path)`)
    else if (one.includes('*'))
      problems.push(`CORS_ORIGINS: ${one} matches nothing, an origin is compared whole; CORS_PREVIEW_PATTERN takes one *`)
  }
  const jwtKey = e.CLERK_JWT_KEY === undefined ? undefined : jwtKeyProblem(e.CLERK_JWT_KEY)
  if (jwtKey !== undefined) problems.push(`CLERK_JWT_KEY ${jwtKey}`)
  const hosts = {
    CLERK_API_URL: 'clerk.com',
    MICROSOFT_AUTHORITY_URL: 'microsoftonline.com',
    GRAPH_API_URL: 'microsoft.com',
    GOOGLE_AUTH_URL: 'google.com',
    GOOGLE_TOKEN_URL: 'googleapis.com',
    GOOGLE_REVOKE_URL: 'googleapis.com',
    GOOGLE_API_URL: 'googleapis.com',
    CALCOM_APP_URL: 'cal.com',
    CALCOM_API_URL: 'cal.com',
    VAPI_API_URL: 'vapi.ai',
  } as const
  if (e.NODE_ENV === 'production' && !e.ALLOW_STAND_INS) {
    if (e.WEBHOOK_ALLOW_LOCAL) problems.push('WEBHOOK_ALLOW_LOCAL would let every user reach into your network; leave it out')
    for (const [name, host] of entries(hosts)) {
      const configured = e[name]
      if (configured === undefined) continue
      const url = new URL(configured)
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

/** Clerk's verifier takes a 2048-bit RSA key in the SPKI form and no other; with another one everybody would be refused. */
function jwtKeyProblem(pem: string): string | undefined {
  try {
    const key = createPublicKey(pem)
    const isFit = pem.includes('BEGIN PUBLIC KEY') && key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === 2048
    return isFit ? undefined : 'must be a 2048-bit RSA public key that begins with -----BEGIN PUBLIC KEY-----'
  } catch {
    return 'is no public key in PEM form; copy it from Clerk, API keys, JWKS public key'
  }
}
