import t, { type Test } from 'tap'
import * as z from 'zod'
import { lookAfterAssistants } from '../../src/agents/look-after.ts'
import { inTenant } from '../../src/db/client.ts'
import { functionNames } from '../../src/functions/definitions.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { runProgram } from '../setup/process.ts'
import { rowsOf } from '../setup/rows.ts'
import { toolCalls } from '../world/vapi/messages.ts'

// The stand-in's first look into Vapi's description takes long on a busy machine.
const PATIENCE = { PROVIDER_TIMEOUT_MS: '10000', PROVIDER_CREATE_TIMEOUT_MS: '10000' }
const test = await testApp(t, { ...PATIENCE, SETTLE_LEASE_MS: '1', LIMIT_REST_PER_MINUTE: '100000' })
const { app, deps } = test
const { vapi } = test.world
const config = {
  model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'You arrange viewings.' }] },
  voice: { provider: 'playht', voiceId: 'jennifer' },
  firstMessage: 'Hello!',
}
const WEBHOOK = `${deps.config.baseUrl}/vapi/webhook`

async function ask(user: Owner, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) {
  const reply = await app.inject({ method, url, headers: user.headers(), ...(payload ? { payload } : {}) })
  return { status: reply.statusCode, body: reply.json(), text: reply.body }
}

/** An agent with an assistant that was made here. */
async function made(t: Test, payload: object = { agent_name: 'Desk', config }) {
  test.afresh()
  const user = test.user()
  t.teardown(() => inTenant(deps.db, user.clerkUserId, (trx) => trx.deleteFrom('vapiAgents').execute()))
  const { body } = await ask(user, 'POST', '/vapi/agents', payload)
  test.afresh()
  return { user, path: `/agents/${body.agent_id}`, assistantId: String(body.vapi_assistant_id) }
}

/** An agent with an assistant that its owner made in the dashboard. */
async function linked(t: Test, fields: Record<string, unknown>) {
  test.afresh()
  const user = test.user()
  t.teardown(() => inTenant(deps.db, user.clerkUserId, (trx) => trx.deleteFrom('vapiAgents').execute()))
  const { id } = vapi.add('assistant', fields)
  const { body } = await ask(user, 'POST', '/agents', { agent_name: 'Desk', vapi_assistant_id: id })
  test.afresh()
  return { user, path: `/agents/${body.agent_id}`, assistantId: id }
}

const thing = (id: string) => vapi.things.assistant.get(id)
const BodyOf = z.record(z.string(), z.unknown())
const Model = z.object({ tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })) })
const toolsOf = (id: string) => Model.parse(thing(id)?.model).tools
const state = async (user: Owner, path: string) => (await ask(user, 'GET', `${path}/deployment`)).body
const writes = () => vapi.ledger.filter(({ method }) => method !== 'GET')
/** As if nobody had looked for an hour, and no attempt had just been made. */
async function anHourLater({ clerkUserId }: Owner) {
  await inTenant(deps.db, clerkUserId, (trx) =>
    trx
      .updateTable('agentDeployments')
      .set({ leasedUntil: null, checkedAt: new Date(0) })
      .execute(),
  )
  return lookAfterAssistants(deps)
}

t.test('an assistant that is made can do all that we do, and is in step', async (t) => {
  const { user, path, assistantId } = await made(t)
  t.same(
    toolsOf(assistantId).map((tool) => tool.function.name),
    functionNames,
  )
  t.match(await state(user, path), { state: 'in_step', differences: [], has_secret: true })
  t.match((await ask(user, 'POST', `${path}/deploy`)).body, { outcome: 'nothing_to_do', state: 'in_step', differences: [] })
  t.same(writes(), [], 'nothing is sent for it')
})

t.test('a change is read, merged, written and read back, and drops nothing that was changed at Vapi', async (t) => {
  const { user, path, assistantId } = await made(t)
  const before = thing(assistantId)
  const model = before?.model instanceof Object ? before.model : {}
  vapi.alter('assistant', assistantId, { model: { ...model, toolIds: ['t1'], maxTokens: 400 }, endCallPhrases: ['bye'] })
  t.equal((await ask(user, 'PATCH', path, { agent_name: 'Front desk', config: { firstMessage: 'Good day!' } })).status, 200)
  t.same(
    vapi.ledger.map(({ method }) => method),
    ['GET', 'PATCH', 'GET'],
  )
  t.has(thing(assistantId), { name: 'Front desk', firstMessage: 'Good day!', endCallPhrases: ['bye'], voice: config.voice })
  t.has(thing(assistantId)?.model, { ...model, toolIds: ['t1'], maxTokens: 400 })
  t.same(thing(assistantId)?.credentials, before?.credentials, 'its secret stays')
  t.match(await state(user, path), { state: 'in_step' })

  await ask(user, 'PATCH', path, { config: { model: { ...config.model, temperature: 0.9 } } })
  t.has(thing(assistantId)?.model, { temperature: 0.9, maxTokens: 400 })
  await ask(user, 'PATCH', path, { config: { model: config.model } })
  t.notMatch(JSON.stringify(thing(assistantId)?.model), 'temperature', 'what is taken out of the config goes')
  t.has(thing(assistantId)?.model, { maxTokens: 400 }, 'and nothing else')
})

t.test('with what an assistant begins where its config names no model is the owner’s to change, and stays', async (t) => {
  const { user, path, assistantId } = await made(t, { agent_name: 'Desk' })
  const begun = thing(assistantId)
  t.match(begun?.model, { provider: 'openai', messages: [{ role: 'system' }] })
  const altered = { ...(begun?.model instanceof Object ? begun.model : {}), temperature: 0.9 }
  vapi.alter('assistant', assistantId, { model: altered })
  t.equal(await anHourLater(user), 1)
  t.same(writes(), [], 'nothing is amiss')
  t.match(await state(user, path), { state: 'in_step', differences: [] })
  await ask(user, 'PATCH', path, { agent_name: 'Front desk' })
  t.has(thing(assistantId), { name: 'Front desk', model: altered })

  await ask(user, 'PATCH', path, { config: { ...config, endCallMessage: 'Bye!', endCallPhrases: ['bye'] } })
  t.match(thing(assistantId), { endCallMessage: 'Bye!', model: { model: 'gpt-4' } })
  await ask(user, 'PATCH', path, { config: null })
  t.match(await state(user, path), { state: 'in_step' })
  t.match(thing(assistantId), { endCallMessage: '', endCallPhrases: [], model: { provider: 'openai', model: 'gpt-4' } })
})

t.test('what Vapi does not take now is behind until it does, and never lost', async (t) => {
  const faults = [
    [{ kind: 'lost', method: 'PATCH', times: 2 }, 'in time'],
    [{ kind: 'status', status: 503, times: 9 }, '5xx'],
    [{ kind: 'status', status: 429, retryAfter: 30, times: 9 }, '429'],
    [{ kind: 'status', status: 409, method: 'PATCH', times: 9 }, '409'],
    [{ kind: 'cut', times: 9 }, 'cut'],
    [{ kind: 'status', status: 200, body: '<html>', type: 'text/html', method: 'GET' }, 'a page instead of an assistant'],
  ] as const
  const { user, path, assistantId } = await made(t)
  for (const [fault, name] of faults) {
    vapi.faults.add(fault)
    t.equal((await ask(user, 'PATCH', path, { config: { firstMessage: name } })).status, 200, `${name}: what is saved is saved`)
    t.match((await ask(user, 'GET', path)).body, { config: { firstMessage: name } })
    t.match(await state(user, path), { state: 'behind' }, name)
    vapi.faults.clear()
    t.equal(await anHourLater(user), 1)
    t.match(await state(user, path), { state: 'in_step', differences: [] }, name)
    t.equal(thing(assistantId)?.firstMessage, name)
  }
})

t.test('what is taken out of the config goes, although nobody knew whether it had arrived', async (t) => {
  const { user, path, assistantId } = await made(t)
  vapi.faults.add({ kind: 'lost', method: 'PATCH', times: 2 })
  await ask(user, 'PATCH', path, { config: { model: { ...config.model, temperature: 0.9 } } })
  vapi.faults.clear()
  t.match(thing(assistantId)?.model, { temperature: 0.9 })
  await ask(user, 'PATCH', path, { config: { model: config.model } })
  await anHourLater(user)
  t.match(await state(user, path), { state: 'in_step' })
  t.notOk('temperature' in BodyOf.parse(thing(assistantId)?.model))
})

t.test('what is saved while an assistant is looked at is brought, although somebody altered it', async (t) => {
  const { user, path, assistantId } = await made(t)
  vapi.alter('assistant', assistantId, { firstMessage: 'By hand' })
  vapi.faults.add({ kind: 'late', method: 'GET', ms: 200 })
  const looked = anHourLater(user)
  while (vapi.ledger.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const leasedUntil = new Date(Date.now() + 60_000)
  await inTenant(deps.db, user.clerkUserId, (trx) => trx.updateTable('agentDeployments').set({ leasedUntil }).execute())
  await ask(user, 'PATCH', path, { agent_name: 'Front desk' })
  t.equal(await looked, 1)
  t.has(thing(assistantId), { name: 'Front desk', firstMessage: 'Hello!' })
  t.match(await state(user, path), { state: 'in_step' })
})

t.test('what is saved while another change is on its way is brought as well, in its order', async (t) => {
  const { user, path, assistantId } = await made(t)
  vapi.faults.add({ kind: 'late', method: 'PATCH', ms: 300 })
  const first = ask(user, 'PATCH', path, { config: { firstMessage: 'One' } })
  while (thing(assistantId)?.firstMessage !== 'One') await new Promise((resolve) => setImmediate(resolve))
  await ask(user, 'PATCH', path, { config: { firstMessage: 'Two' } })
  t.equal(thing(assistantId)?.firstMessage, 'One', 'two do not write at once')
  await first
  t.equal(thing(assistantId)?.firstMessage, 'Two')
  t.match(await state(user, path), { state: 'in_step' })
})

t.test('what Vapi refuses, keeps as a draft or has not any more is said, and asked for once', async (t) => {
  const refused = await made(t)
  vapi.faults.add({ kind: 'status', status: 400, method: 'PATCH' })
  await ask(refused.user, 'PATCH', refused.path, { config: { firstMessage: 'No' } })
  t.match(await state(refused.user, refused.path), { state: 'refused', differences: ['firstMessage'] })
  vapi.alter('assistant', refused.assistantId, { serverMessages: [] })
  test.afresh()
  await anHourLater(refused.user)
  t.same(Object.keys(BodyOf.parse(writes()[0]?.body)), ['serverMessages'], 'only what we need is put right')
  t.match(await state(refused.user, refused.path), { state: 'refused', differences: ['firstMessage'] })
  t.match((await ask(refused.user, 'POST', `${refused.path}/deploy`)).body, { outcome: 'repaired', state: 'in_step' })

  const tooLong = {
    type: 'function',
    function: { name: 'long', description: 'x'.repeat(1001), parameters: { type: 'object', properties: {} } },
  }
  test.afresh()
  await ask(refused.user, 'PATCH', refused.path, { config: { model: { ...config.model, tools: [tooLong] } } })
  t.same(writes(), [], 'a description over the limit is not sent')
  t.match(await state(refused.user, refused.path), { state: 'refused', differences: ['model.tools'] })
  t.match(await ask(refused.user, 'POST', `${refused.path}/deploy`), { status: 400, body: { code: 'function_unfit' } })
  t.match(await ask(test.user(), 'POST', '/vapi/agents', { agent_name: 'x', config: { model: { ...config.model, tools: [tooLong] } } }), {
    status: 400,
    body: { code: 'function_unfit' },
  })

  const draft = await made(t)
  const publish = vapi.keepDrafts()
  await ask(draft.user, 'PATCH', draft.path, { config: { firstMessage: 'Draft' } })
  t.match(await state(draft.user, draft.path), { state: 'unpublished', differences: ['firstMessage'] })
  test.afresh()
  await anHourLater(draft.user)
  t.same(writes(), [], 'no second draft')
  t.match(await state(draft.user, draft.path), { state: 'unpublished' })
  publish()
  await anHourLater(draft.user)
  t.match(await state(draft.user, draft.path), { state: 'in_step' })

  const gone = await made(t)
  vapi.things.assistant.delete(gone.assistantId)
  await ask(gone.user, 'PATCH', gone.path, { config: { firstMessage: 'Hm' } })
  t.match(await state(gone.user, gone.path), { state: 'gone' })
  t.match(await ask(gone.user, 'POST', `${gone.path}/deploy`), { status: 409, body: { code: 'assistant_gone' } })
  t.equal(await anHourLater(gone.user), 0, 'nobody looks for it again')
  await ask(gone.user, 'PATCH', gone.path, { vapi_assistant_id: null })
  t.match((await ask(gone.user, 'POST', `${gone.path}/deploy`)).body, { outcome: 'made', state: 'in_step' })
})

t.test('an assistant that was altered outside is found: what we need is put right, what the owner says is hers to decide', async (t) => {
  const { user, path, assistantId } = await made(t)
  const server = { url: 'https://elsewhere.example/hook?key=hush' }
  vapi.alter('assistant', assistantId, { server, serverMessages: ['hang'], firstMessage: 'By hand', metadata: {} })
  const listed = await ask(user, 'POST', `${path}/deploy?dry_run=true`)
  t.match(listed.body, { outcome: 'listed', state: 'in_step' })
  t.same(listed.body.differences.map(({ field }: { field: string }) => field).sort(), [
    'firstMessage',
    'metadata.ringbookId',
    'server.backoffPlan',
    'server.timeoutSeconds',
    'server.url',
    'serverMessages',
  ])
  t.notMatch(listed.text, 'hush')
  t.same(writes(), [])
  t.equal(await anHourLater(user), 1)
  t.match(thing(assistantId), { server: { url: WEBHOOK, timeoutSeconds: 20 }, firstMessage: 'By hand', metadata: { ringbookId: /./ } })
  t.match(await state(user, path), { state: 'altered', differences: ['firstMessage'] })
  t.match((await ask(user, 'POST', `${path}/deploy`)).body, {
    outcome: 'repaired',
    differences: [{ field: 'firstMessage', wanted: '"Hello!"', live: '"By hand"' }],
  })
  t.equal(thing(assistantId)?.firstMessage, 'Hello!')
})

t.test("an assistant of its owner's is left alone until she deploys it, and gets a secret without a call being refused", async (t) => {
  const own = { type: 'function', function: { name: 'lookup_price', description: 'Prices' }, server: { url: 'https://prices.example' } }
  const { user, path, assistantId } = await linked(t, {
    name: 'Hers',
    ...config,
    model: { ...config.model, tools: [own] },
    server: { url: WEBHOOK },
  })
  await ask(user, 'PATCH', path, { config: { firstMessage: 'Saved' } })
  t.same(vapi.ledger, [], 'a save says nothing to Vapi')
  t.match(await state(user, path), { state: 'unmanaged', has_secret: false })
  const called = async (secret?: string) => {
    const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` }
    const payload = toolCalls([{ name: 'take_message', arguments: {} }], { assistantId })
    return (await app.inject({ method: 'POST', url: '/vapi/webhook', headers, payload })).statusCode
  }
  t.equal(await called(), 200)
  vapi.faults.add({ kind: 'lost', method: 'PATCH', times: 2 })
  t.match(await ask(user, 'POST', `${path}/deploy`), { status: 503, body: { code: 'vapi_unavailable' } })
  const token = () => JSON.stringify(thing(assistantId)?.credentials).match(/"token":"(.+?)"/)?.[1] ?? ''
  t.same([await called(token()), await called()], [200, 200], 'while nobody knows whether Vapi has it, both are served')
  const first = token()
  await anHourLater(user)
  t.equal(token(), first, 'the same secret, however often it is sent')
  t.match(await state(user, path), { state: 'in_step', has_secret: true })
  t.same([await called(token()), await called()], [200, 401], 'from now on it is asked for')
  t.same(toolsOf(assistantId)[0], own, "the owner's own tool stays")
  t.equal(thing(assistantId)?.firstMessage, 'Saved')

  await inTenant(deps.db, user.clerkUserId, (trx) => trx.updateTable('agentDeployments').set({ sealedSecret: 'v1.k1.broken' }).execute())
  t.equal((await ask(user, 'POST', `${path}/deploy`)).status, 200, 'a secret on its way that does not open any more is replaced')
  t.not(token(), first)
  t.same([await called(token()), await called(first)], [200, 200])

  const before = token()
  const renewed = (await ask(user, 'POST', `${path}/secret`)).body.secret
  t.equal(token(), renewed, 'a new secret goes to Vapi by itself')
  t.same([await called(renewed), await called(before)], [200, 200])
  for (const { row } of await rowsOf(test.database.url, user.clerkUserId)) t.notMatch(row, renewed)
  await ask(user, 'DELETE', path)
  t.ok(thing(assistantId), 'and it stays hers')
})

t.test('what somebody else made is nobody else’s to deploy', async (t) => {
  const hers = await made(t)
  const { id } = vapi.add('assistant', { metadata: thing(hers.assistantId)?.metadata })
  const user = test.user()
  const { body } = await ask(user, 'POST', '/agents', { agent_name: 'Mine', vapi_assistant_id: id })
  t.match(await ask(user, 'POST', `/agents/${body.agent_id}/deploy`), { status: 409, body: { code: 'assistant_gone' } })
  t.equal(thing(id)?.name, undefined)
  t.equal((await ask(user, 'POST', `${hers.path}/deploy`)).status, 404)
  await ask(user, 'DELETE', `/agents/${body.agent_id}`)
})

t.test('every saved config is a version that comes back as it was, key by key, and never a secret', async (t) => {
  const { user, path, assistantId } = await made(t)
  const config2 = { zeta: 1, alpha: { secretKey: 'hush', b: 2, a: 1 }, serverUrlSecret: 'hush', firstMessage: 'Two' }
  await ask(user, 'PATCH', path, { config: config2, note: 'A new greeting' })
  await ask(user, 'PATCH', path, { is_active: true })
  const { versions } = (await ask(user, 'GET', `${path}/versions`)).body
  t.match(versions, [
    { number: 2, note: 'A new greeting', saved_by: 'owner' },
    { number: 1, note: null },
  ])
  t.equal(versions.length, 2, 'a save that changes nothing makes none')
  const two = await ask(user, 'GET', `${path}/versions/2`)
  t.notMatch(two.text, 'hush')
  t.equal(JSON.stringify(two.body.config), JSON.stringify({ ...config, firstMessage: 'Two', zeta: 1, alpha: { b: 2, a: 1 } }))
  const back = await ask(user, 'POST', `${path}/versions/1/restore`)
  t.same(back.body.config, { ...config, serverUrlSecret: 'hush' }, 'what is secret stays as it is')
  t.equal(thing(assistantId)?.firstMessage, 'Hello!', 'and Vapi has it')
  t.match((await ask(user, 'GET', `${path}/versions/3`)).body, { saved_by: 'restored', note: 'Version 1 restored', config })
  for (const absent of ['9', '0', 'x']) t.equal((await ask(user, 'GET', `${path}/versions/${absent}`)).status, 404)
  t.equal((await ask(test.user(), 'GET', `${path}/versions/1`)).status, 404)
})

t.test('whoever runs the installation finds and repairs all assistants, and hears what could not be', async (t) => {
  const [well, altered, gone] = [await made(t), await made(t), await made(t)]
  const hers = await linked(t, { name: 'Hers', ...config })
  vapi.alter('assistant', altered.assistantId, { serverMessages: [] })
  vapi.things.assistant.delete(gone.assistantId)
  test.afresh()
  const run = async (...args: string[]) => {
    const env = { ...test.world.settings, ...PATIENCE, DATABASE_URL: test.database.ownerUrl }
    const program = runProgram(t, 'scripts/vapi-repair.ts', env, args)
    const code = await program.ended
    const of = ({ assistantId, user }: { assistantId: string; user: Owner }) => {
      const [id, , owner, outcome, ...fields] =
        program
          .stdout()
          .match(new RegExp(`^${assistantId}.*$`, 'm'))?.[0]
          ?.split(/,? +/) ?? []
      t.same([id, owner], [assistantId, user.clerkUserId])
      return [outcome, ...fields]
    }
    return { code, of, table: program.stdout(), complaint: program.stderr() }
  }
  const listed = await run()
  t.same([listed.code, listed.complaint], [1, ''])
  t.same(listed.of(well), ['listed', '-'])
  t.same(listed.of(altered), ['listed', 'serverMessages'])
  t.same(listed.of(gone), ['assistant_gone', '-'])
  t.match(listed.table, /^assistant_gone: .*\.$/m)
  const tools = functionNames.map((name) => `model.tools.${name}`)
  t.same(listed.of(hers), ['listed', ...tools, 'server', 'serverMessages', 'name', 'credentials'])
  t.match(listed.table, /4 looked at, 3 not as they should be\. Repair them with: npm run vapi:repair -- --write/)
  t.same(writes(), [])
  const repaired = await run('--write')
  t.equal(repaired.code, 1)
  t.same(
    [repaired.of(well), repaired.of(altered)],
    [
      ['nothing_to_do', '-'],
      ['repaired', 'serverMessages'],
    ],
  )
  t.match(repaired.table, /, 1 not as they should be\.\n$/)
  t.match(thing(hers.assistantId), { server: { url: WEBHOOK }, credentials: [{ provider: 'webhook' }] })
  const mistyped = await run('--wirte')
  t.same([mistyped.code, mistyped.table, mistyped.complaint.split('\n').length], [1, '', 2])
})
