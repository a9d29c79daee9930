import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'
import { say, words } from '../setup/voice.ts'
import { toolCalls } from '../world/vapi/messages.ts'

// Contract, section 4.10: GET /vapi/agents is GET /agents, POST /vapi/agents also makes the assistant at Vapi.
const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })
const { vapi } = test.world
const front = await frontend(t, test)

const Agent = z.strictObject({
  agent_id: z.int().positive(),
  user_id: z.string().min(1),
  vapi_assistant_id: z.string().nullable(),
  agent_name: z.string(),
  is_active: z.boolean(),
  config: z.record(z.string(), z.unknown()).nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})
const config = {
  model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'You arrange viewings.' }] },
  voice: { provider: 'playht', voiceId: 'jennifer' },
  firstMessage: 'Hello!',
  serverUrl: 'https://elsewhere.example/hook',
  syncStatus: 'synced',
}

t.test('a new agent comes with an assistant at Vapi, which is linked and calls us with a secret of its own', async (t) => {
  const owner = await test.owner()
  const response = await front.action(owner, '/vapi/agents', { method: 'POST', body: { agent_name: 'Viewing desk', config } })
  t.equal(response.status, 201)
  const agent = Agent.parse(await response.json())
  t.match(agent, { agent_name: 'Viewing desk', is_active: true, config })
  const assistantId = agent.vapi_assistant_id ?? ''
  const made = vapi.things.assistant.get(assistantId)
  const { model, voice, firstMessage } = config
  t.match(made, { name: 'Viewing desk', model, voice, firstMessage })
  t.match(made?.server, { url: `${test.deps.config.baseUrl}/vapi/webhook`, timeoutSeconds: 20 })
  t.same(made?.serverMessages, ['tool-calls', 'status-update', 'transcript[transcriptType="final"]', 'end-of-call-report', 'hang'])
  t.notOk(made && ('serverUrl' in made || 'syncStatus' in made), "the frontend's own keys stay here")

  const Credentials = z.tuple([
    z.object({ provider: z.literal('webhook'), authenticationPlan: z.object({ type: z.literal('bearer'), token: z.string().min(40) }) }),
  ])
  const [{ authenticationPlan }] = Credentials.parse(made?.credentials)
  const call = toolCalls([{ name: 'get_availability' }], { assistantId })
  const served = await say(test, call, { headers: { authorization: `Bearer ${authenticationPlan.token}` } })
  t.match(words(served.results[0]), /^I have/)
  t.equal((await say(test, call)).status, 401, 'and never without it')
  t.equal((await say(test, call, { headers: { 'x-vapi-secret': owner.secret } })).status, 401, "nor with another one's")
  t.notMatch(test.logs.join(''), authenticationPlan.token)
  const rows = await front.action(owner, '/agents')
  t.notMatch(await rows.text(), authenticationPlan.token)
})

t.test('both lists are the same plain array', async (t) => {
  const owner = test.user()
  t.same(await (await front.action(owner, '/vapi/agents')).json(), [])
  await front.action(owner, '/vapi/agents', { method: 'POST', body: { agent_name: 'One' } })
  await front.action(owner, '/agents', { method: 'POST', body: { agent_name: 'Two' } })
  const [one, two] = await Promise.all(['/vapi/agents', '/agents'].map(async (path) => (await front.action(owner, path)).json()))
  t.equal(z.array(Agent).parse(one).length, 2)
  t.same(one, two)
  t.equal((await fetch(`${front.url}/vapi/agents`)).status, 401)
  t.equal((await fetch(`${front.url}/vapi/agents`, { method: 'POST' })).status, 401)
})

t.test('an assistant that is named is linked as POST /agents does, and none is made', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const before = vapi.things.assistant.size
  const body = { agent_name: 'Imported', vapi_assistant_id: crypto.randomUUID() }
  const first = await front.action(owner, '/vapi/agents', { method: 'POST', body })
  const again = await front.action(owner, '/vapi/agents', { method: 'POST', body })
  t.same([first.status, again.status], [201, 200])
  t.same(await again.json(), await first.json())
  t.equal((await front.action(other, '/vapi/agents', { method: 'POST', body })).status, 409)
  t.equal(vapi.things.assistant.size, before)
})

t.test('its owner sees the assistant in the import list, nobody else does', async (t) => {
  const owner = test.user()
  const response = await front.action(owner, '/vapi/agents', { method: 'POST', body: { agent_name: 'Mine', config } })
  const { vapi_assistant_id: id } = Agent.parse(await response.json())
  t.match(await (await front.action(owner, '/vapi/assistants')).text(), id ?? '')
  t.notMatch(await (await front.action(test.user(), '/vapi/assistants')).text(), id ?? '')
})

t.test('deleting the agent deletes the assistant that was made with it, and never one that was linked', async (t) => {
  const owner = test.user()
  const made = Agent.parse(
    await (await front.action(owner, '/vapi/agents', { method: 'POST', body: { agent_name: 'Made', config } })).json(),
  )
  const { id } = vapi.add('assistant', { name: 'Her own' })
  const body = { agent_name: 'Linked', vapi_assistant_id: id }
  const linked = Agent.parse(await (await front.action(owner, '/vapi/agents', { method: 'POST', body })).json())
  for (const { agent_id } of [made, linked]) {
    const response = await front.action(owner, `/agents/${agent_id}`, { method: 'DELETE' })
    t.same(await response.json(), { success: true, message: 'The agent is deleted.' })
  }
  t.notOk(vapi.things.assistant.has(made.vapi_assistant_id ?? ''))
  t.ok(vapi.things.assistant.has(id))
})

t.test('an assistant whose agent is gone is nobody’s to import, while Vapi still has it', async (t) => {
  const owner = test.user()
  const response = await front.action(owner, '/vapi/agents', { method: 'POST', body: { agent_name: 'Made', config } })
  const { agent_id, vapi_assistant_id: id } = Agent.parse(await response.json())
  vapi.faults.add({ kind: 'status', status: 500, method: 'DELETE', times: 2 })
  const deleted = await front.action(owner, `/agents/${agent_id}`, { method: 'DELETE' })
  t.match(await deleted.json(), { success: true, message: /follows as soon as Vapi can be reached/ })
  t.ok(vapi.things.assistant.has(id ?? ''))
  for (const who of [owner, test.user()]) t.notMatch(await (await front.action(who, '/vapi/assistants')).text(), id ?? '')
})

t.test('what does not fit is 400, and Vapi is not asked', async (t) => {
  const owner = test.user()
  const asked = vapi.ledger.length
  for (const body of [{}, { agent_name: '' }, { agent_name: 'x', config: [] }]) {
    const response = await front.action(owner, '/vapi/agents', { method: 'POST', body })
    t.equal(response.status, 400)
    t.match(await response.json(), { status: 'error', code: 'invalid_request' })
  }
  t.equal(vapi.ledger.length, asked)
})
