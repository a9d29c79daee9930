import t, { type Test } from 'tap'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { say, soundEntries, words } from '../setup/voice.ts'
import { assistantRequest, common, functionCall, type Layout, statusUpdate, toolCalls } from '../world/vapi/messages.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const owner = await test.owner()
const LATER = 'Thursday the third of December'
const asked = { id: 'call_Ab12', name: 'get_availability', arguments: { date: '2026-12-03' } }

const from = (who: ConnectedOwner = owner) => ({ assistantId: who.assistantId })
const post = (body: object | string, path?: string) =>
  say(test, body, { headers: { 'x-vapi-secret': owner.secret }, ...(path === undefined ? {} : { path }) })

/** The day that was asked for is in the answer only if the arguments were read. */
async function understood(t: Test, body: object, id: string | null = 'call_Ab12') {
  const { status, results } = await post(body)
  t.equal(status, 200)
  t.equal(results.length, 1, 'one entry for one call')
  t.equal(results[0]?.toolCallId, id, 'the id of the call, as it came')
  t.match(results[0]?.result, LATER)
  soundEntries(t, results)
}

t.test(
  'a function call is understood in every layout that Vapi and its documentation use, its arguments as object and as text',
  async (t) => {
    for (const layout of ['A', 'B', 'C', 'D', 'D2', 'all'] satisfies Layout[]) {
      for (const stringArguments of [false, true]) await understood(t, toolCalls([asked], { ...from(), layout, stringArguments }))
    }
  },
)

t.test('a list beside broken, empty or missing others is enough, with and without the type of the message', async (t) => {
  const nested = { id: 'call_Ab12', function: { name: 'get_availability', arguments: { date: '2026-12-03' } } }
  const rest = common('tool-calls', from())
  await understood(t, { message: { ...rest, toolCallList: null, toolCalls: [nested], toolWithToolCallList: 'none' } })
  await understood(t, { message: { ...rest, toolCallList: [null, 7, 'x', [], nested], toolCalls: {} } })
  await understood(t, { message: { ...rest, type: undefined, toolCalls: [nested] } })
  await understood(t, { message: { ...rest, type: null, toolCalls: [nested] } })
})

t.test('the schema of a tool is never taken for what the model wrote', async (t) => {
  const schema = { type: 'object', properties: {}, date: '2026-12-04' }
  const tool = { name: 'get_availability', description: 'x', parameters: schema }
  const base = common('tool-calls', from())
  await understood(t, {
    message: {
      ...base,
      toolWithToolCallList: [{ type: 'function', function: tool, toolCall: { id: 'call_Ab12', parameters: { date: '2026-12-03' } } }],
    },
  })
  const { results } = await post({ message: { ...base, toolWithToolCallList: [{ function: tool, toolCall: { id: 'call_2' } }] } })
  t.match(results[0]?.result, 'Tuesday the first of December', 'asked for nothing in particular')
})

t.test('the legacy message is understood inside the message and at the root, and answered for both readers', async (t) => {
  for (const atRoot of [false, true]) {
    for (const stringArguments of [false, true]) {
      const body = functionCall('get_availability', { date: '2026-12-03' }, { ...from(), atRoot, stringArguments })
      const { status, json, results } = await post(body)
      t.equal(status, 200)
      t.match(json.result, LATER)
      t.equal(results[0]?.result, json.result, 'the same in both places')
      t.equal(results[0]?.toolCallId, null)
    }
  }
  const bare = await post({ assistantId: owner.assistantId, functionCall: { id: 'f1', name: 'get_availability', parameters: null } })
  t.match(bare.results, [{ toolCallId: 'f1', result: /Tuesday/ }], 'no message around it, but an id')
  const failed = await post(functionCall('book_appointment', {}, from()))
  t.equal(failed.json.result, 'Which day and what time would you like?', 'for this message a failure is a result, too')
  t.equal(failed.json.error, undefined)
})

t.test('no arguments are no wish; arguments that cannot be read are asked for again', async (t) => {
  const withArguments = (values: object) =>
    post({ message: { ...common('tool-calls', from()), toolCallList: [{ id: 'c', function: { name: 'get_availability', ...values } }] } })
  for (const nothing of [{ arguments: '' }, { arguments: null }, {}, { arguments: {} }, { arguments: '{}' }]) {
    const { results } = await withArguments(nothing)
    t.match(results[0]?.result, 'Tuesday the first of December', JSON.stringify(nothing))
  }
  for (const broken of ['{"date":', '[]', '"tomorrow"', '12', 'null', ['2026-12-03'], 7, true]) {
    const { status, results } = await withArguments({ arguments: broken })
    t.equal(status, 200)
    t.match(results[0]?.error, 'I did not get the details', JSON.stringify(broken))
    soundEntries(t, results)
  }
})

t.test('null anywhere and fields that nobody knows make no message unreadable', async (t) => {
  const nulls = { call: null, assistant: null, phoneNumber: null, customer: null, artifact: null, timestamp: null, chat: null }
  const body = toolCalls([asked], { ...from(), extra: { ...nulls, assistantId: owner.assistantId, somethingNew: { a: [1, null] } } })
  await understood(t, { ...body, more: null, functionCall: null })
  const odd = {
    call: { id: 5, assistantId: owner.assistantId, customer: 'x', status: {} },
    assistant: 'y',
    customer: { number: 15550100001 },
  }
  await understood(t, toolCalls([asked], { extra: odd }))
  const call = {
    id: 'call_Ab12',
    type: null,
    function: { name: 'get_availability', arguments: { date: '2026-12-03', duration: null } },
    z: 1,
  }
  await understood(t, { message: { ...common('tool-calls', from()), toolCallList: [call] } })
})

t.test('a character zero anywhere leaves no caller in silence', async (t) => {
  const call = { id: 'x\0', name: 'book_appointment', arguments: { start_time: '2026-12-03T09:00', name: 'A\0na\ud800' } }
  const { status, results } = await say(test, toolCalls([call], { assistantId: 'no\0body' }))
  t.equal(status, 200)
  t.match(results, [{ toolCallId: 'x\0', result: /not set up/ }])
  const booked = await post(toolCalls([call], { ...from(), callId: 'c\0', customerNumber: '\0' }))
  t.match(booked.results, [{ toolCallId: 'x\0', result: /^You are booked/ }])
})

t.test('several calls in one message are answered one by one, in their order, by their exact ids', async (t) => {
  const calls = [
    { id: ' toolu_01 ', name: 'get_availability', arguments: { date: '2026-12-03' } },
    { id: 'x', name: 'unheard_of' },
    { id: 'ÄÖ-🎉/"', name: 'get_next_available' },
  ]
  const { results } = await post(toolCalls(calls, from()))
  t.same(
    results.map((entry) => [entry.toolCallId, entry.name]),
    calls.map((call) => [call.id, call.name]),
  )
  t.match(results[0]?.result, LATER)
  t.match(results[1]?.error, 'I cannot do that on this line')
  t.match(results[2]?.result, 'Tuesday')
  soundEntries(t, results)
})

t.test('one id in several lists is one call, with what the first list says', async (t) => {
  const other = { id: 'call_Ab12', function: { name: 'get_availability', arguments: { date: '2026-12-04' } } }
  const body = toolCalls([asked], { ...from(), layout: 'A' })
  await understood(t, { message: { ...body.message, toolCalls: [other], toolWithToolCallList: [{ toolCall: other }] } })
})

t.test('both addresses of the webhook answer alike, and the older one gives the legacy reader its result', async (t) => {
  for (const path of ['/vapi/webhook', '/vapi/function-call']) {
    const { json, results } = await post(functionCall('get_availability', { date: '2026-12-03' }, from()), path)
    t.match(json.result, LATER)
    t.equal(results.length, 1)
  }
})

t.test("the frontend's test page, which sends no credentials and no assistant, gets a sentence", async (t) => {
  const body =
    '{ "message": { "toolCalls": [ { "id": "get_availability_1761000000000",\n  "function": { "name": "get_availability", "arguments": { "user_id": "someone@example.com", "days_ahead": 3 } } } ] } }'
  const { status, json, results } = await say(test, body)
  t.equal(status, 200)
  t.equal(results[0]?.toolCallId, 'get_availability_1761000000000')
  t.type(results[0]?.result, 'string')
  t.ok((results[0]?.result ?? '').length >= 10)
  t.same(Object.keys(json), ['results'])
  soundEntries(t, results)
})

t.test('an assistant that nobody has linked hears a refusal with 200 for every call', async (t) => {
  const calls = [asked, { id: 'b', name: 'book_appointment', arguments: { start_time: '2026-12-03T10:00' } }]
  const { status, results } = await say(test, toolCalls(calls, { assistantId: 'nobody-has-me' }))
  t.equal(status, 200)
  t.same(
    results.map((entry) => entry.toolCallId),
    ['call_Ab12', 'b'],
  )
  for (const entry of results) t.match(entry.result, 'not set up for appointments')
  soundEntries(t, results)
})

t.test('messages that only inform are acknowledged with an empty object', async (t) => {
  const types = ['end-of-call-report', 'conversation-update', 'transcript', 'transcript[transcriptType="final"]', 'hang', 'speech-update']
  for (const type of [...types, 'assistant.started', 'call.deleted', 'a-type-of-tomorrow', 'toString', '__proto__']) {
    const { status, json } = await post({ message: common(type, from()) })
    t.equal(status, 200, type)
    t.same(json, {}, type)
  }
  const { reply } = await post(statusUpdate('in-progress', from()))
  t.equal(reply.body, '{}')
})

t.test('where Vapi waits for a destination or an assistant, the caller hears a refusal', async (t) => {
  const requests = [
    assistantRequest(),
    { message: common('transfer-destination-request', from()) },
    { message: common('handoff-destination-request', from()) },
  ]
  for (const body of requests) {
    const { status, json } = await post(body)
    t.equal(status, 200)
    t.same(Object.keys(json), ['error'])
    soundEntries(t, [{ toolCallId: null, error: json.error }])
  }
  t.match(await post({ message: common('campaign.predial', from()) }), { status: 200, json: { eligible: false } })
})

t.test('what is no message of Vapi is refused as malformed', async (t) => {
  const bodies = [
    '{"message":',
    'hello',
    '',
    '[]',
    '[{"message":{"type":"hang"}}]',
    '{}',
    '"x"',
    '7',
    'null',
    '{"message":{}}',
    '{"message":[]}',
  ]
  for (const body of [...bodies, '{"message":{"type":""}}', '{"message":{"type":null,"call":{}}}']) {
    const { status, json } = await post(body)
    t.equal(status, 400, body)
    t.match(json, { status: 'error', code: 'invalid_request', message: String, detail: json.message, error: json.message })
  }
})

t.test('an unknown name and a nameless call are answered in words', async (t) => {
  const base = common('tool-calls', from())
  for (const call of [{ id: 'a', function: { name: 'constructor' } }, { id: 'a' }, { id: 'a', function: null, name: 12 }]) {
    const { results } = await post({ message: { ...base, toolCallList: [call] } })
    t.match(words(results[0]), 'I cannot do that on this line')
    t.equal(results[0]?.toolCallId, 'a')
  }
})

t.test('the name of a caller counts where it stands beside a customer who has a number alone', async (t) => {
  const call = { name: 'book_appointment', arguments: { start_time: '2026-12-04T09:00' } }
  const customer = { number: '+12125550123' }
  const extra = { customer, call: { id: 'named', assistantId: owner.assistantId, customer: { ...customer, name: 'Ana Ruiz' } } }
  t.match((await post(toolCalls([call], { extra }))).results[0]?.result, /^You are booked/)
  const [event] = test.world.google.events(owner.calendarEmail).filter((one) => one.startsAt.toISOString() === '2026-12-04T15:00:00.000Z')
  t.match(event?.subject, 'Ana Ruiz')
})
