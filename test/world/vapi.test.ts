import { createHmac } from 'node:crypto'
import t from 'tap'
import { startStandIn } from './stand-in.ts'
import * as vapi from './vapi/index.ts'
import { readPublished } from './vapi/published.ts'

const { present } = readPublished('vapi.openapi.json')
const skip = present ? false : "Vapi's published description is not here"

const assistant = {
  name: 'Leasing line',
  firstMessage: 'Hi, how can I help?',
  model: { provider: 'openai', model: 'gpt-4o', temperature: 0.3, messages: [{ role: 'system', content: 'Be kind.' }], toolIds: ['t1'] },
  voice: { provider: 'vapi', voiceId: 'Elliot' },
  server: { url: 'https://backend.example/vapi/webhook', timeoutSeconds: 20, headers: { 'x-vapi-secret': 's' } },
  serverMessages: ['tool-calls', 'status-update', 'end-of-call-report', 'hang'],
  metadata: { tenantId: 't_42' },
}
const tool = {
  type: 'function',
  function: {
    name: 'get_availability',
    description: 'Free times',
    parameters: { type: 'object', properties: { when: { type: 'string' } } },
  },
  server: { url: 'https://backend.example/vapi/webhook' },
}

async function start(t: { teardown(done: () => Promise<void>): void }) {
  const world = await vapi.startVapi()
  t.teardown(() => world.stop())
  const call = async (method: string, path: string, body?: unknown, key = world.apiKey) => {
    const headers = { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) }
    const response = await fetch(`${world.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    const answer: vapi.Thing = JSON.parse(await response.text())
    return { status: response.status, body: answer }
  }
  return { world, call }
}

t.test('an assistant lives as at Vapi: a field that is sent is replaced whole', async (t) => {
  const { world, call } = await start(t)
  const made = await call('POST', '/assistant', assistant)
  t.match(made, { status: 201, body: { name: 'Leasing line', id: String, orgId: String, createdAt: String } })
  const path = `/assistant/${made.body.id}`
  const changed = await call('PATCH', path, { model: { provider: 'openai', model: 'gpt-4o' } })
  t.match(changed, { status: 200, body: { name: 'Leasing line' } })
  t.same(changed.body.model, { provider: 'openai', model: 'gpt-4o' }, 'the prompt is gone')
  t.same((await call('GET', path)).body, changed.body)
  t.match((await call('GET', '/assistant?limit=10')).body, [{ id: made.body.id }])
  world.pin(made.body.id)
  t.match(await call('DELETE', path), { status: 409, body: { error: 'assistant_pinned' } })
})

t.test('tools, numbers and calls are there, and what is not there is 404', async (t) => {
  const { world, call } = await start(t)
  const made = await call('POST', '/tool', tool)
  t.equal(made.status, 201, JSON.stringify(made.body))
  t.equal((await call('DELETE', `/tool/${made.body.id}`)).status, 200)
  t.match(await call('GET', `/tool/${made.body.id}`), { status: 404, body: { statusCode: 404 } })
  const number = await call('POST', '/phone-number', { provider: 'vapi', numberDesiredAreaCode: '415', assistantId: 'a1' })
  t.match(number, { status: 201, body: { number: /^\+1415\d{7}$/, assistantId: 'a1' } })
  t.equal((await call('PATCH', `/phone-number/${number.body.id}`, { provider: 'vapi', assistantId: 'a2' })).body.assistantId, 'a2')
  const talk = world.add('call', { assistantId: 'a1', status: 'ended' })
  t.match(await call('GET', `/call/${talk.id}`), { status: 200, body: { id: talk.id, status: 'ended' } })
  t.equal((await call('GET', '/call/unknown')).status, 404)
  t.equal((await call('GET', '/anything')).status, 404)
})

t.test('lists are newest first and paged by creation time', async (t) => {
  const { world, call } = await start(t)
  const [first, second, third] = ['one', 'two', 'three'].map((name) => world.add('assistant', { name }))
  const page = await call('GET', '/assistant?limit=2')
  t.match(page.body, [{ id: third?.id }, { id: second?.id }])
  t.match((await call('GET', `/assistant?createdAtLt=${second?.createdAt}`)).body, [{ id: first?.id }])
  t.equal((await call('GET', '/assistant?page=2')).status, 400)
})

t.test('a wrong key is refused before anything else, and nothing is stored', async (t) => {
  const { world, call } = await start(t)
  t.match(await call('POST', '/assistant', assistant, 'wrong'), { status: 401, body: { statusCode: 401 } })
  t.equal(world.things.assistant.size, 0)
  t.match(world.ledger, [{ account: null, status: 401 }])
})

t.test('a body that Vapi would refuse is refused', { skip }, async (t) => {
  const { world, call } = await start(t)
  const refused: [string, unknown][] = [
    ['/assistant', { ...assistant, unknownField: 1 }],
    ['/assistant', { ...assistant, name: 'x'.repeat(41) }],
    ['/assistant', { ...assistant, server: { ...assistant.server, secret: 's' } }],
    ['/assistant', { ...assistant, maxDurationSeconds: 5 }],
    ['/assistant', { ...assistant, serverMessages: ['everything'] }],
    ['/tool', { ...tool, type: 'nothing' }],
    ['/tool', { ...tool, function: { description: 'no name' } }],
    ['/phone-number', { provider: 'nobody' }],
  ]
  for (const [path, body] of refused)
    t.match(await call('POST', path, body), { status: 400, body: { statusCode: 400 } }, JSON.stringify(body))
  const { id } = world.add('assistant', assistant)
  t.equal((await call('PATCH', `/assistant/${id}`, { id, name: 'New' })).status, 400, 'read-only fields may not come back')
  t.equal(world.things.assistant.size, 1)
})

t.test('a call that a test puts there is one that Vapi could show', { skip }, async (t) => {
  const { world, call } = await start(t)
  for (const status of ['queued', 'in-progress', 'ended'] as const) {
    const { id } = world.add('call', vapi.callAtVapi({ assistantId: 'a', createdAt: new Date(), status, said: [['user', 'Hello']] }))
    const { body } = await call('GET', `/call/${id}`)
    t.same(world.published.wrong('/components/schemas/Call', body), [], status)
  }
})

t.test('calls are found by assistant, and a filter that Vapi does not have is refused', async (t) => {
  const { world, call } = await start(t)
  const [early, late] = [1, 2].map((day) => new Date(Date.UTC(2026, 0, day)))
  for (const createdAt of [early, late])
    for (const assistantId of ['a', 'b']) if (createdAt) world.add('call', vapi.callAtVapi({ assistantId, createdAt }))
  t.match((await call('GET', '/call?assistantId=a')).body, { length: 2 })
  t.match((await call('GET', `/call?assistantId=a&createdAtGe=${late?.toISOString()}`)).body, { length: 1 })
  for (const query of ['status=ended', 'createdAtGe=yesterday', 'limit=1001'])
    t.equal((await call('GET', `/call?${query}`)).status, 400, query)
  t.equal((await call('GET', '/assistant?assistantId=a')).status, 400, 'that one is for calls')
})

t.test('function calls come in every layout that Vapi or its pages show', async (t) => {
  const calls = [{ id: 'call_1', name: 'get_availability', arguments: { when: 'tomorrow' } }]
  const list = (layout: vapi.Layout, stringArguments = false) => {
    const { toolCallList, toolCalls, toolWithToolCallList } = vapi.toolCalls(calls, { layout, stringArguments }).message
    return { toolCallList, toolCalls, toolWithToolCallList }
  }
  const nested = { id: 'call_1', type: 'function', function: { name: 'get_availability', arguments: { when: 'tomorrow' } } }
  t.match(list('A'), { toolCallList: [nested], toolCalls: undefined })
  t.match(list('A', true), { toolCallList: [{ function: { arguments: '{"when":"tomorrow"}' } }] })
  t.match(list('B'), { toolCallList: [{ id: 'call_1', name: 'get_availability', arguments: { when: 'tomorrow' } }] })
  t.match(list('C'), { toolCallList: [{ id: 'call_1', name: 'get_availability', parameters: { when: 'tomorrow' } }] })
  t.match(list('D'), {
    toolCallList: undefined,
    toolWithToolCallList: [{ function: { parameters: { type: 'object' } }, toolCall: nested }],
  })
  t.match(list('D2'), {
    toolWithToolCallList: [{ name: 'get_availability', toolCall: { id: 'call_1', parameters: { when: 'tomorrow' } } }],
  })
  t.match(list('all'), { toolCallList: [nested], toolCalls: [nested], toolWithToolCallList: [{ toolCall: nested }] })

  t.match(vapi.functionCall('f', { a: 1 }).message, { type: 'function-call', functionCall: { name: 'f', parameters: { a: 1 } } })
  const atRoot = vapi.functionCall('f', { a: 1 }, { atRoot: true })
  t.match(atRoot, { functionCall: { name: 'f' }, message: { functionCall: undefined } })
})

t.test('other messages carry the call, the assistant and both numbers', async (t) => {
  const options = { assistantId: 'a9', callId: 'c9', customerNumber: '+15550100777' }
  const messages = [
    vapi.statusUpdate('ended', options),
    vapi.transcript('user', 'Hello', options),
    vapi.endOfCallReport({ summary: 'Short' }, options),
  ]
  for (const { message } of messages) t.match(message, { call: { id: 'c9', assistantId: 'a9' }, customer: { number: '+15550100777' } })
  t.match(messages, [
    { message: { status: 'ended', endedReason: 'customer-ended-call' } },
    { message: { transcriptType: 'final', transcript: 'Hello' } },
    { message: { analysis: { summary: 'Short' }, artifact: { transcript: String } } },
  ])
  t.notOk('endedReason' in vapi.statusUpdate('ringing').message)
  t.match(vapi.statusUpdate('ringing', { assistantId: null, customerNumber: null }).message, {
    assistant: { id: undefined },
    call: { type: 'webCall', assistantId: null },
    customer: undefined,
  })
  t.equal(vapi.assistantRequest().message.assistant, undefined)
  t.equal(vapi.transcript('user', 'x', { literalType: true }).message.type, 'transcript[transcriptType="final"]')
})

t.test('messages are posted with a plain secret or signed over the exact bytes', async (t) => {
  const received: { headers: Record<string, unknown>; raw: string }[] = []
  const backend = await startStandIn({ vendor: 'backend' }, (app) => {
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    app.post('/vapi/webhook', async (request) => {
      received.push({ headers: request.headers, raw: String(request.body) })
      return { results: [] }
    })
  })
  t.teardown(() => backend.stop())
  const message = vapi.toolCalls([{ name: 'get_availability' }])
  t.match(await vapi.post(backend.url, message, { secret: 'plain' }), { status: 200, json: { results: [] } })
  await vapi.post(backend.url, message, { hmacSecret: 'key' })
  await vapi.post(backend.url, message)
  const [plain, hmac, none] = received
  t.equal(plain?.headers['x-vapi-secret'], 'plain')
  const expected = createHmac('sha256', 'key').update(`${hmac?.headers['x-timestamp']}.${hmac?.raw}`).digest('hex')
  t.equal(hmac?.headers['x-signature'], expected)
  t.notOk(none?.headers['x-vapi-secret'] ?? none?.headers['x-signature'] ?? none?.headers.authorization)
  t.same(JSON.parse(none?.raw ?? ''), message)
})
