import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { answerAssistantRequest } from '../../src/vapi/assistant-request.ts'
import { type ConnectedOwner, type Owner, testApp } from '../setup/app.ts'
import { allow } from '../setup/rules.ts'
import { say, speakable, words } from '../setup/voice.ts'
import { assistantRequest, toolCalls } from '../world/vapi/messages.ts'
import { readPublished } from '../world/vapi/published.ts'

const SECRET = 'installation-secret'
const HMAC_SECRET = 'installation-hmac'
const test = await testApp(t, {
  VAPI_WEBHOOK_SECRET: SECRET,
  VAPI_HMAC_SECRET: HMAC_SECRET,
  VAPI_UNSIGNED: 'restricted',
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
})
const published = readPublished('vapi.openapi.json', { strictNames: true })
const NOT_SET_UP = { error: 'Sorry, this line is not set up yet. Please call back later.' }
const proof = { 'x-vapi-secret': SECRET }

async function send(owner: Owner, method: 'GET' | 'PATCH' | 'POST' | 'DELETE', url: string, payload?: object) {
  const reply = await test.app.inject({ method, url, headers: owner.headers(), ...(payload ? { payload } : {}) })
  if (reply.statusCode >= 300) throw new Error(`${url} answered ${reply.statusCode} ${reply.body}`)
  return reply.json()
}

let numbers = 0
/** Gives her business a number of its own. */
async function withNumber(owner: Owner, more: object = {}): Promise<string> {
  numbers += 1
  const phone_number = `+1312555${String(1000 + numbers)}`
  const [{ id }] = (await send(owner, 'GET', '/businesses')).businesses
  await send(owner, 'PATCH', `/businesses/${id}`, { phone_number, ...more })
  return phone_number
}

/** Somebody dials the number. @returns the answer, which is always 200 unless said otherwise */
async function dial(t: Test, phoneNumber: string, headers: Record<string, string> = proof, extra: Record<string, unknown> = {}) {
  const { status, json } = await say(test, assistantRequest({ phoneNumber, callId: crypto.randomUUID(), extra }), { headers })
  t.equal(status, 200)
  if (published.present && !('error' in json)) {
    t.same(published.wrong('/components/schemas/ServerMessageResponseAssistantRequest', json), [], 'as Vapi describes an answer')
    if (json.assistant) t.same(published.wrong('/components/schemas/CreateAssistantDTO', json.assistant), [], 'and an assistant')
  }
  return json
}

/** A user with a connected calendar whose agent is gone. */
async function ownerWithoutAgent(): Promise<ConnectedOwner> {
  const owner = await test.owner()
  const agents = await send(owner, 'GET', '/agents')
  await send(owner, 'DELETE', `/agents/${agents[0].agent_id}`)
  return owner
}

t.test('a call is answered by the agent of the business whose number was dialled, who is told the date there', async (t) => {
  const owner = await test.owner()
  const number = await withNumber(owner, { name: 'Elm Street Viewings', time_zone: 'America/Chicago' })
  t.same(await dial(t, number, proof, { customer: { number: '+13125550001', name: 'Ana Ruiz' } }), {
    assistantId: owner.assistantId,
    assistantOverrides: {
      variableValues: {
        business_name: 'Elm Street Viewings',
        caller_name: 'Ana Ruiz',
        time_zone: 'America/Chicago',
        today: 'Sunday, November 29, 2026',
        tomorrow: 'Monday, November 30, 2026',
        weekday: 'Sunday',
      },
    },
  })
  const own = await dial(t, number, { 'x-vapi-secret': owner.secret })
  t.equal(own.assistantId, owner.assistantId, "the tenant's own secret is as good")
})

t.test('the business names which of several agents answers', async (t) => {
  const owner = await test.owner()
  const older = owner.assistantId
  const newer = crypto.randomUUID()
  const [{ agent_id: olderAgent }] = await send(owner, 'GET', '/agents')
  await send(owner, 'POST', '/agents', { agent_name: 'Second', vapi_assistant_id: newer })
  const number = await withNumber(owner)
  t.equal((await dial(t, number)).assistantId, newer, 'the newest, where none is named')
  const [{ id }] = (await send(owner, 'GET', '/businesses')).businesses
  await send(owner, 'PATCH', `/businesses/${id}`, { agent_id: olderAgent })
  t.equal((await dial(t, number)).assistantId, older)
  await send(owner, 'DELETE', `/agents/${olderAgent}`)
  t.equal((await dial(t, number)).assistantId, newer, 'until that one is deleted')
})

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: without an agent an assistant is made for the call, and its function calls prove themselves`, async (t) => {
    const owner = await test.owner({ vendor })
    const [{ agent_id }] = await send(owner, 'GET', '/agents')
    await send(owner, 'DELETE', `/agents/${agent_id}`)
    const number = await withNumber(owner, { name: 'Elm {{ "now" }} Viewings' })
    const { assistant } = await dial(t, number)
    t.same(assistant.serverMessages, ['tool-calls', 'status-update', 'transcript[transcriptType="final"]', 'end-of-call-report', 'hang'])
    t.equal(assistant.server.url, 'http://localhost:8000/vapi/webhook')
    const [{ content: prompt }] = assistant.model.messages
    t.match(prompt, /^Today is \{\{ "now" \| date: "%A, %B %-d, %Y", "America\/Chicago" \}\}/)
    t.match(prompt, /You answer the phone for Elm "now" Viewings\./, 'a name is no template')
    t.match(prompt, /Monday to Friday from 9 am to 5 pm, closed on Saturday and Sunday/)
    const tools: { function: { name: string } }[] = assistant.model.tools
    t.ok(tools.some((tool) => tool.function.name === 'book_appointment'))

    const { token } = assistant.credentials[0].authenticationPlan
    const ask = (bearer: string) =>
      say(test, toolCalls([{ name: 'get_availability', arguments: { when: 'Tuesday' } }], { assistantId: null, phoneNumber: number }), {
        headers: { authorization: `Bearer ${bearer}` },
      })
    t.match(words((await ask(token)).results[0]), /^I have Tuesday the first of December/)
    t.equal((await ask(`${token}x`)).status, 401)
    t.equal((await dial(t, number)).assistant.credentials[0].authenticationPlan.token, token, 'one secret for every call of the business')
  })
}

t.test('without a calendar that can be used the assistant is given no function that needs one, and says so', async (t) => {
  const owner = test.user()
  const number = await withNumber(owner)
  const names = async () => {
    const { assistant } = await dial(t, number)
    const tools: { function: { name: string } }[] = assistant.model.tools
    return { names: tools.map((tool) => tool.function.name), prompt: assistant.model.messages[0].content }
  }
  const without = await names()
  t.same(without.names, ['take_message', 'check_email'])
  t.match(without.prompt, /The diary cannot be seen right now, so book nothing/)
  const lapsed = await ownerWithoutAgent()
  const other = await withNumber(lapsed)
  t.ok((await dial(t, other)).assistant.model.tools.length > 5)
  await inTenant(test.deps.db, lapsed.clerkUserId, (trx) => trx.updateTable('oauthTokens').set({ state: 'reconnect' }).execute())
  t.equal((await dial(t, other)).assistant.model.tools.length, 2, 'nor where it has to be connected again')
})

t.test('an agent without an assistant lends its voice and greeting to the one that is made', async (t) => {
  const owner = await ownerWithoutAgent()
  const number = await withNumber(owner)
  const config = {
    firstMessage: 'Hi, the desk of Dana.',
    voice: { provider: 'vapi', voiceId: 'Kylie' },
    model: { provider: 'openai' },
    functions: [],
  }
  await send(owner, 'POST', '/agents', { agent_name: 'Front desk', config })
  const { assistant } = await dial(t, number)
  t.match(assistant, { name: 'Front desk', firstMessage: config.firstMessage, voice: config.voice })
  t.ok(assistant.model.tools.length > 5, 'and keeps its functions')
})

t.test('a line that nobody answers says so', async (t) => {
  const owner = await test.owner()
  const number = await withNumber(owner)
  t.same(await dial(t, '+13125559999'), NOT_SET_UP, 'a number that is nobody’s')
  t.same(await dial(t, ''), NOT_SET_UP, 'no number at all')
  const [{ agent_id }] = await send(owner, 'GET', '/agents')
  await send(owner, 'PATCH', `/agents/${agent_id}`, { is_active: false })
  t.same(await dial(t, number), NOT_SET_UP, 'her agents are switched off')
  await send(owner, 'PATCH', `/agents/${agent_id}`, { is_active: true })
  t.equal((await dial(t, number)).assistantId, owner.assistantId)
  await allow(test, owner, { isActive: false })
  t.same(await dial(t, number), NOT_SET_UP, 'the business is switched off')
})

t.test('whoever shows no proof learns nothing', async (t) => {
  const owner = await ownerWithoutAgent()
  const number = await withNumber(owner)
  t.same(await dial(t, number, {}), NOT_SET_UP)
  t.same(await dial(t, '+13125559998', {}), NOT_SET_UP, 'the same for a number that is nobody’s')
  const open = await send(owner, 'POST', '/agents', { agent_name: 'Open', vapi_assistant_id: crypto.randomUUID() })
  const named = { call: { id: 'c1', assistantId: open.vapi_assistant_id } }
  t.same(await dial(t, number, {}, named), NOT_SET_UP, 'nor whoever knows an assistant without a secret')
  await send(owner, 'DELETE', `/agents/${open.agent_id}`)
  const stranger = await test.owner()
  t.same(await dial(t, number, { 'x-vapi-secret': stranger.secret }), NOT_SET_UP, "another tenant's secret opens only her own lines")
  const { status } = await say(test, assistantRequest({ phoneNumber: number }), { headers: { 'x-vapi-secret': 'wrong' } })
  t.equal(status, 401)
  const body = JSON.stringify(assistantRequest({ phoneNumber: number }))
  const timestamp = String(Date.now())
  const signature = createHmac('sha256', HMAC_SECRET).update(`${timestamp}.${body}`).digest('hex')
  const signed = await say(test, body, { headers: { 'x-timestamp': timestamp, 'x-signature': signature } })
  t.ok(signed.json.assistant, 'a signature is a proof')
})

t.test('a dialled number leads a message to its tenant only from whoever has proven to be Vapi', async (t) => {
  const owner = await test.owner()
  const number = await withNumber(owner)
  const ask = async (headers: Record<string, string>, assistantId: string | null = null, phoneNumber = number) =>
    words((await say(test, toolCalls([{ name: 'get_availability' }], { assistantId, phoneNumber }), { headers })).results[0])
  t.match(await ask(proof), /^I have Tuesday/)
  t.match(await ask({}), /^This line is not set up/)
  const stranger = await test.owner()
  const theirs = await send(stranger, 'POST', '/agents', { agent_name: 'Open', vapi_assistant_id: crypto.randomUUID() })
  // A number is claimed without any proof, and may be the stranger's in truth.
  t.match(await ask(proof, theirs.vapi_assistant_id), /^I have Tuesday/, 'a claim on a number silences nobody')
  t.match(await ask({}, theirs.vapi_assistant_id), /^I have Tuesday/)
  t.match(await ask({ 'x-vapi-secret': stranger.secret }, stranger.assistantId), /^I have Tuesday/)
})

t.test('the rules of the business whose number was dialled hold', async (t) => {
  const owner = await test.owner()
  const number = await withNumber(owner)
  numbers += 1
  const second = `+1312555${String(1000 + numbers)}`
  await send(owner, 'POST', '/businesses', {
    name: 'Evening branch',
    phone_number: second,
    opening_hours: { tuesday: [['18:00', '19:00']] },
  })
  const offer = async (phoneNumber: string) => {
    const body = toolCalls([{ name: 'get_availability', arguments: { date: '2026-12-01' } }], {
      assistantId: owner.assistantId,
      phoneNumber,
    })
    return words((await say(test, body, { headers: { 'x-vapi-secret': owner.secret } })).results[0])
  }
  t.match(await offer(number), /at nine/)
  t.match(await offer(second), /at six or six thirty in the evening/)
  t.match(await offer('+13125559997'), /at nine/, 'a number that is not hers leaves those of her first one')
})

t.test('whatever goes wrong, the caller hears a sentence, soon', async (t) => {
  const owner = await test.owner()
  const origin = { assistantIds: [], callId: 'c1', customerNumber: null, customerName: null, dialledNumber: await withNumber(owner) }
  const admission = { kind: 'tenant', clerkUserId: owner.clerkUserId, assistantId: null, proven: true } as const
  const log = { info() {}, warn() {}, error() {} }
  const broken = {
    ...test.deps,
    clock: {
      now: () => {
        throw new Error('a bug')
      },
    },
  }
  const answers = await Promise.all([
    answerAssistantRequest(broken, admission, origin, { log, spentMs: 0 }),
    answerAssistantRequest(test.deps, { kind: 'away' }, origin, { log, spentMs: 0 }),
    answerAssistantRequest(test.deps, admission, origin, { log, spentMs: 5000 }),
  ])
  for (const answer of answers) {
    t.same(answer, { error: 'Sorry, I cannot take your call right now. Please call back in a few minutes.' })
    speakable(t, 'error' in answer ? answer.error : '')
  }
})

t.test('the call is on record from its first message on, and the calls of an assistant that came inline are its own', async (t) => {
  const owner = await ownerWithoutAgent()
  const phoneNumber = await withNumber(owner)
  const { json } = await say(test, assistantRequest({ phoneNumber, callId: 'first-heard' }), { headers: proof })
  const { token } = json.assistant.credentials[0].authenticationPlan
  const body = toolCalls([{ name: 'get_availability' }], { assistantId: null, phoneNumber, callId: 'first-heard' })
  await say(test, body, { headers: { authorization: `Bearer ${token}` } })
  const calls = await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
    trx.selectFrom('calls').select(['vapiCallId', 'dialledNumber', 'assistantId']).execute(),
  )
  t.same(calls, [{ vapiCallId: 'first-heard', dialledNumber: phoneNumber, assistantId: null }])
})
