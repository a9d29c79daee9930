import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { type Demo, seedDemo } from '../scripts/start/demo.ts'
import { freePort } from '../src/db/free-port.ts'
import { runProgram, until } from './setup/process.ts'
import { startedService, statusOf, surroundings } from './setup/service.ts'
import { post, toolCalls } from './world/vapi/index.ts'

const busyQuery = /freeBusy/
const asks = ({ assistantId, secret, baseUrl }: Demo) =>
  post(baseUrl, toolCalls([{ id: 'tool_1', name: 'get_next_available' }], { assistantId }), { secret })

t.test('SIGTERM: not ready at once, what runs is finished, then the end with code 0', async (t) => {
  const { world, baseUrl, env } = await surroundings(t)
  const service = await startedService(t, { baseUrl, env })
  const demo = await seedDemo(baseUrl, world)
  world.google.faults.add({ kind: 'slow', ms: 1500, path: busyQuery })
  const asked = world.google.ledger.length
  const answer = asks(demo)
  await until('the vendor to be asked', () => world.google.ledger.slice(asked).some((entry) => busyQuery.test(entry.path)))

  const signalledAt = Date.now()
  service.child.kill('SIGTERM')
  await until('/ready to refuse', async () => (await statusOf(`${baseUrl}/ready`)) === 503, 1)
  t.equal(await statusOf(`${baseUrl}/health`), 200, 'it lives as long as a caller waits')
  const { status, json } = await answer
  t.equal(status, 200)
  t.match(json, { results: [{ toolCallId: 'tool_1', result: /^I have / }] }, 'the caller hears the answer')
  t.equal(await service.ended, 0)
  t.ok(Date.now() - signalledAt < 10_000)
  t.equal(service.stderr(), '')
  t.equal(await statusOf(`${baseUrl}/health`), 0)
})

t.test('a port that is taken is one plain sentence', async (t) => {
  const { env, port } = await surroundings(t)
  const other = createServer().listen(port, '0.0.0.0')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const service = runProgram(t, 'src/server.ts', env)
  t.equal(await service.ended, 1)
  t.equal(service.stderr(), `Something else listens on port ${port}. Stop it, or set another PORT.\n`)
})

t.test('the owner of the tables, who sees every tenant, may not run the service', async (t) => {
  const { env, database, baseUrl } = await surroundings(t)
  const service = runProgram(t, 'src/server.ts', { ...env, DATABASE_APP_URL: database.ownerUrl })
  t.equal(await service.ended, 1)
  t.equal(
    service.stderr(),
    'The service must not connect to the database as the owner of its tables. Unset DATABASE_APP_URL, or let it name ringbook_app.\n',
  )
  t.equal(await statusOf(`${baseUrl}/health`), 0)
})

t.test('a database that is away, unknown or locked is one plain sentence without a password', async (t) => {
  const { env, database } = await surroundings(t)
  const sentence = async (change: (url: URL) => void) => {
    const url = new URL(database.url)
    change(url)
    const service = runProgram(t, 'src/server.ts', { ...env, DATABASE_APP_URL: url.href })
    t.equal(await service.ended, 1)
    t.notMatch(service.stderr(), new RegExp(`\n.|    at |${url.password}`), 'one line, no stack, no password')
    return service.stderr()
  }
  const closed = await freePort()
  const [away = '', locked = '', unknown = ''] = await Promise.all([
    sentence((url) => {
      url.port = String(closed)
    }),
    sentence((url) => {
      url.password = 'another'
    }),
    sentence((url) => {
      url.pathname = '/elsewhere'
    }),
  ])
  t.match(away, `The database does not answer at 127.0.0.1:${closed}`)
  t.match(locked, /refuses the role ringbook_app\. .*npm run migrate/)
  t.match(unknown, 'There is no database elsewhere')
})

t.test('everything that is missing is named at once', async (t) => {
  const service = runProgram(t, 'src/server.ts', {})
  t.equal(await service.ended, 1)
  const wanted = [
    'BASE_URL',
    'DATABASE_URL',
    'FRONTEND_URL',
    'TOKEN_ENCRYPTION_KEYS',
    'SIGNING_SECRET',
    'CLERK_SECRET_KEY',
    'CLERK_ISSUER',
    'VAPI_WEBHOOK_SECRET',
  ]
  for (const name of wanted) t.match(service.stderr(), name)
  t.notMatch(service.stderr(), '    at ')
})
