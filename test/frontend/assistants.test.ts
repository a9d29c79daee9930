import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.7: the import list (server, template token) and the voice page (browser, default session token).
const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })
const { vapi, clerk } = test.world
const front = await frontend(t, test)
t.beforeEach(() => {
  vapi.things.assistant.clear()
  vapi.faults.clear()
})

const Listed = z.strictObject({
  status: z.literal('success'),
  count: z.int(),
  assistants: z.array(
    z.strictObject({
      id: z.string().min(1),
      name: z.string().min(1),
      model: z.strictObject({ provider: z.string().nullable(), model: z.string().nullable() }),
      voice: z.strictObject({ provider: z.string().nullable(), voiceId: z.string().nullable() }),
      firstMessage: z.string(),
      serverUrl: z.string().nullable(),
      createdAt: z.iso.datetime(),
      updatedAt: z.iso.datetime(),
    }),
  ),
})

async function listed(response: Response) {
  return Listed.parse(await response.json())
}

const desk = {
  name: 'Booking desk',
  model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'Private prompt' }] },
  voice: { provider: 'playht', voiceId: 'jennifer' },
  firstMessage: 'Hello!',
  server: { url: 'https://backend.example/vapi/webhook' },
}

t.test('the list has the fields that both pages read, with either kind of token', async (t) => {
  const user = test.user()
  const made = vapi.add('assistant', { ...desk, createdAt: '2025-10-01T00:00:00.000Z', updatedAt: '2025-10-02T00:00:00.000Z' })
  const expected = {
    status: 'success',
    count: 1,
    assistants: [
      {
        id: made.id,
        name: 'Booking desk',
        model: { provider: 'openai', model: 'gpt-4' },
        voice: { provider: 'playht', voiceId: 'jennifer' },
        firstMessage: 'Hello!',
        serverUrl: 'https://backend.example/vapi/webhook',
        createdAt: '2025-10-01T00:00:00.000Z',
        updatedAt: '2025-10-02T00:00:00.000Z',
      },
    ],
  }
  const server = await front.action(user, '/vapi/assistants')
  t.equal(server.status, 200)
  t.same(await listed(server), expected)

  const { preflight, response } = await front.page('/vapi/assistants', { token: clerk.token(user.clerkUserId) })
  t.equal(preflight?.status, 204)
  for (const answer of [preflight, response]) t.equal(answer?.headers.get('access-control-allow-origin'), 'http://localhost:3000')
  t.match(preflight?.headers.get('access-control-allow-headers')?.toLowerCase(), /authorization.*content-type/)
  t.equal(response.status, 200)
  t.same(await listed(response), expected)
})

t.test('an account without assistants has an empty list', async (t) => {
  t.same(await listed(await front.action(test.user(), '/vapi/assistants')), { status: 'success', count: 0, assistants: [] })
})

t.test('without a token nobody sees any, and the browser may read that', async (t) => {
  const { response } = await front.page('/vapi/assistants')
  t.equal(response.status, 401)
  t.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
  t.match(await response.json(), { code: 'not_signed_in' })
})

t.test('what an assistant lacks or has oddly is null or empty text, never a hole to fall into', async (t) => {
  vapi.add('assistant', {})
  vapi.add('assistant', { name: '', model: null, voice: null, firstMessage: null, server: null })
  vapi.add('assistant', { name: 7, model: 'gpt-4', voice: 'jennifer', firstMessage: {}, server: 'x', metadata: 'x', updatedAt: 'x' })
  vapi.add('assistant', { name: 'Flat', serverUrl: 'https://old.example/hook', server: { url: 'no address' }, model: {}, voice: {} })
  const { assistants, count } = await listed(await front.action(test.user(), '/vapi/assistants'))
  t.equal(count, 4)
  for (const { model, voice } of assistants)
    t.same(
      [model, voice],
      [
        { provider: null, model: null },
        { provider: null, voiceId: null },
      ],
    )
  t.same(new Set(assistants.map(({ name }) => name)), new Set(['Unnamed assistant', 'Flat']))
  vapi.things.assistant.clear()
  vapi.add('assistant', { serverUrl: 'https://old.example/hook' })
  t.match(await listed(await front.action(test.user(), '/vapi/assistants')), { assistants: [{ serverUrl: 'https://old.example/hook' }] })
})

t.test('nothing secret passes, wherever Vapi keeps it', async (t) => {
  const secret = { secret: 'SENTINEL', headers: { 'x-vapi-secret': 'SENTINEL', Authorization: 'SENTINEL' }, credentialId: 'SENTINEL' }
  const server = { ...secret, url: 'https://SENTINEL:SENTINEL@backend.example/vapi/webhook?token=SENTINEL#SENTINEL' }
  const tool = { type: 'function', function: { name: 'x' }, server, parameters: [{ key: 'k', value: 'SENTINEL' }] }
  vapi.add('assistant', {
    name: 'Desk',
    model: { provider: 'custom-llm', model: 'm', url: 'https://SENTINEL', messages: [{ content: 'SENTINEL' }], tools: [tool], ...secret },
    voice: { provider: 'custom-voice', voiceId: 'v', server, apiKey: 'SENTINEL' },
    transcriber: { provider: 'custom-transcriber', server },
    firstMessage: 'https://files.example/hello.mp3?X-Amz-Signature=SENTINEL',
    server,
    serverUrl: 'https://backend.example/other?secret=SENTINEL',
    serverUrlSecret: 'SENTINEL',
    credentials: [{ provider: 'webhook', authenticationPlan: { type: 'bearer', token: 'SENTINEL' } }],
    credentialIds: ['SENTINEL'],
    hooks: [{ on: 'x', do: [{ type: 'tool', tool }] }],
    twilioAuthToken: 'SENTINEL',
    phoneNumber: { twilioAuthToken: 'SENTINEL', twilioAccountSid: 'SENTINEL' },
    artifactPlan: { recordingPath: 'SENTINEL' },
    monitorPlan: { controlUrl: 'SENTINEL' },
    metadata: { key: 'SENTINEL' },
  }) // biome-ignore format: read as one
  const response = await front.action(test.user(), '/vapi/assistants')
  const text = await response.text()
  t.match(JSON.parse(text), {
    assistants: [{ serverUrl: 'https://backend.example/vapi/webhook', firstMessage: 'https://files.example/hello.mp3' }],
  })
  t.notMatch(text, /sentinel/i)
  t.notMatch(test.logs.join(''), 'SENTINEL')
  t.notMatch(text, vapi.apiKey)
})

t.test('assistants linked to somebody else are left out, her own and free ones are not', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const [hers, theirs, free] = ['hers', 'theirs', 'free'].map((name) => vapi.add('assistant', { ...desk, name }))
  const link = (who: typeof owner, id = '') =>
    front.action(who, '/agents', { method: 'POST', body: { agent_name: 'x', vapi_assistant_id: id } })
  await link(owner, hers?.id)
  const linked = await link(other, theirs?.id)
  const seenBy = async (who: typeof owner) => (await listed(await front.action(who, '/vapi/assistants'))).assistants.map(({ id }) => id)
  t.same(await seenBy(owner), [free?.id, hers?.id], 'newest first')
  t.same(await seenBy(other), [free?.id, theirs?.id])
  t.same(await seenBy(test.user()), [free?.id])
  const { agent_id } = z.looseObject({ agent_id: z.int() }).parse(await linked.json())
  await front.action(other, `/agents/${agent_id}`, { method: 'DELETE' })
  t.same(await seenBy(owner), [free?.id, theirs?.id, hers?.id], 'free again')
})

t.test('when Vapi fails the answer is a 5xx with a sentence, never an empty list', async (t) => {
  const user = test.user()
  vapi.add('assistant', desk)
  const faults = [
    [{ kind: 'status', status: 500 }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 500, body: '<html>Bad gateway</html>' }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 200, body: '<html>Hello</html>' }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 200, body: { assistants: [] } }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 200, body: [{ name: 'without an id' }] }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 302 }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 404 }, 503, 'vapi_unavailable'],
    [{ kind: 'status', status: 401 }, 502, 'vapi_refused'],
    [{ kind: 'status', status: 429, retryAfter: 60 }, 503, 'vapi_busy'],
    [{ kind: 'cut' }, 503, 'vapi_unavailable'],
    [{ kind: 'silent' }, 503, 'vapi_unavailable'],
  ] as const
  for (const [fault, status, code] of faults) {
    vapi.faults.add({ ...fault, times: Number.POSITIVE_INFINITY })
    const startedAt = performance.now()
    const { response } = await front.page('/vapi/assistants', { token: clerk.token(user.clerkUserId) })
    t.equal(response.status, status, JSON.stringify(fault))
    t.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
    t.match(await response.json(), { status: 'error', code })
    t.ok(performance.now() - startedAt < 7000)
    vapi.faults.clear()
  }
  vapi.faults.add({ kind: 'cut' })
  t.equal((await front.action(user, '/vapi/assistants')).status, 200, 'one failure is got over')
  await vapi.down()
  t.equal((await front.action(user, '/vapi/assistants')).status, 503)
  await vapi.up()
})

t.test('however many ask at once, they share what Vapi is asked, and each hears what is linked to whom', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const hers = vapi.add('assistant', desk)
  const body = { agent_name: 'Desk', vapi_assistant_id: hers.id }
  t.equal((await front.action(owner, '/agents', { method: 'POST', body })).status, 201)
  await front.action(other, '/users/me')
  const asked = vapi.ledger.length
  vapi.faults.add({ kind: 'slow', ms: 800, times: Number.POSITIVE_INFINITY })
  const seen = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const answer = await front.action(index % 2 === 0 ? owner : other, '/vapi/assistants')
      return (await answer.text()).includes(String(hers.id))
    }),
  )
  t.same(
    seen,
    seen.map((_, index) => index % 2 === 0),
  )
  vapi.faults.clear()
  t.ok(vapi.ledger.length - asked <= 4, `${vapi.ledger.length - asked} requests`)
})

t.test('an installation without a key for Vapi says so', async (t) => {
  const without = await testApp(t, { VAPI_API_KEY: '' })
  const user = without.user()
  const reply = await without.app.inject({ url: '/vapi/assistants', headers: user.headers() })
  t.equal(reply.statusCode, 503)
  t.match(reply.json(), { status: 'error', code: 'vapi_off', message: /VAPI_API_KEY/ })
  t.equal((await without.app.inject({ url: '/vapi/assistants' })).statusCode, 401, 'but only to whom is signed in')
})
