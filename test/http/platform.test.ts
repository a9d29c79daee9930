import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { openDatabase } from '../../src/db/client.ts'
import { testApp } from '../setup/app.ts'

const PREVIEW = 'https://peterental-nextjs-*-team.vercel.app'
const test = await testApp(t, { CORS_ORIGINS: 'https://peterental-nextjs.vercel.app', CORS_PREVIEW_PATTERN: PREVIEW })
const { app } = test
const owner = await test.owner()
const json = { 'content-type': 'application/json' }

interface Reply {
  statusCode: number
  headers: Record<string, unknown>
  body: string
}

/** The one error body: the same sentence in three fields, as JSON. */
function problem(t: Test, reply: Reply, status: number, code?: string) {
  t.equal(reply.statusCode, status)
  t.match(reply.headers['content-type'], /^application\/json/)
  const body = JSON.parse(reply.body)
  t.same(Object.keys(body).sort(), ['code', 'detail', 'error', 'message', 'status'])
  for (const field of ['code', 'detail', 'error', 'message']) t.type(body[field], 'string')
  t.equal(body.status, 'error')
  t.equal(body.detail, body.message)
  t.equal(body.error, body.message)
  if (code) t.equal(body.code, code)
}

t.test('the service says that it runs and where its description is', async (t) => {
  const { status, links } = (await app.inject('/')).json()
  t.equal(status, 'running')
  for (const link of [links.health, links.ready, links.openapi]) t.equal((await app.inject(link)).statusCode, 200, link)
  t.match((await app.inject(links.api_docs)).statusCode, /^(200|302)$/)
})

t.test('health needs no database; readiness does, and ends with the first sign of stopping', async (t) => {
  t.match((await app.inject('/health')).json(), { status: 'healthy', timestamp: /Z$/ })
  t.match((await app.inject('/ready')).json(), { status: 'ready', database: 'up' })
  let draining = false
  const stopping = await buildApp(test.deps, () => draining)
  t.teardown(() => stopping.close())
  t.equal((await stopping.inject('/ready')).statusCode, 200)
  draining = true
  problem(t, await stopping.inject('/ready'), 503, 'unavailable')
  t.equal((await stopping.inject('/health')).statusCode, 200)

  const nowhere = openDatabase('postgres://nobody@127.0.0.1:9/none')
  t.teardown(() => nowhere.end())
  const cutOff = await buildApp({ ...test.deps, db: nowhere.db })
  t.teardown(() => cutOff.close())
  t.equal((await cutOff.inject('/health')).statusCode, 200)
  problem(t, await cutOff.inject('/ready'), 503, 'unavailable')
  const rest = await cutOff.inject({ url: '/agents', headers: owner.headers() })
  problem(t, rest, 503, 'unavailable')
  t.ok(Number(rest.headers['retry-after']) > 0)
})

t.test('measurements are shown to whoever has the token, and to nobody else', async (t) => {
  await owner.call('book_appointment', { start_time: '2026-12-01T09:00' })
  const token = test.deps.config.metricsToken
  for (const authorization of [undefined, 'Bearer wrong', `Bearer ${token}x`, `Basic ${token}`, String(token)])
    problem(t, await app.inject({ url: '/metrics', headers: authorization === undefined ? {} : { authorization } }), 404, 'not_found')
  const { statusCode, body, headers } = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })
  t.equal(statusCode, 200)
  t.match(headers['content-type'], /^text\/plain/)
  t.match(body, /^http_request_duration_seconds_bucket\{.*route="\/vapi\/webhook".*\} [1-9]/m)
  t.match(body, /^voice_function_duration_seconds_count\{.*function="book_appointment".*\} 1$/m)
  t.match(body, /^vendor_request_duration_seconds_count\{.*vendor="google".*\} [1-9]/m)
  t.match(body, /^bookings_total\{outcome="booked"\} 1$/m)
  for (const secret of [owner.clerkUserId, owner.assistantId, owner.calendarEmail]) t.notMatch(body, secret)
})

t.test('every failure has the one body, whoever refused', async (t) => {
  const post = (payload: string | Buffer, headers: Record<string, string> = json) =>
    app.inject({ method: 'POST', url: '/agents', headers: { ...owner.headers(), ...headers }, payload })
  problem(t, await app.inject('/nowhere'), 404, 'not_found')
  problem(t, await app.inject('/%E0%A4%A'), 400, 'invalid_request')
  problem(t, await app.inject(`/agents/${'9'.repeat(500)}/secret`), 404, 'not_found')
  problem(t, await app.inject({ method: 'PUT', url: '/agents' }), 404, 'not_found')
  problem(t, await app.inject({ method: 'DELETE', url: '/health', headers: json }), 404, 'not_found')
  problem(t, await app.inject('/agents'), 401, 'not_signed_in')
  problem(t, await post('{"agent_name":'), 400, 'invalid_request')
  problem(t, await post('{"agent_name":"x","__proto__":{"is_active":false}}'), 400, 'invalid_request')
  problem(t, await post('{"agent_name":"x","config":{"constructor":{"prototype":{"a":1}}}}'), 400, 'invalid_request')
  problem(t, await post('{"agent_name":7}'), 400, 'invalid_request')
  t.equal((await post('{}')).json().message, 'The request does not fit. agent_name: is missing.')
  problem(t, await post(''), 400, 'invalid_request')
  problem(t, await post('agent_name=x', { 'content-type': 'text/plain' }), 415, 'unsupported_type')
  problem(t, await post('agent_name=x', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_type')
  problem(t, await post('{}', { 'content-type': 'nonsense' }), 415, 'unsupported_type')
  for (const values of [{ agent_name: '\0' }, { vapi_assistant_id: '\0x' }, { config: { a: '\0' } }, { config: { a: '\ud800' } }])
    problem(t, await post(JSON.stringify({ agent_name: 'x', ...values })), 400, 'invalid_request')
  const padded = (bytes: number) => `{"agent_name":"x","more":"${'x'.repeat(bytes - 28)}"}`
  t.equal((await post(padded(64 * 1024))).statusCode, 201, `${padded(64 * 1024).length} bytes`)
  problem(t, await post(padded(64 * 1024 + 1)), 413, 'too_large')
  const deep = `{"agent_name":"x","config":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`
  t.notMatch((await post(deep)).statusCode, /^5/, 'five thousand levels')
})

t.test('a request that is no HTTP is refused with the same body', async (t) => {
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  for (const [bytes, status] of [
    ['GET / HTTP/9.9 nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
    socket.write(bytes)
    const [data] = await once(socket, 'data')
    const [head = '', body = ''] = String(data).split('\r\n\r\n')
    t.match(head, new RegExp(`^HTTP/1.1 ${status} `))
    problem(t, { statusCode: status, headers: { 'content-type': /content-type: (.*)/i.exec(head)?.[1] }, body }, status)
    socket.destroy()
  }
})

t.test('an empty body is no body: the frontend sends the content type with nothing behind it', async (t) => {
  const bare = { ...owner.headers(), ...json }
  const secret = await app.inject({ method: 'POST', url: '/agents/1/secret', headers: { ...bare, 'content-length': '0' } })
  t.equal(secret.statusCode, 201)
  const gone = await app.inject({ method: 'DELETE', url: '/calendar/google/auth/disconnect', headers: bare })
  t.equal(gone.statusCode, 200)
  t.type(gone.json(), 'object')
})

t.test('browsers of the frontend and its previews may read every answer, others none', async (t) => {
  const allowed = ['http://localhost:3000', 'https://peterental-nextjs.vercel.app', 'https://peterental-nextjs-abc123-team.vercel.app']
  const foreign = [
    'http://localhost:3001',
    'http://peterental-nextjs.vercel.app',
    'https://peterental-nextjs.vercel.app.evil.com',
    'https://evil-peterental-nextjs.vercel.app',
    'https://peterental-nextjs-a.evil.com/-team.vercel.app',
    'https://peterental-nextjs-a.b-team.vercel.app',
    'https://peterental-nextjs--team.vercel.app.evil.com',
    'null',
  ]
  for (const url of ['/health', '/agents', '/nowhere', '/']) {
    for (const origin of allowed) {
      const { headers } = await app.inject({ url, headers: { origin } })
      t.equal(headers['access-control-allow-origin'], origin, `${url} for ${origin}`)
      t.match(headers.vary, /origin/i)
      t.equal(headers['access-control-allow-credentials'], undefined)
    }
    for (const origin of foreign)
      t.equal((await app.inject({ url, headers: { origin } })).headers['access-control-allow-origin'], undefined, `${url} for ${origin}`)
  }
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/vapi/assistants',
    headers: {
      origin: allowed[1] ?? '',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
  t.equal(preflight.statusCode, 204)
  t.equal(preflight.headers['access-control-allow-origin'], allowed[1])
  for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'])
    t.match(preflight.headers['access-control-allow-methods'], method)
  t.match(String(preflight.headers['access-control-allow-headers']).toLowerCase(), /authorization.*content-type/)
  for (const url of [
    '/vapi/webhook',
    '/vapi/function-call',
    '/calendar/auth/callback',
    '/calendar/google/auth/callback',
    '/vapi/webhook/',
    '/vapi/webhook?x=1',
  ]) {
    for (const method of ['OPTIONS', 'POST', 'GET'] as const) {
      const { headers } = await app.inject({ method, url, headers: { origin: allowed[0] ?? '', 'access-control-request-method': 'POST' } })
      t.equal(headers['access-control-allow-origin'], undefined, `${method} ${url}`)
    }
  }
})

t.test('every answer tells browsers to keep, frame and guess nothing', async (t) => {
  const replies = [
    await app.inject('/health'),
    await app.inject('/nowhere'),
    await app.inject('/agents'),
    await app.inject('/%E0%A4%A'),
    await app.inject({ method: 'POST', url: '/vapi/webhook', payload: {} }),
    await app.inject({ method: 'POST', url: '/vapi/webhook', headers: { 'x-vapi-secret': 'wrong' }, payload: {} }),
    await app.inject('/calendar/google/auth/callback?state=x&code=y'),
    await app.inject({ url: '/calendar/google/auth/start', headers: owner.headers() }),
  ]
  for (const { headers, statusCode } of replies) {
    t.match(headers, {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': /max-age=\d{7,}/,
      'content-security-policy': /default-src 'none';.*frame-ancestors 'none'/,
    }, String(statusCode)) // biome-ignore format: read as one
    t.equal(headers['x-powered-by'], undefined)
  }
})
