import { appUrl } from './db/roles.ts'
import { contradictions, Environment, Fitting } from './environment.ts'
import type { CalcomSettings } from './providers/calcom/index.ts'
import type { GoogleSettings } from './providers/google/index.ts'
import type { LineSettings } from './providers/lines.ts'
import type { MicrosoftSettings } from './providers/microsoft/index.ts'
import { StartError } from './start-error.ts'
import { vendors } from './vendors.ts'

/** Everything the service is told from outside, checked. */
export interface Config {
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
    /** Of the webhook that Clerk itself calls; `undefined`: it calls none here. */
    webhookSecret: string | undefined
  }
  /** Bearer of the routes by which the frontend hands on what Clerk tells it. */
  userSyncSecret: string
  google: GoogleSettings | undefined
  microsoft: MicrosoftSettings | undefined
  /** Always on: owners may connect it by a key of their own. */
  calcom: CalcomSettings
  vapi: {
    webhookSecrets: string[]
    hmacSecrets: string[]
    unsigned: 'refuse' | 'restricted'
    /** Of Vapi's REST API; `undefined`: assistants can be neither listed nor made here. */
    apiKey: string | undefined
    apiUrl: string
  }
  /** Where e-mails go out, and from whom; `undefined`: none are sent. */
  mail: { url: string; from: string } | undefined
  /** Webhooks may go to this machine and its network, and without TLS. */
  webhooksMayBeLocal: boolean
  metricsToken: string | undefined
  trustedProxies: string[]
  logLevel: string
  timeouts: {
    providerMs: number
    providerCreateMs: number
    toolCallMs: number
    busyKeptMs: number
    settleIntervalMs: number
    settleLeaseMs: number
    holdMinutes: number
    jobPollMs: number
  }
  /** Of every mailbox, in this process. */
  lines: LineSettings
  limits: {
    restPerMinute: number
    oauthStartsPerMinute: number
    toolCallsPerMinute: number
    toolCallsPerCall: number
    callMessagesPerMinute: number
    badSignaturesPerMinute: number
    bookingsPerCall: number
    bookingsPerNumber: number
  }
}

/** An empty setting counts as unset. @throws StartError that names all that is missing or wrong at once */
export function readConfig(env: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const parsed = Environment.safeParse(set)
  const issues = parsed.error?.issues ?? []
  // The rest is looked at too, so that nobody has to start again and again to hear of one problem after the other.
  const unfit = issues.map(({ path }) => path[0])
  const rest = parsed.data ?? Fitting.parse(Object.fromEntries(Object.entries(set).filter(([name]) => !unfit.includes(name))))
  const problems = [...issues.map(({ path, message }) => `${path.join('.')} ${message}`), ...contradictions(rest)]
  if (!parsed.success || problems.length > 0) {
    throw new StartError(
      ['These settings need your attention (.env.example explains each):', ...problems.map((line) => `  ${line}`)].join('\n'),
    )
  }
  const e = parsed.data
  const baseUrl = new URL(e.BASE_URL).origin
  const frontendUrl = new URL(e.FRONTEND_URL).origin
  return {
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
      jwtKey: e.CLERK_JWT_KEY,
      apiUrl: e.CLERK_API_URL,
      authorizedParties: e.CLERK_AUTHORIZED_PARTIES,
      audience: e.CLERK_AUDIENCE,
      webhookSecret: e.CLERK_WEBHOOK_SECRET,
    },
    userSyncSecret: e.USER_SYNC_SECRET ?? e.CLERK_SECRET_KEY,
    google: google(e, baseUrl),
    microsoft: microsoft(e, baseUrl),
    calcom: calcom(e, baseUrl),
    vapi: {
      webhookSecrets: e.VAPI_WEBHOOK_SECRET,
      hmacSecrets: e.VAPI_HMAC_SECRET,
      unsigned: e.VAPI_UNSIGNED ?? 'refuse',
      apiKey: e.VAPI_API_KEY,
      apiUrl: e.VAPI_API_URL,
    },
    mail: e.SMTP_URL === undefined || e.MAIL_FROM === undefined ? undefined : { url: e.SMTP_URL, from: e.MAIL_FROM },
    webhooksMayBeLocal: e.WEBHOOK_ALLOW_LOCAL,
    metricsToken: e.METRICS_TOKEN,
    trustedProxies: e.TRUSTED_PROXIES,
    logLevel: e.LOG_LEVEL,
    timeouts: {
      providerMs: e.PROVIDER_TIMEOUT_MS,
      providerCreateMs: e.PROVIDER_CREATE_TIMEOUT_MS,
      toolCallMs: e.TOOL_CALL_TIMEOUT_MS,
      busyKeptMs: e.BUSY_KEPT_MS,
      settleIntervalMs: e.SETTLE_INTERVAL_MS,
      settleLeaseMs: e.SETTLE_LEASE_MS,
      holdMinutes: e.HOLD_MINUTES,
      jobPollMs: e.JOB_POLL_MS,
    },
    lines: { atOnce: e.PROVIDER_AT_ONCE, failures: e.PROVIDER_BREAKER_FAILURES, pauseMs: e.PROVIDER_BREAKER_PAUSE_MS },
    limits: {
      restPerMinute: e.LIMIT_REST_PER_MINUTE,
      oauthStartsPerMinute: e.LIMIT_OAUTH_STARTS_PER_MINUTE,
      toolCallsPerMinute: e.LIMIT_TOOL_CALLS_PER_MINUTE,
      toolCallsPerCall: e.LIMIT_TOOL_CALLS_PER_CALL,
      callMessagesPerMinute: e.LIMIT_CALL_MESSAGES_PER_MINUTE,
      badSignaturesPerMinute: e.LIMIT_BAD_SIGNATURES_PER_MINUTE,
      bookingsPerCall: e.LIMIT_BOOKINGS_PER_CALL,
      bookingsPerNumber: e.LIMIT_BOOKINGS_PER_NUMBER,
    },
  }
}

function google(e: Environment, baseUrl: string): GoogleSettings | undefined {
  if (e.GOOGLE_CLIENT_ID === undefined || e.GOOGLE_CLIENT_SECRET === undefined) return undefined
  return {
    clientId: e.GOOGLE_CLIENT_ID,
    clientSecret: e.GOOGLE_CLIENT_SECRET,
    redirectUri: baseUrl + vendors.google.callback,
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
    redirectUri: baseUrl + vendors.microsoft.callback,
    authorityUrl: e.MICROSOFT_AUTHORITY_URL,
    graphUrl: e.GRAPH_API_URL,
  }
}

function calcom(e: Environment, baseUrl: string): CalcomSettings {
  const { CALCOM_CLIENT_ID: id, CALCOM_CLIENT_SECRET: secret } = e
  return {
    client: id === undefined || secret === undefined ? undefined : { id, secret },
    redirectUri: baseUrl + vendors.calcom.callback,
    appUrl: e.CALCOM_APP_URL,
    apiUrl: e.CALCOM_API_URL,
  }
}
