import { generateKeyPairSync, randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { readConfig } from '../src/config.ts'
import { StartError } from '../src/start-error.ts'

const key = randomBytes(32).toString('base64')

/** The least that an installation must say. */
const least: Record<string, string> = {
  BASE_URL: 'https://calendar.example.com',
  DATABASE_URL: 'postgresql://ringbook_owner:secret@db.example/ringbook',
  FRONTEND_URL: 'https://app.example.com',
  TOKEN_ENCRYPTION_KEYS: `k1:${key}`,
  SIGNING_SECRET: 'x'.repeat(32),
  CLERK_SECRET_KEY: 'the-secret-key-of-clerk',
  CLERK_ISSUER: 'https://clerk.example.com',
  VAPI_WEBHOOK_SECRET: 'a-webhook-secret',
}

/** What `readConfig` complains of, a line each, beneath its first. */
function problems(t: Test, env: Record<string, string | undefined>): string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    t.ok(error instanceof StartError, 'a StartError')
    const [title, ...lines] = error instanceof Error ? error.message.split('\n') : []
    t.match(title, /settings need your attention/)
    return lines.map((line) => line.trim())
  }
}

t.test('the least suffices, and all the rest has a sound default', (t) => {
  t.match(readConfig(least), {
    port: 8000,
    baseUrl: 'https://calendar.example.com',
    origins: ['https://app.example.com'],
    appRoleIsOurs: true,
    databaseAppUrl: /^postgresql:\/\/ringbook_app:[\w-]{43}@db\.example\/ringbook$/,
    google: undefined,
    microsoft: undefined,
    vapi: { webhookSecrets: ['a-webhook-secret'], unsigned: 'refuse' },
    clerk: { apiUrl: 'https://api.clerk.com', jwtKey: undefined },
  })
  t.end()
})

t.test('all that is missing or wrong is named at once', (t) => {
  const names = (lines: string[]) => lines.map((line) => /^[A-Z_]+/.exec(line)?.[0]).sort()
  t.same(names(problems(t, {})), Object.keys(least).sort())
  const mixed = problems(t, { GOOGLE_CLIENT_ID: 'id', PORT: 'eighty', TOKEN_ENCRYPTION_KEYS: 'short', CORS_ORIGINS: 'https://a.example/x' })
  const missing = ['BASE_URL', 'CLERK_ISSUER', 'CLERK_SECRET_KEY', 'DATABASE_URL', 'FRONTEND_URL', 'SIGNING_SECRET', 'VAPI_WEBHOOK_SECRET']
  t.same(names(mixed), [...missing, 'CORS_ORIGINS', 'GOOGLE_CLIENT_ID', 'PORT', 'TOKEN_ENCRYPTION_KEYS'].sort())
  for (const name of Object.keys(least)) t.match(problems(t, { ...least, [name]: undefined }), [new RegExp(`^${name} is missing`)])
  t.end()
})

t.test('an empty setting counts as unset', (t) => {
  for (const name of Object.keys(least)) t.match(problems(t, { ...least, [name]: ' ' }), [new RegExp(`^${name} is missing`)])
  const empty = {
    PORT: '',
    CORS_PREVIEW_PATTERN: '',
    GOOGLE_CLIENT_ID: '',
    GOOGLE_CLIENT_SECRET: ' ',
    DATABASE_APP_URL: '',
    CLERK_JWT_KEY: '',
  }
  t.same(readConfig({ ...least, ...empty }), readConfig(least))
  t.end()
})

t.test('a vendor is set wholly or not at all', (t) => {
  for (const vendor of ['GOOGLE', 'MICROSOFT']) {
    const [id, secret] = [`${vendor}_CLIENT_ID`, `${vendor}_CLIENT_SECRET`]
    const expected = [new RegExp(`${id} and ${secret} belong together`)]
    t.match(problems(t, { ...least, [id]: 'id' }), expected)
    t.match(problems(t, { ...least, [secret]: 'a-client-secret' }), expected)
    t.match(problems(t, { ...least, [id]: 'id', [secret]: ' ' }), expected)
    t.same(problems(t, { ...least, [id]: 'id', [secret]: 'a-client-secret' }), [])
  }
  t.end()
})

t.test('the redirect addresses follow from BASE_URL; others are refused', (t) => {
  const vendors = { GOOGLE_CLIENT_ID: 'g', GOOGLE_CLIENT_SECRET: 's', MICROSOFT_CLIENT_ID: 'm', MICROSOFT_CLIENT_SECRET: 's' }
  const [google, microsoft] = [
    'https://calendar.example.com/calendar/google/auth/callback',
    'https://calendar.example.com/calendar/auth/callback',
  ]
  for (const named of [{}, { GOOGLE_REDIRECT_URI: google, MICROSOFT_REDIRECT_URI: microsoft }])
    t.match(readConfig({ ...least, ...vendors, ...named }), { google: { redirectUri: google }, microsoft: { redirectUri: microsoft } })
  for (const wrong of [
    microsoft,
    `${google}/`,
    'http://calendar.example.com/calendar/google/auth/callback',
    'https://evil.example/callback',
  ])
    t.match(problems(t, { ...least, ...vendors, GOOGLE_REDIRECT_URI: wrong }), [`GOOGLE_REDIRECT_URI must be ${google}`])
  t.match(problems(t, { ...least, ...vendors, MICROSOFT_REDIRECT_URI: google }), [`MICROSOFT_REDIRECT_URI must be ${microsoft}`])
  t.end()
})

t.test('in production tokens go to the vendors themselves, unless stand-ins are allowed', (t) => {
  const production = { ...least, NODE_ENV: 'production' }
  t.same(problems(t, production), [])
  const names = [
    'CLERK_API_URL',
    'MICROSOFT_AUTHORITY_URL',
    'GRAPH_API_URL',
    'GOOGLE_AUTH_URL',
    'GOOGLE_TOKEN_URL',
    'GOOGLE_REVOKE_URL',
    'GOOGLE_API_URL',
  ]
  for (const name of names) {
    for (const url of [
      'https://localhost:9000',
      'https://googleapis.com.evil.example',
      'https://evilgoogleapis.com',
      'http://www.googleapis.com',
      'https://evilclerk.com',
    ]) {
      t.match(problems(t, { ...production, [name]: url }), [new RegExp(`^${name} is not an address of`)], `${name} ${url}`)
      t.same(problems(t, { ...least, [name]: url }), [], 'elsewhere it may be tried out')
      t.same(problems(t, { ...production, [name]: url, ALLOW_STAND_INS: 'true' }), [])
      t.equal(problems(t, { ...production, [name]: url, ALLOW_STAND_INS: 'false' }).length, 1)
    }
  }
  t.same(problems(t, { ...production, MICROSOFT_AUTHORITY_URL: 'https://login.microsoftonline.com/' }), [])
  t.end()
})

t.test('without any secret for Vapi it must be said that calls are unsigned', (t) => {
  const { VAPI_WEBHOOK_SECRET: _, ...silent } = least
  for (const production of [{}, { NODE_ENV: 'production' }])
    t.match(problems(t, { ...silent, ...production, VAPI_WEBHOOK_SECRET: ' , ' }), [/VAPI_WEBHOOK_SECRET is missing.*VAPI_UNSIGNED/])
  t.equal(readConfig({ ...silent, VAPI_UNSIGNED: 'restricted' }).vapi.unsigned, 'restricted')
  t.equal(readConfig({ ...silent, VAPI_HMAC_SECRET: 'x' }).vapi.unsigned, 'refuse')
  t.match(problems(t, { ...silent, VAPI_UNSIGNED: 'yes' }), [/^VAPI_UNSIGNED/])
  t.match(problems(t, { ...silent, VAPI_HMAC_SECRET: 'a,b,c' }), [/at most two/], 'one that leaves and one that comes')
  t.end()
})

t.test('the address of the database may begin with either name, and must be one', (t) => {
  const address = '//owner:p%40ss@db.example:5433/ringbook?sslmode=require'
  for (const scheme of ['postgres:', 'postgresql:'])
    t.match(
      readConfig({ ...least, DATABASE_URL: scheme + address }).databaseAppUrl,
      /:\/\/ringbook_app:[\w-]+@db\.example:5433\/ringbook\?sslmode=require$/,
    )
  const own = 'postgres://ringbook_app:own@pool.example/ringbook'
  t.match(readConfig({ ...least, DATABASE_APP_URL: own }), { databaseAppUrl: own, appRoleIsOurs: false })
  for (const wrong of ['host=db dbname=ringbook password=hunter22', 'mysql://db.example/x', 'db.example/ringbook']) {
    for (const name of ['DATABASE_URL', 'DATABASE_APP_URL']) {
      const found = problems(t, { ...least, [name]: wrong })
      t.match(found, [new RegExp(`^${name} `)], wrong)
      t.notMatch(found.join(), 'hunter22')
    }
  }
  t.end()
})

t.test('an address that no browser could be sent to is refused', (t) => {
  for (const name of ['BASE_URL', 'FRONTEND_URL', 'CLERK_ISSUER'])
    for (const wrong of ['localhost:3000', 'app.example.com', 'javascript:alert(1)', 'ftp://app.example.com'])
      t.match(problems(t, { ...least, [name]: wrong }), [new RegExp(`^${name} `)], wrong)
  for (const wrong of ['null', '*', 'https://a.example/', 'a.example', 'https://a.example,https://b.example/x'])
    t.match(problems(t, { ...least, CORS_ORIGINS: wrong }), [/^CORS_ORIGINS: .* is no origin/], wrong)
  for (const wrong of [
    '*',
    'https://*',
    'http://x-*.vercel.app',
    'https://app.example',
    'https://x.vercel.app/*',
    'https://*.*.app',
    '^https://.*$',
  ])
    t.match(problems(t, { ...least, CORS_PREVIEW_PATTERN: wrong }), [/^CORS_PREVIEW_PATTERN /], wrong)
  t.end()
})

t.test('a bad key or secret is named, and never shown', (t) => {
  const short = randomBytes(20).toString('base64')
  const spoilt: Record<string, string> = {
    TOKEN_ENCRYPTION_KEYS: `k1:${key},k2:${short}`,
    SIGNING_SECRET: 'hunter2hunter2',
    LOG_LEVEL: 'hunter2hunter2',
    DEFAULT_TIME_ZONE: 'hunter2hunter2',
    VAPI_UNSIGNED: 'hunter2hunter2',
  }
  for (const [name, value] of Object.entries(spoilt)) {
    const found = problems(t, { ...least, [name]: value })
    t.match(found, [new RegExp(`^${name}`)])
    for (const secret of ['hunter2', short.slice(0, 10), key.slice(0, 10)]) t.notOk(found.join().includes(secret), name)
  }
  t.match(problems(t, { ...least, TOKEN_ENCRYPTION_KEYS: `k1:${key},k1:${key}` }), [/k1 stands there twice/])
  t.match(problems(t, { ...least, TOKEN_ENCRYPTION_KEYS: `k1:${key},k2:${short}` }), [/k2 must be 32 bytes/])
  t.end()
})

t.test("a preview pattern reaches the team's own deployments and no others", (t) => {
  const fits = (CORS_PREVIEW_PATTERN: string) => problems(t, { ...least, CORS_PREVIEW_PATTERN }).length === 0
  t.ok(fits('https://peterental-nextjs-*-team.vercel.app'))
  for (const wide of [
    'https://*.vercel.app',
    'https://app-*.vercel.app',
    'https://a.*-team.vercel.app',
    'http://app-*-team.vercel.app',
    'https://*',
  ]) {
    t.notOk(fits(wide), wide)
  }
  t.match(problems(t, { ...least, CORS_ORIGINS: 'https://*.vercel.app' }), [/matches nothing/])
  t.end()
})

t.test("a key that Clerk's verifier does not take is refused at the start, not with every token", (t) => {
  const pem = (modulusLength: number, type: 'spki' | 'pkcs1') =>
    generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type, format: 'pem' }).toString()
  const good = pem(2048, 'spki')
  t.same(problems(t, { ...least, CLERK_JWT_KEY: good }), [])
  t.equal(readConfig({ ...least, CLERK_JWT_KEY: good.replaceAll('\n', '\\n') }).clerk.jwtKey, good, 'written-out line breaks')
  for (const bad of [pem(4096, 'spki'), pem(2048, 'pkcs1'), 'a key'])
    t.match(problems(t, { ...least, CLERK_JWT_KEY: bad }), [/^CLERK_JWT_KEY/])
  t.end()
})
