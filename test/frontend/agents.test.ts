import t, { type Test } from 'tap'
import * as z from 'zod'
import { type Owner, testApp } from '../setup/app.ts'
import { type Frontend, frontend } from '../setup/frontend.ts'

// Contract, section 4.6: what src/actions/agent-actions.ts of the frontend sends, and what its pages read.
const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })
const front = await frontend(t, test)

const SAVED = {
  model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'You arrange viewings.' }] },
  voice: { provider: 'playht', voiceId: 'jennifer' },
  firstMessage: 'Hello!',
  serverUrl: 'https://backend.example/vapi/webhook',
}

/** What every agent must look like, whichever call answers it: these fields and no others. */
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
const row = { id: z.int().positive(), name: z.string(), display_name: z.string(), description: z.string(), sort_order: z.int() }
const times = { created_at: z.iso.datetime(), updated_at: z.iso.datetime() }
const Variable = z.strictObject({
  ...row,
  ...times,
  variable_id: z.string(),
  type: z.string(),
  required: z.boolean(),
  default_value: z.string().nullable(),
  validation_pattern: z.string().nullable(),
  extraction_prompt: z.string().nullable(),
})
const AgentFunction = z.strictObject({
  ...row,
  ...times,
  function_id: z.string(),
  enabled: z.boolean(),
  webhook_url: z.string().nullable(),
  method: z.string().nullable(),
})
const Problem = z.strictObject({
  status: z.literal('error'),
  code: z.string(),
  message: z.string().min(10),
  detail: z.string(),
  error: z.string(),
})

async function create(owner: Owner, body: object = { agent_name: 'Viewing desk', is_active: true }) {
  const response = await front.action(owner, '/agents', { method: 'POST', body })
  return { status: response.status, agent: Agent.parse(await response.json()) }
}

async function agentIn(response: Response) {
  return Agent.parse(await response.json())
}

async function problem(t: Test, response: Response, status: number, code: string, why = 'as the contract says'): Promise<void> {
  t.equal(response.status, status, why)
  const { message, ...rest } = Problem.parse(await response.json())
  t.same(rest, { status: 'error', code, detail: message, error: message })
}

t.test('the list is a plain array, of her own agents alone', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const empty = await front.action(owner, '/agents')
  t.equal(empty.status, 200)
  t.same(await empty.json(), [])
  const first = await create(owner)
  const second = await create(owner, { agent_name: 'Second', is_active: false })
  await create(other, { agent_name: 'Not hers' })
  const list = z.array(Agent).parse(await (await front.action(owner, '/agents')).json())
  t.same(list, [second.agent, first.agent])
  const me = z.looseObject({ user_id: z.string() }).parse(await (await front.action(owner, '/users/me')).json())
  t.same(
    list.map((agent) => agent.user_id),
    [me.user_id, me.user_id],
    'the id that the profile shows',
  )
  t.equal((await fetch(`${front.url}/agents`)).status, 401)
})

t.test('an agent is created, imported, opened, saved, deployed and deleted as the pages do it', async (t) => {
  const owner = test.user()
  const made = await create(owner)
  t.equal(made.status, 201)
  t.match(made.agent, { agent_name: 'Viewing desk', is_active: true, vapi_assistant_id: null, config: null })

  const assistantId = crypto.randomUUID()
  const imported = await create(owner, { agent_name: 'Imported', vapi_assistant_id: assistantId, is_active: true })
  t.match(imported, { status: 201, agent: { vapi_assistant_id: assistantId } })
  const again = await create(owner, { agent_name: 'Imported', vapi_assistant_id: assistantId, is_active: true })
  t.equal(again.status, 200)
  t.same(again.agent, imported.agent, 'imported twice is the agent that is there')

  const path = `/agents/${made.agent.agent_id}`
  const opened = await front.action(owner, path)
  t.equal(opened.status, 200)
  t.same(await opened.json(), made.agent)

  const saved = await front.action(owner, path, { method: 'PATCH', body: { agent_name: 'Desk', config: SAVED } })
  t.equal(saved.status, 200)
  const agent = await agentIn(saved)
  t.equal(agent.agent_name, 'Desk')
  t.equal(JSON.stringify(agent.config), JSON.stringify(SAVED), 'unchanged, to the order of its keys')

  const deployedId = crypto.randomUUID()
  const deployed = await front.action(owner, path, { method: 'PATCH', body: { vapi_assistant_id: deployedId } })
  t.equal(deployed.status, 200)
  t.match(await deployed.json(), { agent_name: 'Desk', vapi_assistant_id: deployedId, config: SAVED, is_active: true })

  const deleted = await front.action(owner, path, { method: 'DELETE' })
  t.equal(deleted.status, 200)
  t.match(await deleted.json(), { success: true, message: /deleted/ })
  await problem(t, await front.action(owner, path), 404, 'not_found')
  await problem(t, await front.action(owner, path, { method: 'DELETE' }), 404, 'not_found')
})

t.test('an agent created with config has it', async (t) => {
  const { agent, status } = await create(test.user(), { agent_name: 'Desk', config: { ...SAVED, model: { ...SAVED.model, messages: [] } } })
  t.equal(status, 201)
  t.match(agent.config, { model: { messages: [] } })
  t.equal(agent.is_active, true, 'active unless she says otherwise')
})

t.test('what a save does not know survives it, and what it sends replaces what was there', async (t) => {
  const owner = test.user()
  const more = {
    functions: [{ name: 'f' }],
    variables: [],
    serverUrlSecret: 's',
    lastSyncedAt: '2026-01-01',
    syncStatus: 'ok',
    syncError: null,
  }
  const { agent } = await create(owner, { agent_name: 'Desk', config: { ...more, model: { provider: 'x', model: 'y', temperature: 0.3 } } })
  const path = `/agents/${agent.agent_id}`
  const save = async (body: object) => agentIn(await front.action(owner, path, { method: 'PATCH', body }))
  const saved = await save({ agent_name: 'Desk', config: SAVED })
  t.same(saved.config, { ...more, ...SAVED }, 'model is replaced whole: no temperature')
  const cleared = await save({ config: { syncStatus: null } })
  t.same(cleared.config, { ...more, ...SAVED, syncStatus: null })
  t.equal((await save({ config: null })).config, null)
  t.same(await save({}), await agentIn(await front.action(owner, path)), 'a save of nothing')
})

t.test('what is no id, nobody’s or somebody else’s is the same 404, whatever is asked of it', async (t) => {
  const [owner, stranger] = [test.user(), test.user()]
  const { agent } = await create(stranger)
  const hers = await create(owner)
  const variable = { variable_id: 'var_1', name: 'x', display_name: 'x', type: 'string', description: '', required: true }
  const fn = { function_id: 'func_1', name: 'x', display_name: 'x', description: '', enabled: true }
  const calls: [string, Parameters<Frontend['action']>[2]][] = [
    ['', {}],
    ['', { method: 'PATCH', body: { agent_name: 'Mine now' } }],
    ['', { method: 'PATCH', body: { vapi_assistant_id: 'x' } }],
    ['', { method: 'DELETE' }],
    ['/variables', {}],
    ['/variables', { method: 'POST', body: variable }],
    ['/functions', {}],
    ['/functions', { method: 'POST', body: fn }],
    ['/secret', { method: 'POST' }],
  ]
  const bodies = new Set<string>()
  const own = String(hers.agent.agent_id)
  const ids = [String(agent.agent_id), '999999', '0', '-1', '1.0', `0${own}`, `${own}.0`, `+${own}`, `%20${own}`, `${own}e0`, 'new', 'null']
  const odd = ['undefined', 'NaN', '2147483648', '99999999999999999999', '9'.repeat(2000), '%F0%9F%98%80', '%00', "1'--", '0x1', '१']
  for (const id of [...ids, ...odd]) {
    for (const [end, call] of calls) {
      const response = await front.action(owner, `/agents/${id}${end}`, call)
      t.equal(response.status, 404, `${call?.method ?? 'GET'} /agents/${id.slice(0, 30)}${end}`)
      bodies.add(await response.text())
    }
  }
  t.equal(bodies.size, 1, 'one and the same body')
  t.same(await (await front.action(stranger, `/agents/${agent.agent_id}`)).json(), agent, 'and nothing happened to it')
  t.same(await (await front.action(owner, `/agents/${own}`)).json(), hers.agent)
})

t.test('an assistant that somebody else has linked is 409, on creating and on changing, and of two at once one gets it', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const assistantId = crypto.randomUUID()
  await create(owner, { agent_name: 'Desk', vapi_assistant_id: assistantId })
  const free = await create(other)
  const path = `/agents/${free.agent.agent_id}`
  const claims = { agent_name: 'Mine', vapi_assistant_id: assistantId }
  await problem(t, await front.action(other, '/agents', { method: 'POST', body: claims }), 409, 'assistant_taken')
  await problem(t, await front.action(other, path, { method: 'PATCH', body: claims }), 409, 'assistant_taken')
  t.same(await (await front.action(other, path)).json(), free.agent, 'and nothing of it was saved')

  const second = await create(owner)
  const ownOther = await front.action(owner, `/agents/${second.agent.agent_id}`, { method: 'PATCH', body: claims })
  await problem(t, ownOther, 409, 'assistant_taken', 'another agent of her own')

  for (let round = 0; round < 5; round += 1) {
    const wanted = crypto.randomUUID()
    const body = { agent_name: 'Race', vapi_assistant_id: wanted }
    const both = await Promise.all([owner, other].map((who) => front.action(who, '/agents', { method: 'POST', body })))
    t.same(both.map(({ status }) => status).sort(), [201, 409])
  }
})

t.test('a linked assistant is free again once its agent lets it go', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()]
  const { agent } = await create(owner, { agent_name: 'Desk', vapi_assistant_id: first })
  const path = `/agents/${agent.agent_id}`
  const changed = await front.action(owner, path, { method: 'PATCH', body: { vapi_assistant_id: second } })
  t.equal((await agentIn(changed)).vapi_assistant_id, second)
  t.equal((await create(other, { agent_name: 'x', vapi_assistant_id: first })).status, 201, 'after another was linked')
  const unlinked = await front.action(owner, path, { method: 'PATCH', body: { vapi_assistant_id: null } })
  t.equal((await agentIn(unlinked)).vapi_assistant_id, null)
  const taken = await create(other, { agent_name: 'y', vapi_assistant_id: second })
  t.equal(taken.status, 201, 'after it was unlinked')
  await front.action(other, `/agents/${taken.agent.agent_id}`, { method: 'DELETE' })
  t.equal((await create(owner, { agent_name: 'z', vapi_assistant_id: second })).status, 201, 'after its agent was deleted')
})

t.test('variables: a list in order, each with an id of ours; the same placeholder name every time, the same click once', async (t) => {
  const owner = test.user()
  const { agent } = await create(owner)
  const path = `/agents/${agent.agent_id}/variables`
  t.same(await (await front.action(owner, path)).json(), { variables: [] })
  const placeholder = { name: 'new_variable', display_name: 'New Variable', type: 'string', description: '', required: false }
  const post = async (body: object) => {
    const response = await front.action(owner, path, { method: 'POST', body })
    t.equal(response.status, 201)
    return z.strictObject({ variable: Variable }).parse(await response.json()).variable
  }
  const first = await post({ ...placeholder, variable_id: 'var_1761000000000', sort_order: 1 })
  t.match(first, { ...placeholder, variable_id: 'var_1761000000000', sort_order: 1 })
  t.match(first, { default_value: null, validation_pattern: null, extraction_prompt: null })
  const second = await post({
    ...placeholder,
    variable_id: 'var_1761000000001',
    sort_order: 0,
    default_value: '1',
    validation_pattern: '(',
  })
  t.match(second, { default_value: '1', validation_pattern: '(' })
  const third = await post({ ...placeholder, variable_id: 'var_1761000000002', sort_order: 1 })
  const order = async () => {
    const list = z.strictObject({ variables: z.array(Variable) }).parse(await (await front.action(owner, path)).json())
    return list.variables.map(({ id }) => id)
  }
  t.same(await order(), [second.id, first.id, third.id])

  const click = { ...placeholder, variable_id: 'var_1761000000003', extraction_prompt: 'Ask.\nTwice.' }
  const clicks = await Promise.all([post(click), post(click), post(click)])
  t.equal(new Set(clicks.map(({ id }) => id)).size, 1, 'a double click makes one')
  const changed = await post({ ...click, name: 'move_in', required: true })
  t.match(changed, {
    id: clicks[0]?.id,
    name: 'move_in',
    required: true,
    created_at: clicks[0]?.created_at,
    extraction_prompt: 'Ask.\nTwice.',
  })
  t.equal((await order()).length, 4)

  const other = await create(owner)
  const elsewhere = await front.action(owner, `/agents/${other.agent.agent_id}/variables`, { method: 'POST', body: click })
  t.not(
    z.object({ variable: Variable }).parse(await elsewhere.json()).variable.id,
    changed.id,
    'the same id at another agent is another variable',
  )
  t.equal((await order()).length, 4)
})

t.test('functions: a list in order, each with an id of ours; the same placeholder name every time, the same click once', async (t) => {
  const owner = test.user()
  const { agent } = await create(owner)
  const path = `/agents/${agent.agent_id}/functions`
  t.same(await (await front.action(owner, path)).json(), { functions: [] })
  const placeholder = { name: 'new_function', display_name: 'New Function', description: 'What it does', enabled: true }
  const post = async (body: object) => {
    const response = await front.action(owner, path, { method: 'POST', body })
    t.equal(response.status, 201)
    return z.strictObject({ function: AgentFunction }).parse(await response.json()).function
  }
  const first = await post({ ...placeholder, function_id: 'func_1', sort_order: 5 })
  t.match(first, {
    ...placeholder,
    function_id: 'func_1',
    sort_order: 5,
    webhook_url: null,
    method: null,
  })
  const hook = { webhook_url: 'http://169.254.169.254/latest?x=1', method: 'POST' }
  const second = await post({ ...placeholder, function_id: 'func_2', enabled: false, ...hook })
  t.match(second, { enabled: false, sort_order: 0, ...hook }, 'kept as it is')
  const twice = await Promise.all([post({ ...placeholder, function_id: 'func_3' }), post({ ...placeholder, function_id: 'func_3' })])
  t.equal(twice[0]?.id, twice[1]?.id)
  const { functions } = z.strictObject({ functions: z.array(AgentFunction) }).parse(await (await front.action(owner, path)).json())
  t.same(
    functions.map(({ id }) => id),
    [second.id, twice[0]?.id, first.id],
  )
  t.equal((await front.action(owner, `/agents/${agent.agent_id}`, { method: 'DELETE' })).status, 200)
  await problem(t, await front.action(owner, path), 404, 'not_found')
})

t.test('a body that does not fit is 400 and changes nothing', async (t) => {
  const owner = test.user()
  const { agent } = await create(owner)
  const path = `/agents/${agent.agent_id}`
  const wrong: [string, string, object][] = [
    ['POST', '/agents', {}],
    ['POST', '/agents', { agent_name: '' }],
    ['POST', '/agents', { agent_name: ' \u202e ' }],
    ['POST', '/agents', { agent_name: 'x'.repeat(201) }],
    ['POST', '/agents', { agent_name: 'x', config: [] }],
    ['POST', '/agents', { agent_name: 'x', config: 'x' }],
    ['POST', '/agents', { agent_name: 'x', is_active: 'yes' }],
    ['PATCH', path, { agent_name: null }],
    ['PATCH', path, { vapi_assistant_id: '' }],
    ['PATCH', path, { is_active: null }],
    ['PATCH', path, { config: 7 }],
    ['POST', `${path}/variables`, { variable_id: 'v' }],
    ['POST', `${path}/functions`, { function_id: 'f', name: 'x', display_name: 'x', description: 'x', enabled: 'true' }],
  ]
  for (const [method, url, body] of wrong) {
    const response = await front.action(owner, url, { method: method === 'POST' ? 'POST' : 'PATCH', body })
    t.equal(response.status, 400, JSON.stringify(body))
    const { message, detail } = Problem.parse(await response.json())
    t.equal(detail, message)
  }
  t.same(await (await front.action(owner, '/agents')).json(), [agent])
})
