import { isDeepStrictEqual } from 'node:util'
import { sql } from 'kysely'
import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, NOW, testApp } from '../setup/app.ts'
import { type CallOnRecord, callsOf, spokenIn } from '../setup/calls.ts'
import { allRows } from '../setup/rows.ts'
import { say, soundEntries } from '../setup/voice.ts'
import { common, endOfCallReport, statusUpdate, toolCalls, transcript, type VapiBody } from '../world/vapi/messages.ts'

const INSTALLATION = 'the-installation-has-this-one'
const test = await testApp(t, { VAPI_WEBHOOK_SECRET: INSTALLATION, VAPI_UNSIGNED: 'restricted', LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const owner = await test.owner()
const START = NOW.getTime()
const moment = (seconds: number) => new Date(START + seconds * 1000)

let count = 0
const newCall = () => {
  count += 1
  return `call-${count}`
}
/** Of a call of the owner's, so many seconds after its begin. */
const from = (callId: string, seconds = 0) => ({ assistantId: owner.assistantId, callId, extra: { timestamp: START + seconds * 1000 } })
const post = (body: object, who: ConnectedOwner = owner) => say(test, body, { headers: { 'x-vapi-secret': who.secret } })
const found = async (callId: string): Promise<CallOnRecord | undefined> =>
  (await callsOf(test, owner)).find(({ vapiCallId }) => vapiCallId === callId)
const metric = async (line: RegExp): Promise<string | undefined> => line.exec(await test.deps.metrics.registry.metrics())?.[1]

t.test('every type of message is answered as Vapi expects, and its call is on record', async (t) => {
  const acknowledged: [type: string, fields: object, status: string][] = [
    ['status-update', { status: 'scheduled' }, 'scheduled'],
    ['status-update', { status: 'queued' }, 'queued'],
    ['status-update', { status: 'ringing' }, 'ringing'],
    ['status-update', { status: 'in-progress' }, 'in-progress'],
    ['status-update', { status: 'forwarding', destination: { type: 'number', number: '+15550100055' } }, 'forwarding'],
    ['status-update', { status: 'ended', endedReason: 'customer-ended-call', inboundPhoneCallDebuggingArtifacts: {} }, 'ended'],
    ['end-of-call-report', { endedReason: 'customer-ended-call', artifact: {}, analysis: {} }, 'ended'],
    ['conversation-update', { messages: [], messagesOpenAIFormatted: [{ role: 'user', content: 'Hello' }] }, 'in-progress'],
    ['transcript', { role: 'user', transcriptType: 'final', transcript: 'Hello' }, 'in-progress'],
    ['transcript', { role: 'user', transcriptType: 'partial', transcript: 'Hel' }, 'in-progress'],
    ['transcript[transcriptType="final"]', { role: 'assistant', transcriptType: 'final', transcript: 'Hello' }, 'in-progress'],
    ['speech-update', { status: 'started', role: 'assistant', turn: 0 }, 'in-progress'],
    ['hang', {}, 'in-progress'],
    ['user-interrupted', { turnId: 't1' }, 'in-progress'],
    ['model-output', { output: 'Hel', turnId: 't1' }, 'in-progress'],
    ['voice-input', { input: 'Hello' }, 'in-progress'],
    ['assistant.started', { newAssistant: { name: 'Desk' } }, 'in-progress'],
    ['assistant.speechStarted', { text: 'Hello', source: 'model' }, 'in-progress'],
    ['language-change-detected', { language: 'es' }, 'in-progress'],
    ['language-changed', {}, 'in-progress'],
    ['transfer-update', { toAssistant: { name: 'Sales' } }, 'in-progress'],
    ['phone-call-control', { request: 'hang-up' }, 'queued'],
    ['call.deleted', {}, 'queued'],
    ['call.delete.failed', {}, 'queued'],
    ['call.artifact.upload', { artifacts: [{ type: 'recording', success: true }] }, 'queued'],
    ['a-type-of-tomorrow', { status: 'whatever', anything: [1, null] }, 'queued'],
  ]
  const asked: [type: string, fields: object, answer: object][] = [
    ['transfer-destination-request', {}, { error: String }],
    ['handoff-destination-request', { parameters: { to: 'sales' } }, { error: String }],
    ['knowledge-base-request', { messages: [], messagesOpenAIFormatted: [] }, { documents: [] }],
    ['campaign.predial', { campaignId: 'c', contact: { number: '+15550100001' } }, { eligible: false }],
    ['call.endpointing.request', { messagesOpenAIFormatted: [] }, { timeoutSeconds: 0.5 }],
  ]
  for (const [type, fields, status] of acknowledged) {
    const callId = newCall()
    const call = { id: callId, type: 'inboundPhoneCall', assistantId: owner.assistantId }
    const { reply } = await post({ message: { ...common(type, from(callId)), call, ...fields } })
    t.same([reply.statusCode, reply.body], [200, '{}'], type)
    t.has(await found(callId), { status, direction: 'inbound', customerNumber: '+15550100001', dialledNumber: '+15550100099' }, type)
  }
  for (const [type, fields, answer] of asked) {
    const callId = newCall()
    const { status, json } = await post({ message: { ...common(type, from(callId)), ...fields } })
    t.equal(status, 200, type)
    t.match(json, answer, type)
    t.same(Object.keys(json), Object.keys(answer), type)
    t.ok(await found(callId), type)
  }
  const callId = newCall()
  soundEntries(t, (await post(toolCalls([{ name: 'get_next_available' }], from(callId)))).results)
  t.has(await found(callId), { status: 'in-progress', assistantId: owner.assistantId }, 'a function call tells of its call, too')
})

t.test('chats and sessions, and whatever belongs to no call, are acknowledged and leave nothing', async (t) => {
  const before = (await callsOf(test, owner)).length
  const types = ['chat.created', 'chat.deleted', 'session.created', 'session.updated', 'session.deleted', 'end-of-call-report', 'hang']
  for (const type of types)
    for (const call of [undefined, null, {}, { id: '' }, { id: null }, { id: 5 }, { id: 'x'.repeat(1000) }, { id: 'a\0b' }]) {
      const chat = { id: 'chat', assistantId: owner.assistantId, sessionId: 's' }
      const message = { ...common(type, from('none')), call, chat, session: { id: 's', customer: { number: '+15550100001' } } }
      const { reply } = await post({ message })
      t.same([reply.statusCode, reply.body], [200, '{}'], type)
    }
  t.equal((await callsOf(test, owner)).length, before)
  t.match(test.logs.join(''), 'does not say on which', 'a report that names no call is in the log')
})

const TURNS = [
  { role: 'system', message: 'You are kind.', time: START, secondsFromStart: 0 },
  { role: 'bot', message: 'Hello, how can I help?', time: START + 1000, endTime: START + 2000, secondsFromStart: 1, duration: 1000 },
  { role: 'tool_calls', toolCalls: [{ id: 'x', function: { name: 'f', arguments: '{}' } }], message: '', time: START, secondsFromStart: 2 },
  { role: 'tool_call_result', toolCallId: 'x', name: 'f', result: 'No result returned.', time: START, secondsFromStart: 3 },
  { role: 'user', message: 'A viewing,\nplease.', time: START + 4000, endTime: START + 5000, secondsFromStart: 4 },
]
const FORMATTED = [
  { role: 'system', content: 'You are kind.' },
  { role: 'assistant', content: 'Hello, how can I help?', tool_calls: null },
  { role: 'tool', content: '{}' },
  { role: 'user', content: 'A viewing, please.' },
]
const TEXT = 'AI: Hello, how can I help?\nUser: A viewing,\nplease.\n'
const SPOKEN = ['assistant: Hello, how can I help?', 'user: A viewing, please.']
const DATA = { intent: 'Inquiry', sentiment: 'Neutral' }
const TIMES = { startedAt: moment(0).toISOString(), endedAt: moment(60).toISOString() }
const COSTS = [{ type: 'vapi', subType: 'normal', minutes: 1, cost: 0.21 }]

t.test('a report is understood in every layout, the newer ones and the older', async (t) => {
  const analysis = { summary: 'Wants a viewing.', structuredData: DATA, successEvaluation: 'true' }
  const newer = { ...TIMES, endedReason: 'customer-ended-call', cost: 0.21, costs: COSTS, analysis }
  const { startedAt, endedAt } = TIMES
  const layouts: Record<string, object> = {
    newest: {
      ...newer,
      artifact: { messages: TURNS, messagesOpenAIFormatted: FORMATTED, transcript: TEXT, recordingUrl: 'https://x.example/r' },
    },
    'turns as one text': {
      ...newer,
      artifact: { messages: [], transcript: TEXT, recording: { mono: { combinedUrl: 'https://x.example' } } },
    },
    'turns as for a model': {
      ...newer,
      artifact: { messages: null, messagesOpenAIFormatted: FORMATTED, presignedMonoUrl: 'https://x.example' },
    },
    'structured outputs': {
      ...newer,
      analysis: { structuredData: null, successEvaluation: null },
      artifact: {
        messages: TURNS,
        stereoRecordingUrl: 'https://x.example/s',
        structuredOutputs: {
          o1: { name: 'Call Summary', result: 'Wants a viewing.' },
          o2: { name: 'intent', result: 'Inquiry' },
          o3: { name: 'Customer Sentiment', result: 'Neutral' },
          o4: { name: 'success_evaluation', result: true },
        },
      },
    },
    'older, with copies beside': {
      endedReason: 'customer-ended-call',
      ...TIMES,
      timestamp: moment(70).toISOString(),
      transcript: TEXT,
      summary: 'Wants a viewing.',
      messages: TURNS,
      recordingUrl: 'https://x.example/r',
      analysis: { structuredData: DATA, successEvaluation: true },
      artifact: null,
      costs: null,
      costBreakdown: { transport: 0, stt: 0.01, llm: 0.02, tts: 0.03, vapi: 0.15, total: 0.21, llmPromptTokens: 1000 },
    },
    'in the call alone': {
      call: { id: 'x', ...newer, status: 'ringing', messages: TURNS, recordingUrl: 'https://x.example/r' },
      artifact: {},
      analysis: {},
    },
    'its length instead of its end': {
      ...newer,
      startedAt,
      endedAt: null,
      durationSeconds: 60,
      durationMs: 60_000,
      artifact: { messages: TURNS, recordingUrl: 'https://x.example/r' },
    },
    'its length in minutes': { ...newer, endedAt: undefined, durationMinutes: 1, messages: TURNS, recordingUrl: 'https://x.example/r' },
  }
  for (const [layout, fields] of Object.entries(layouts)) {
    const callId = newCall()
    const message: Record<string, unknown> = { ...common('end-of-call-report', from(callId, 70)), ...fields }
    const call = { ...Object(message.call), id: callId, assistantId: owner.assistantId }
    t.equal((await post({ message: { ...message, call } })).status, 200)
    const row = await found(callId)
    t.has(row, { status: 'ended', summary: 'Wants a viewing.', intent: 'inquiry', sentiment: 'neutral', success: 'true' }, layout)
    t.has(
      row,
      { startedAt: new Date(startedAt), endedAt: new Date(endedAt), durationSeconds: 60, cost: '0.210000', hasRecording: true },
      layout,
    )
    t.has(row, { endedReason: 'customer-ended-call', reportedAt: NOW, reportMadeAt: moment(70) }, layout)
    t.same(spokenIn(row), SPOKEN, layout)
  }
})

t.test('a report with nothing in it, and with the oddest things, closes its call all the same', async (t) => {
  const odd = {
    startedAt: 'yesterday',
    endedAt: 1e20,
    cost: 'much',
    costs: [null, { type: 5 }, { type: 'new', cost: 1 }],
    summary: { a: 1 },
  }
  const data = { 'na\0me': 'x\0y\ud800', deep: [[[[[[[['x']]]]]]]] }
  const reports = [
    {},
    { artifact: null, analysis: null, cost: null, costs: null, startedAt: null, endedAt: null, endedReason: null },
    { ...odd, artifact: { messages: [null, 5, { role: 'user' }, { role: 5, message: 'x' }], transcript: 7 }, analysis: 'good' },
    { analysis: { summary: 'a\0b\ud800', structuredData: data, successEvaluation: {} }, endedReason: 'new-\u202ereason', cost: 1e300 },
    { analysis: { structuredData: ['a', 'b'] } },
    { analysis: { structuredData: { long: 'x'.repeat(100_000) }, structuredDataMulti: [{ sentiment: 'positive' }] } },
  ]
  for (const report of reports) {
    const callId = newCall()
    const { status } = await post({ message: { ...common('end-of-call-report', from(callId)), ...report } })
    t.equal(status, 200, JSON.stringify(report).slice(0, 80))
    t.has(await found(callId), { status: 'ended', reportedAt: NOW })
  }
})

t.test('what nobody may have is neither stored nor logged', async (t) => {
  const SENTINEL = 'sentinel-7f3a'
  const callId = newCall()
  const secrets = {
    call: {
      id: callId,
      assistantId: owner.assistantId,
      monitor: { listenUrl: `wss://x/${SENTINEL}`, controlUrl: `https://x/${SENTINEL}` },
      transport: { callToken: SENTINEL },
      assistant: { server: { secret: SENTINEL } },
      assistantOverrides: { variableValues: { key: SENTINEL } },
    },
    assistant: {
      id: owner.assistantId,
      server: { secret: SENTINEL, headers: { a: SENTINEL } },
      model: { messages: [{ content: SENTINEL }] },
    },
    phoneNumber: { id: 'pn', number: '+15550100099', twilioAuthToken: SENTINEL },
    toolWithToolCallList: [],
    recordingUrl: `https://x/${SENTINEL}`,
    stereoRecordingUrl: `https://x/${SENTINEL}`,
    costs: [{ type: 'model', cost: 1, model: { provider: 'x', headers: SENTINEL }, voice: { key: SENTINEL } }],
    artifact: {
      messages: [{ role: 'system', message: SENTINEL }, { role: 'tool_call_result', result: SENTINEL }, ...TURNS],
      presignedMonoUrl: `https://x/${SENTINEL}`,
      recording: { stereoUrl: `https://x/${SENTINEL}` },
      logUrl: `https://x/${SENTINEL}`,
      variableValues: { key: SENTINEL },
    },
  }
  const types = ['status-update', 'transcript', 'conversation-update', 'hang', 'end-of-call-report', 'transfer-update', 'unheard-of']
  for (const type of types)
    await post({ message: { ...common(type, from(callId)), status: 'in-progress', role: 'user', transcript: 'Hello', ...secrets } })
  await post({
    message: { ...toolCalls([{ name: 'get_next_available' }], from(callId)).message, ...secrets, toolCallList: [{ id: 'a', name: 'x' }] },
  })
  t.same(spokenIn(await found(callId)), SPOKEN)
  const rows = await allRows(test.database.ownerUrl)
  t.ok(rows.some(({ table }) => table === 'calls'))
  t.notMatch(JSON.stringify(rows), SENTINEL)
  t.notMatch(test.logs.join(''), SENTINEL)
})

t.test('a whole call, shuffled and doubled, ends in the same record', async (t) => {
  const message = { name: 'Ana', message: 'Please call me back', phone: '+12125550123' }
  const story = (callId: string): VapiBody[] => [
    statusUpdate('ringing', from(callId, 0)),
    statusUpdate('in-progress', from(callId, 1)),
    transcript('assistant', 'Hello, how can I help?', from(callId, 2)),
    transcript('user', 'A viewing please', from(callId, 5)),
    { message: common('hang', from(callId, 6)) },
    toolCalls([{ id: 'tool_1', name: 'take_message', arguments: message }], from(callId, 7)),
    statusUpdate('ended', from(callId, 60)),
    endOfCallReport({ startedAt: moment(1), endedAt: moment(60), structuredData: {}, messages: TURNS }, from(callId, 70)),
  ]
  const comparable = (call: CallOnRecord | undefined) => {
    const { id, vapiCallId, createdAt, updatedAt, turns = [], ...rest } = call ?? {}
    return { ...rest, turns: turns.map(({ role, text, saidAt, sequence }) => ({ role, text, saidAt, sequence })) }
  }
  const records: ReturnType<typeof comparable>[] = []
  const random = seeded(20261129)
  for (let order = 0; order < 6; order += 1) {
    const callId = newCall()
    const messages = story(callId)
    const sent = order === 0 ? messages : [...messages, ...messages].sort(() => random() - 0.5)
    // The last of these orders come all at once.
    if (order < 4) for (const one of sent) t.equal((await post(one)).status, 200)
    else for (const { status } of await Promise.all(sent.map((one) => post(one)))) t.equal(status, 200)
    records.push(comparable(await found(callId)))
  }
  t.has(records[0], { intent: 'message', hangs: 1, status: 'ended', endedReason: 'customer-ended-call', startedAt: moment(1) })
  t.equal(records[0]?.turns.length, 2)
  for (const [order, record] of records.entries()) t.ok(isDeepStrictEqual(record, records[0]), `order ${order}`)
})

t.test('an assistant without a secret is recorded, but nobody is believed to have called', async (t) => {
  const who = await test.owner()
  await inTenant(test.deps.db, who.clerkUserId, (trx) =>
    trx.updateTable('vapiAgents').set({ secretDigest: null, previousSecretDigest: null }).execute(),
  )
  const callId = newCall()
  for (const body of [
    statusUpdate('in-progress', { assistantId: who.assistantId, callId }),
    endOfCallReport({}, { assistantId: who.assistantId, callId }),
  ])
    t.equal((await say(test, body)).status, 200)
  const expected = { vapiCallId: `unproven:${callId}`, isBelieved: false, customerNumber: null, dialledNumber: null, status: 'ended' }
  t.match(await callsOf(test, who), [expected])
  await test.deps.db.updateTable('rateLimits').set({ hits: 1000 }).where('key', 'like', 'call-messages:%').execute()
  const flood = newCall()
  t.equal((await say(test, statusUpdate('in-progress', { assistantId: who.assistantId, callId: flood }))).status, 200)
  t.equal((await callsOf(test, who)).length, 1, 'more than a line can bring is acknowledged, and not stored')
})

t.test('what a stranger reports is counted, and nothing of it is kept', async (t) => {
  const count = async () => Number((await metric(/vapi_messages_total\{type="end-of-call-report",outcome="unknown"[^}]*\} (\d+)/)) ?? 0)
  const before = await count()
  const report = endOfCallReport({ summary: 'stranger-7f3a' }, { assistantId: 'nobody-has-me', callId: newCall() })
  for (const headers of [{}, { 'x-vapi-secret': INSTALLATION }]) {
    const { reply } = await say(test, report, { headers })
    t.same([reply.statusCode, reply.body], [200, '{}'])
  }
  t.equal((await count()) - before, 2)
  t.notMatch(JSON.stringify(await allRows(test.database.ownerUrl)), 'stranger-7f3a')
})

t.test('what is done in a call after its report came counts for what the caller wanted', async (t) => {
  const callId = newCall()
  await post(endOfCallReport({ structuredData: {} }, from(callId)))
  t.has(await found(callId), { intent: null })
  const words = { name: 'Ana', message: 'Please call me back', phone: '+12125550123' }
  await post(toolCalls([{ name: 'take_message', arguments: words }], from(callId)))
  t.has(await found(callId), { intent: 'message' })
})

t.test('a caller hears her answer in time, though the call cannot be put on record', async (t) => {
  test.afresh()
  const release = await lockCalls()
  const { results } = await post(toolCalls([{ name: 'get_next_available' }], from(newCall())))
  t.match(results, [{ result: String }])
  t.notMatch(test.logs.join(''), 'not on record', 'nobody waited until that was known')
  await release()
})

t.test('a report and the end of a call that cannot be stored are refused, so that they come again; all else is acknowledged', async (t) => {
  const callId = newCall()
  const release = await lockCalls()
  const answered = async (body: object) => {
    const startedAt = performance.now()
    const { status } = await post(body)
    t.ok(performance.now() - startedAt < 1500, 'in time')
    return status
  }
  const bodies = [endOfCallReport({}, from(callId)), statusUpdate('ended', from(callId)), statusUpdate('in-progress', from(callId))]
  const others = [transcript('user', 'Hello', from(callId)), { message: common('hang', from(callId)) }]
  const statuses = await Promise.all([...bodies, ...others].map(answered))
  await release()
  t.same(statuses, [503, 503, 200, 200, 200])
  t.equal((await post(endOfCallReport({}, from(callId)))).status, 200, 'and when it comes again')
  t.has(await found(callId), { status: 'ended', reportedAt: NOW })
})

t.test('a call that was lost by our own answer raises an alarm, once', async (t) => {
  const alarms = () => test.logs.filter((line) => line.includes('a call was lost by what we answered')).length
  const lost = async () => Number((await metric(/calls_ended_total\{class="our-answer-bad"[^}]*\} (\d+)/)) ?? 0)
  const before = await lost()
  const callId = newCall()
  const reason = { endedReason: 'assistant-request-failed' }
  for (const body of [
    statusUpdate('ended', { ...from(callId), ...reason }),
    endOfCallReport(reason, from(callId)),
    endOfCallReport(reason, from(callId)),
  ])
    await post(body)
  t.same([alarms(), (await lost()) - before], [1, 1])
  const stranger = statusUpdate('ended', { ...reason, assistantId: null, callId: newCall() })
  await say(test, stranger)
  t.equal(alarms(), 1, 'anybody could say so')
  await say(test, stranger, { headers: { 'x-vapi-secret': INSTALLATION } })
  t.equal(alarms(), 2, 'also where the assistant is unknown, as when we named none')
  await post(endOfCallReport({ endedReason: 'customer-ended-call' }, from(newCall())))
  t.equal(alarms(), 2)
})

/** Nobody can read or write calls until it is released. */
async function lockCalls(): Promise<() => Promise<void>> {
  const locked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const holding = test.deps.db.transaction().execute(async (trx) => {
    await sql`lock table calls in access exclusive mode`.execute(trx)
    locked.resolve()
    await released.promise
  })
  await locked.promise
  return async () => {
    released.resolve()
    await holding
  }
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}
