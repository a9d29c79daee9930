import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError, errorCodes } from '../../src/errors.ts'
import { calcomProvider } from '../../src/providers/calcom/index.ts'
import { VENDORS, vendors } from '../../src/vendors.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const exists = (path: string) => existsSync(join(root, path))

/** The settings of the design, and the figures that may be changed. The one list that the papers are held to. */
const settings = `
  NODE_ENV PORT HOST BASE_URL LOG_LEVEL METRICS_TOKEN TRUSTED_PROXIES NODE_EXTRA_CA_CERTS ALLOW_STAND_INS
  DATABASE_URL DATABASE_APP_URL
  TOKEN_ENCRYPTION_KEYS SIGNING_SECRET
  FRONTEND_URL CORS_ORIGINS CORS_PREVIEW_PATTERN DEFAULT_TIME_ZONE
  CLERK_SECRET_KEY CLERK_ISSUER CLERK_JWT_KEY CLERK_API_URL CLERK_WEBHOOK_SECRET CLERK_AUTHORIZED_PARTIES CLERK_AUDIENCE USER_SYNC_SECRET
  MICROSOFT_CLIENT_ID MICROSOFT_CLIENT_SECRET MICROSOFT_TENANT_ID MICROSOFT_REDIRECT_URI MICROSOFT_AUTHORITY_URL GRAPH_API_URL
  GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET GOOGLE_REDIRECT_URI GOOGLE_AUTH_URL GOOGLE_TOKEN_URL GOOGLE_REVOKE_URL GOOGLE_API_URL
  CALCOM_CLIENT_ID CALCOM_CLIENT_SECRET CALCOM_REDIRECT_URI CALCOM_APP_URL CALCOM_API_URL
  VAPI_API_KEY VAPI_API_URL VAPI_WEBHOOK_SECRET VAPI_HMAC_SECRET VAPI_UNSIGNED
  SMTP_URL MAIL_FROM WEBHOOK_ALLOW_LOCAL
  PROVIDER_TIMEOUT_MS PROVIDER_CREATE_TIMEOUT_MS PROVIDER_AT_ONCE PROVIDER_BREAKER_FAILURES PROVIDER_BREAKER_PAUSE_MS TOOL_CALL_TIMEOUT_MS
  BUSY_KEPT_MS SETTLE_INTERVAL_MS SETTLE_LEASE_MS HOLD_MINUTES JOB_POLL_MS
  LIMIT_REST_PER_MINUTE LIMIT_OAUTH_STARTS_PER_MINUTE LIMIT_TOOL_CALLS_PER_MINUTE LIMIT_TOOL_CALLS_PER_CALL LIMIT_CALL_MESSAGES_PER_MINUTE
  LIMIT_BAD_SIGNATURES_PER_MINUTE LIMIT_BOOKINGS_PER_CALL LIMIT_BOOKINGS_PER_NUMBER
`
  .trim()
  .split(/\s+/)

/** Read by compose.yaml alone, not by the service. */
const composeOnly = ['POSTGRES_PASSWORD']

/** `NAME=value`, and `# NAME=default` where the default holds unless changed. */
const example = [...read('.env.example').matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, commented, name = '', value = '']) => ({
  name,
  value,
  isDefault: commented !== undefined,
}))

const EnvVar = z.strictObject({
  key: z.string(),
  value: z.string().optional(),
  sync: z.literal(false).optional(),
  generateValue: z.literal(true).optional(),
  fromDatabase: z.strictObject({ name: z.string(), property: z.string() }).optional(),
})
const Render = z.strictObject({
  services: z.array(z.looseObject({ type: z.string(), name: z.string(), envVars: z.array(EnvVar) })).length(1),
  databases: z.array(z.looseObject({ name: z.string() })).length(1),
})
const { services, databases } = Render.parse(parse(read('render.yaml')))
const [web] = services
const [database] = databases
const envVars = web?.envVars ?? []

const Service = z.looseObject({
  build: z.string().optional(),
  image: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  read_only: z.boolean().optional(),
  security_opt: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.looseObject({}).optional(),
})
const Compose = z.looseObject({ services: z.strictObject({ postgres: Service, migrate: Service, app: Service }) })
const { postgres, migrate, app } = Compose.parse(parse(read('compose.yaml'), { merge: true })).services

const dockerfile = read('Dockerfile').replace(/\\\n/g, ' ').split('\n')
const instructions = (name: string) =>
  dockerfile.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim())
/** The files of the repository that a command line runs. */
const scripts = (command: string) => command.match(/[\w./-]+\.(?:ts|mjs|js)\b/g) ?? []

t.test('every setting is explained in .env.example, once, and nothing else is', async (t) => {
  t.same(example.map(({ name }) => name).sort(), [...settings, ...composeOnly].sort())
  const lines = read('.env.example').split('\n')
  for (const { name, isDefault } of example) {
    const at = lines.findIndex((line) => line.startsWith(`${isDefault ? '# ' : ''}${name}=`))
    const block = lines.slice(lines.lastIndexOf('', at) + 1, at)
    t.ok(isDefault || block.some((line) => /^# [^-]/.test(line)), `${name} has words above it`)
  }
})

t.test('.env.example holds no values but defaults', async (t) => {
  t.same(
    example.filter(({ isDefault, value }) => !isDefault && value !== ''),
    [],
  )
})

t.test('render.yaml declares every setting, each from one source', async (t) => {
  t.same(envVars.map(({ key }) => key).sort(), [...settings].sort())
  for (const { key, ...sources } of envVars) t.equal(Object.keys(sources).length, 1, `${key} has one source`)
})

t.test('a default in .env.example is what render.yaml sets', async (t) => {
  for (const { name, value, isDefault } of example) {
    if (isDefault) t.equal(envVars.find(({ key }) => key === name)?.value, value, name)
  }
})

t.test('no secret stands in a file that is committed', async (t) => {
  const secretNames = /(SECRET|KEY|KEYS|TOKEN|PASSWORD|CLIENT_ID|DATABASE_URL|DATABASE_APP_URL|SMTP_URL)$/
  for (const { key, value } of envVars) if (secretNames.test(key)) t.equal(value, undefined, `${key} has no value in render.yaml`)
  for (const { name, value } of example) if (secretNames.test(name)) t.equal(value, '', `${name} has no value in .env.example`)

  const secretLooks = [
    /\bsk_(live|test)_\w{6,}/,
    /\bwhsec_\w{6,}/,
    /\bGOCSPX-\w+/,
    /PRIVATE KEY/,
    /\b[0-9a-f]{32,}\b/,
    /(?<![\w+/])[A-Za-z0-9+/]{43}=/,
    /\beyJ[\w-]{10,}\./,
  ]
  for (const path of [
    '.env.example',
    'render.yaml',
    'compose.yaml',
    'Dockerfile',
    'deploy/postgres-init.sql',
    ...globSync('docs/**/*.md', { cwd: root }),
  ]) {
    for (const looks of secretLooks) t.notMatch(read(path), looks, `${path} has nothing like ${looks}`)
  }
})

t.test('the image is Node 26, runs as a normal user and starts the server itself', async (t) => {
  const stages = instructions('FROM')
  for (const stage of stages) t.match(stage, /^node:26(\.\d+\.\d+)?-slim( AS \w+)?$/)
  const last = dockerfile.slice(dockerfile.findLastIndex((line) => line.startsWith('FROM ')))
  t.ok(last.includes('USER node'))
  t.ok(last.includes('EXPOSE 8000'))
  const command = z.array(z.string()).parse(JSON.parse(instructions('CMD').at(-1) ?? ''))
  t.equal(command[0], 'node', 'the exec form, so that Node receives the signals')
  t.ok(command.includes('src/server.ts'))
})

t.test('the image installs what production needs, and no install script runs', async (t) => {
  const [install, ...more] = instructions('RUN')
  t.same(more, [])
  t.match(install, /^npm ci /)
  for (const flag of ['--omit=dev', '--omit=optional', '--ignore-scripts']) t.ok(install?.split(' ').includes(flag), flag)
})

t.test('everything the image copies is in the repository and gets past .dockerignore', async (t) => {
  const allowed = read('.dockerignore').split('\n')
  t.ok(allowed.includes('*'), 'closed by default, so that no .env gets in')
  const sources = instructions('COPY')
    .filter((copy) => !copy.startsWith('--from='))
    .flatMap((copy) => copy.split(/\s+/).slice(0, -1))
  for (const source of new Set(sources)) {
    t.ok(exists(source), `${source} exists`)
    t.ok(allowed.includes(`!${source}`), `${source} gets past .dockerignore`)
  }
})

t.test('everything that is started when deploying is in the repository', async (t) => {
  const commands = [...instructions('CMD'), String(web?.preDeployCommand), ...(migrate.command ?? [])]
  for (const script of new Set(commands.flatMap(scripts))) t.ok(exists(script), `${script} exists`)
})

t.test('Render builds the image, migrates before any traffic and asks /health', async (t) => {
  t.match(web, {
    type: 'web',
    runtime: 'docker',
    dockerfilePath: './Dockerfile',
    healthCheckPath: '/health',
    preDeployCommand: 'node src/migrate.ts',
  })
  t.match(database, { postgresMajorVersion: '18', ipAllowList: [] })
  t.equal(database?.region, web?.region, 'they talk over the private network of one region')
  t.match(
    envVars.find(({ key }) => key === 'DATABASE_URL'),
    { fromDatabase: { name: database?.name, property: 'connectionString' } },
  )
  for (const old of ['env', 'autoDeploy']) t.notOk(web && old in web, `${old} is no longer a word of Render`)
})

t.test('at Render, assistants without a secret get less, and keys are made there', async (t) => {
  t.match(
    envVars.find(({ key }) => key === 'VAPI_UNSIGNED'),
    { value: 'restricted' },
  )
  for (const name of ['TOKEN_ENCRYPTION_KEYS', 'SIGNING_SECRET'])
    t.match(
      envVars.find(({ key }) => key === name),
      { generateValue: true },
    )
  const proxies = envVars.find(({ key }) => key === 'TRUSTED_PROXIES')?.value?.split(',') ?? []
  t.ok(proxies.length > 1)
  for (const range of proxies) t.match(range, /^[0-9a-f.:]+\/\d+$/, 'a range, without blanks')
})

t.test('the guide for Render says what to enter for everything that Render asks for', async (t) => {
  const guide = read('docs/setup/render.md')
  for (const { key, sync } of envVars) if (sync === false) t.ok(guide.includes(`\`${key}\``), key)
})

t.test('compose.yaml migrates after the database is up and before the service starts', async (t) => {
  t.equal(postgres.image, 'postgres:18')
  t.ok(postgres.healthcheck)
  t.match(migrate.depends_on, { postgres: { condition: 'service_healthy' } })
  t.ok(migrate.command?.includes('src/migrate.ts'))
  t.match(app.depends_on, { migrate: { condition: 'service_completed_successfully' } })
  t.equal(app.environment.NODE_ENV, 'production')
})

t.test('in compose.yaml the service cannot change its files or gain rights, and the database keeps its data', async (t) => {
  t.equal(app.build, '.')
  t.equal(app.read_only, true)
  t.ok(app.security_opt.includes('no-new-privileges:true'))
  t.ok(postgres.volumes.includes('database:/var/lib/postgresql'))
})

t.test('the schema of compose.yaml belongs to a role that is no superuser', async (t) => {
  const init = postgres.volumes.find((volume) => volume.includes('/docker-entrypoint-initdb.d/'))?.split(':')[0] ?? ''
  t.ok(exists(init), `${init} exists`)
  t.match(read(init), /create role ringbook_owner login createrole nosuperuser .*nobypassrls/)
  for (const service of [app, migrate]) t.match(service.environment.DATABASE_URL, /^postgres:\/\/ringbook_owner:\$\{POSTGRES_PASSWORD:\?/)
})

const papers = globSync(['*.md', 'docs/**/*.md'], { cwd: root })

t.test('every link between the papers leads to a file', async (t) => {
  t.ok(papers.length > 5)
  for (const paper of papers) {
    for (const [, target = ''] of read(paper).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):|^#/.test(target)) continue
      t.ok(exists(join(dirname(paper), target.split('#')[0] ?? '')), `${paper} → ${target}`)
    }
  }
})

t.test('every file and folder that the papers name for contributors is there', async (t) => {
  const home = /`((?:src|test|docs|scripts|migrations|deploy|\.ci)\/[\w./-]*)`/g
  for (const paper of ['README.md', 'CONTRIBUTING.md'])
    for (const [, path = ''] of read(paper).matchAll(home)) t.ok(exists(path), `${paper}: ${path}`)
})

t.test('each vendor has its folder, its stand-in, its guide and its settings', async (t) => {
  for (const vendor of VENDORS) {
    for (const path of [`src/providers/${vendor}/index.ts`, `test/world/${vendor}/index.ts`, `docs/setup/${vendor}.md`])
      t.ok(exists(path), path)
    for (const paper of ['docs/setup/README.md', 'docs/setup/render.md']) t.match(read(paper), `](${vendor}.md)`, `${paper}: ${vendor}`)
    for (const end of ['CLIENT_ID', 'CLIENT_SECRET', 'REDIRECT_URI']) t.ok(settings.includes(`${vendor.toUpperCase()}_${end}`))
  }
})

t.test('the guide for Cal.com names the permissions that are asked for, and no others', async (t) => {
  const settings = {
    client: { id: 'x', secret: 'x' },
    redirectUri: 'https://x.example',
    appUrl: 'https://x.example',
    apiUrl: 'https://x.example',
  }
  const asked = calcomProvider(settings).authorizationUrl('state', 'challenge').searchParams.get('scope')?.split(' ')
  const named = [...read('docs/setup/calcom.md').matchAll(/`([A-Z_]+_(?:READ|WRITE))`/g)].map(([, scope]) => scope)
  t.same(named.toSorted(), asked?.toSorted())
})

t.test('the setup guides name only settings that exist', async (t) => {
  const families =
    /^(CLERK|MICROSOFT|GRAPH|GOOGLE|CALCOM|VAPI|CORS|DATABASE|LIMIT|PROVIDER|SETTLE|TOKEN|SIGNING|METRICS|TRUSTED|SMTP|MAIL)_/
  for (const guide of globSync('docs/setup/*.md', { cwd: root })) {
    for (const [name] of read(guide).matchAll(/\b[A-Z]+(?:_[A-Z0-9]+)+\b/g))
      if (families.test(name)) t.ok(settings.includes(name), `${guide}: ${name}`)
  }
})

t.test('the errors that the guides explain are those that the service gives', async (t) => {
  const codes: readonly string[] = errorCodes
  const texts = errorCodes.map((code) => new AppError(code, 'for its text').text)
  for (const guide of globSync('docs/setup/*.md', { cwd: root })) {
    for (const [, code = ''] of read(guide).matchAll(/"code": "(\w+)"/g)) t.ok(codes.includes(code), `${guide}: ${code}`)
    for (const [, quoted = ''] of read(guide).matchAll(/`(?:auth=error|\?error=)`, "([^"]+)"/g))
      t.ok(
        texts.some((text) => text.startsWith(quoted)),
        `${guide}: ${quoted}`,
      )
  }
})

t.test('the redirect addresses in the guides are those that the service derives', async (t) => {
  for (const vendor of VENDORS) t.match(read(`docs/setup/${vendor}.md`), `<BASE_URL>${vendors[vendor].callback}\n`)
  t.match(read('docs/setup/vapi.md'), '<BASE_URL>/vapi/webhook')
})

const jsonBlocks = (path: string) => [...read(path).matchAll(/^ *```json\n([\s\S]*?)^ *```/gm)].map(([, text = '']) => text)

t.test('every JSON example in the papers is JSON', async (t) => {
  for (const paper of papers) for (const text of jsonBlocks(paper)) t.doesNotThrow(() => JSON.parse(text), `${paper}: ${text.slice(0, 60)}`)
})

t.test('the guide for Vapi takes the functions from the service, and describes none by itself', async (t) => {
  const guide = read('docs/setup/vapi.md')
  t.match(guide, '"$BASE_URL/vapi/functions"')
  t.notMatch(guide, /"type": "function",\s+"async"/)
})

const Versions = z.record(z.string(), z.string()).default({})
const Package = z.object({ dependencies: Versions, devDependencies: Versions, optionalDependencies: Versions, engines: Versions })
const Lock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), optionalDependencies: Versions })),
})

t.test('every version is exact, and the lockfile has that one', async (t) => {
  const { dependencies, devDependencies, optionalDependencies, engines } = Package.parse(JSON.parse(read('package.json')))
  const { packages } = Lock.parse(JSON.parse(read('package-lock.json')))
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
    t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} ${version}`)
    t.equal(packages[`node_modules/${name}`]?.version, version, `${name} in package-lock.json`)
  }
  t.equal(engines.node, '>=26 <27', 'the same as the image')
})

t.test('the lockfile lacks no platform package: npm ci would refuse it on every platform', async (t) => {
  const { packages } = Lock.parse(JSON.parse(read('package-lock.json')))
  const isFoundFrom = (at: string, name: string): boolean => {
    if (packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true
    if (!at) return false
    return isFoundFrom(at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : '', name)
  }
  const missing = Object.entries(packages).flatMap(([at, { optionalDependencies }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isFoundFrom(at, name))
      .map((name) => `${at || '(root)'} → ${name}`),
  )
  t.same(missing, [])
})

t.test('the build server can start .ci/run', async (t) => {
  t.ok(statSync(join(root, '.ci/run')).mode & 0o100, 'it is executable')
  t.match(read('.ci/run'), /^#!\/usr\/bin\/env bash\n/)
})
