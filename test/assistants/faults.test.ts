import t, { type Test } from 'tap'
import { sweepAssistants } from '../../src/assistants/remove.ts'
import { inTenant } from '../../src/db/client.ts'
import { type Owner, type TestApp, testApp } from '../setup/app.ts'

const patient = await testApp(t)
/** Little time for Vapi, and no waiting between two rounds of the sweeper. */
const impatient = await testApp(t, { PROVIDER_TIMEOUT_MS: '700', PROVIDER_CREATE_TIMEOUT_MS: '700', SETTLE_LEASE_MS: '1' })
// The stand-in's first look into Vapi's description takes longer than that.
await make(patient, patient.user())

/** A user of her own at a Vapi that has nothing and knows of nothing; what is left of her is not swept by the next test. */
function fresh(t: Test, test: TestApp) {
  const { vapi } = test.world
  vapi.faults.clear()
  vapi.things.assistant.clear()
  vapi.ledger.length = 0
  test.logs.length = 0
  const user = test.user()
  t.teardown(() => inTenant(test.deps.db, user.clerkUserId, (trx) => trx.deleteFrom('madeAssistants').execute()))
  return { test, vapi, user }
}

function make({ app }: TestApp, user: Owner, payload: object = { agent_name: 'Desk', config: { firstMessage: 'Hello!' } }) {
  return app.inject({ method: 'POST', url: '/vapi/agents', headers: user.headers(), payload })
}

function remove({ app }: TestApp, user: Owner, agentId: number) {
  return app.inject({ method: 'DELETE', url: `/agents/${agentId}`, headers: user.headers() })
}

async function agentsOf({ app }: TestApp, user: Owner): Promise<unknown[]> {
  return (await app.inject({ url: '/agents', headers: user.headers() })).json()
}

function madeRows({ deps }: TestApp, { clerkUserId }: Owner) {
  return inTenant(deps.db, clerkUserId, (trx) => trx.selectFrom('madeAssistants').select(['vapiAssistantId', 'isKept']).execute())
}

/** As if the row were that old. */
async function age({ deps }: TestApp, { clerkUserId }: Owner, minutes: number): Promise<void> {
  const createdAt = new Date(Date.now() - minutes * 60_000)
  await inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('madeAssistants').set({ createdAt }).execute())
}

/** The lease of a row is over. */
async function wait({ deps }: TestApp, { clerkUserId }: Owner): Promise<void> {
  await inTenant(deps.db, clerkUserId, (trx) =>
    trx
      .updateTable('madeAssistants')
      .set({ leasedUntil: new Date(0) })
      .execute(),
  )
}

t.test('what Vapi refuses is made nowhere, and the answer says so', async (t) => {
  const { test, vapi, user } = fresh(t, impatient)
  const faults = [
    [{ kind: 'status', status: 400 }, 502, 'vapi_refused'],
    [{ kind: 'status', status: 401 }, 502, 'vapi_refused'],
    [{ kind: 'status', status: 402 }, 502, 'vapi_refused'],
    [{ kind: 'status', status: 429, retryAfter: 30 }, 503, 'vapi_busy'],
  ] as const
  for (const [fault, status, code] of faults) {
    vapi.faults.add(fault)
    const reply = await make(test, user)
    t.equal(reply.statusCode, status, `${fault.status}`)
    t.match(reply.json(), { status: 'error', code, message: /./ })
    t.same(await agentsOf(test, user), [])
    t.same(await madeRows(test, user), [], 'and nothing is looked for')
  }
  t.equal(vapi.ledger.length, faults.length, 'each was asked once')
  t.equal(vapi.things.assistant.size, 0)
})

t.test('whatever became of an answer that never came, no assistant stays without its agent', async (t) => {
  const { test, vapi, user } = fresh(t, impatient)
  const keep = vapi.add('assistant', { name: 'Of somebody who works in the dashboard' })
  const faults = [
    { kind: 'lost' },
    { kind: 'cut' },
    { kind: 'silent' },
    { kind: 'slow', ms: 1300 },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 201, body: '<html>Created</html>' },
  ] as const
  for (const fault of faults) {
    vapi.faults.add({ ...fault, method: 'POST' })
    const reply = await make(test, user)
    t.equal(reply.statusCode, 503, fault.kind)
    t.match(reply.json(), { code: 'vapi_unavailable', message: /Nothing was changed/ })
    t.same(await agentsOf(test, user), [])
    t.same(await madeRows(test, user), [{ vapiAssistantId: null, isKept: false }], 'but it is remembered')
    const posts = vapi.ledger.filter(({ method }) => method === 'POST').length
    t.equal(await sweepAssistants(test.deps), 1)
    t.same([...vapi.things.assistant.keys()], [keep.id], `${fault.kind}: nothing half-made is left`)
    t.equal(vapi.ledger.filter(({ method }) => method === 'POST').length, posts)
    // What was not found may still arrive; only after a quarter of an hour it is believed not to exist.
    t.equal((await madeRows(test, user)).length, fault.kind === 'lost' ? 0 : 1, fault.kind)
    await age(test, user, 16)
    await wait(test, user)
    await sweepAssistants(test.deps)
    t.same(await madeRows(test, user), [])
  }
  t.equal((await make(test, user)).statusCode, 201, 'and then it works')
})

t.test('an assistant that turns up late is deleted when it does', async (t) => {
  const { test, vapi, user } = fresh(t, impatient)
  vapi.faults.add({ kind: 'silent', method: 'POST' })
  t.equal((await make(test, user)).statusCode, 503)
  await sweepAssistants(test.deps)
  const [row] = await inTenant(test.deps.db, user.clerkUserId, (trx) => trx.selectFrom('madeAssistants').select('id').execute())
  vapi.add('assistant', { name: 'Late', metadata: { ringbookId: row?.id } })
  await wait(test, user)
  await sweepAssistants(test.deps)
  t.equal(vapi.things.assistant.size, 0)
  t.same(await madeRows(test, user), [])
})

t.test('a crash between Vapi and our database leaves nothing at Vapi', async (t) => {
  const { test, vapi, user } = fresh(t, impatient)
  await agentsOf(test, user)
  // What a process leaves that ends after Vapi has answered.
  const id = await inTenant(test.deps.db, user.clerkUserId, async (trx) => {
    const { clerkUserId } = user
    const row = trx.insertInto('madeAssistants').values({ clerkUserId, leasedUntil: new Date(0) })
    return (await row.returning('id').executeTakeFirstOrThrow()).id
  })
  vapi.add('assistant', { name: 'Half-made', metadata: { ringbookId: id } })
  const other = vapi.add('assistant', { name: 'Of another installation', metadata: { ringbookId: crypto.randomUUID() } })
  t.equal(await sweepAssistants(test.deps), 1)
  t.same([...vapi.things.assistant.keys()], [other.id])
  t.same(await madeRows(test, user), [])
})

t.test('one that took so long that it is being swept away does not become an agent', async (t) => {
  const { test, vapi, user } = fresh(t, patient)
  await agentsOf(test, user)
  vapi.faults.add({ kind: 'slow', ms: 800, method: 'POST' })
  const making = make(test, user)
  await new Promise((done) => setTimeout(done, 300))
  await wait(test, user)
  await sweepAssistants(test.deps)
  const reply = await making
  t.equal(reply.statusCode, 503)
  t.same(await agentsOf(test, user), [])
  await wait(test, user)
  await sweepAssistants(test.deps)
  t.equal(vapi.things.assistant.size, 0)
})

t.test('an agent is deleted while Vapi is away, and its assistant follows when Vapi is back', async (t) => {
  const { test, vapi } = fresh(t, impatient)
  for (const fault of [{ kind: 'silent' }, { kind: 'status', status: 500 }, { kind: 'status', status: 401 }, { kind: 'cut' }] as const) {
    const user = test.user()
    const { agent_id: agentId, vapi_assistant_id: assistantId } = (await make(test, user)).json()
    vapi.faults.add({ ...fault, times: Number.POSITIVE_INFINITY })
    const reply = await remove(test, user, agentId)
    t.equal(reply.statusCode, 200)
    t.match(reply.json(), { success: true, message: /deleted\. Its assistant at Vapi follows/ })
    t.same(await agentsOf(test, user), [])
    await wait(test, user)
    await sweepAssistants(test.deps)
    t.ok(vapi.things.assistant.has(assistantId), 'still there')
    t.same(await madeRows(test, user), [{ vapiAssistantId: assistantId, isKept: false }])
    vapi.faults.clear()
    await wait(test, user)
    await sweepAssistants(test.deps)
    t.notOk(vapi.things.assistant.has(assistantId))
    t.same(await madeRows(test, user), [])
  }
})

t.test('a deletion whose answer was lost, or that somebody did in the dashboard, is done', async (t) => {
  const { test, vapi, user } = fresh(t, impatient)
  const lost = (await make(test, user)).json()
  vapi.faults.add({ kind: 'lost', method: 'DELETE' })
  t.same((await remove(test, user, lost.agent_id)).json(), { success: true, message: 'The agent is deleted.' })
  const gone = (await make(test, user)).json()
  vapi.things.assistant.clear()
  t.same((await remove(test, user, gone.agent_id)).json(), { success: true, message: 'The agent is deleted.' })
  t.same(await madeRows(test, user), [])
})

t.test('an assistant that Vapi holds fast is asked for again, less and less often, until it goes', async (t) => {
  const { test, vapi, user } = fresh(t, patient)
  const made = (await make(test, user)).json()
  vapi.pin(made.vapi_assistant_id)
  t.match((await remove(test, user, made.agent_id)).json(), { success: true, message: /follows/ })
  t.equal(await sweepAssistants(test.deps), 0, 'not at once')
  for (const minutes of [0.5, 1, 2, 4, 8, 16, 32, 60, 60]) {
    await wait(test, user)
    t.equal(await sweepAssistants(test.deps), 1)
    const [row] = await inTenant(test.deps.db, user.clerkUserId, (trx) => trx.selectFrom('madeAssistants').select('leasedUntil').execute())
    const pause = ((row?.leasedUntil.getTime() ?? 0) - Date.now()) / 60_000
    t.ok(Math.abs(pause - minutes) < 0.1, `${minutes} minutes: ${pause}`)
  }
  t.equal(test.logs.filter((line) => line.includes('in five attempts')).length, 1, 'somebody is told, once')
})

t.test('an assistant made here goes when its agent gets another one or none, and its secret with it', async (t) => {
  const { test, vapi, user } = fresh(t, patient)
  for (const next of [null, crypto.randomUUID()]) {
    const made = (await make(test, user)).json()
    const payload = { vapi_assistant_id: next }
    const url = `/agents/${made.agent_id}`
    const reply = await test.app.inject({ method: 'PATCH', url, headers: user.headers(), payload })
    t.match(reply.json(), { agent_id: made.agent_id, vapi_assistant_id: next })
    t.equal(vapi.things.assistant.size, 0)
    t.same(await madeRows(test, user), [])
  }
})

t.test('an assistant that goes as soon as Vapi is back cannot be linked again meanwhile: no agent loses its voice later', async (t) => {
  const { test, vapi, user } = fresh(t, impatient)
  const made = (await make(test, user)).json()
  const link = (method: 'PATCH' | 'POST', url: string, id: string | null) =>
    test.app.inject({ method, url, headers: user.headers(), payload: { agent_name: 'Desk', vapi_assistant_id: id } })
  vapi.faults.add({ kind: 'status', status: 500, times: Number.POSITIVE_INFINITY })
  t.equal((await link('PATCH', `/agents/${made.agent_id}`, null)).statusCode, 200)
  for (const [method, url] of [
    ['PATCH', `/agents/${made.agent_id}`],
    ['POST', '/agents'],
    ['POST', '/vapi/agents'],
  ] as const) {
    const reply = await link(method, url, made.vapi_assistant_id)
    t.match([reply.statusCode, reply.json()], [409, { code: 'assistant_taken', message: /being deleted/ }], `${method} ${url}`)
  }
  vapi.faults.clear()
  await wait(test, user)
  await sweepAssistants(test.deps)
  t.equal(vapi.things.assistant.size, 0)
  t.match(await agentsOf(test, user), [{ agent_id: made.agent_id, vapi_assistant_id: null }])
})

t.test('linking, changing and deleting need nothing of Vapi', async (t) => {
  const test = await testApp(t, { VAPI_API_KEY: '' })
  const user = test.user()
  const inject = (method: 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
    test.app.inject({ method, url, headers: user.headers(), ...(payload ? { payload } : {}) })
  const made = await inject('POST', '/agents', { agent_name: 'Desk', vapi_assistant_id: 'a' })
  t.equal(made.statusCode, 201)
  t.equal((await inject('PATCH', `/agents/${made.json().agent_id}`, { vapi_assistant_id: 'b' })).statusCode, 200)
  t.equal((await inject('DELETE', `/agents/${made.json().agent_id}`)).statusCode, 200)
  const refused = await inject('POST', '/vapi/agents', { agent_name: 'Desk' })
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'vapi_off' })
  t.same(await agentsOf(test, user), [])
  t.equal(await sweepAssistants(test.deps), 0)
})
