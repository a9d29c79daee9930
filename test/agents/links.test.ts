import { sql } from 'kysely'
import t from 'tap'
import { discardAssistants, removeNow, sweepAssistants } from '../../src/assistants/remove.ts'
import { findOwner } from '../../src/db/agents.ts'
import { inTenant } from '../../src/db/client.ts'
import { sha256Hex } from '../../src/secrets.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { say, words } from '../setup/voice.ts'
import { toolCalls } from '../world/vapi/messages.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000', LIMIT_TOOL_CALLS_PER_MINUTE: '1000', VAPI_WEBHOOK_SECRET: 'installation' })
const { app, deps } = test

async function call(user: Owner, method: 'POST' | 'PATCH' | 'DELETE' | 'GET', url: string, payload?: object) {
  const reply = await app.inject({ method, url, headers: user.headers(), ...(payload ? { payload } : {}) })
  return { status: reply.statusCode, body: reply.json() }
}

async function linked(user: Owner, assistantId: string = crypto.randomUUID()) {
  const { body } = await call(user, 'POST', '/agents', { agent_name: 'Desk', vapi_assistant_id: assistantId })
  return { assistantId, url: `/agents/${body.agent_id}` }
}

async function newSecret(user: Owner, url: string): Promise<string> {
  return (await call(user, 'POST', `${url}/secret`)).body.secret
}

/** What the directory holds for a user, of all that was ever claimed here, and what her agents have. */
async function consistent(user: Owner): Promise<{ directory: string[]; agents: string[] }> {
  const agents = await inTenant(deps.db, user.clerkUserId, (trx) =>
    trx.selectFrom('vapiAgents').select(['vapiAssistantId', 'secretDigest', 'previousSecretDigest']).execute(),
  )
  const keys = agents
    .flatMap((agent) => [agent.vapiAssistantId, agent.secretDigest, agent.previousSecretDigest])
    .filter((key) => key !== null)
  const found = await Promise.all(
    seenKeys.map(async ([kind, key]) => ((await findOwner(deps.db, kind, key)) === user.clerkUserId ? key : null)),
  )
  return { directory: found.filter((key) => key !== null).sort(), agents: keys.sort() }
}
const seenKeys: ['assistant' | 'secret', string][] = []

t.test('a secret goes with the assistant to which it was given, and with the agent', async (t) => {
  const owner = await test.owner()
  const { url, assistantId } = await linked(owner)
  const [first, second] = [await newSecret(owner, url), await newSecret(owner, url)]
  const other = crypto.randomUUID()
  await call(owner, 'PATCH', url, { vapi_assistant_id: other })
  for (const secret of [first, second]) {
    t.equal(await findOwner(deps.db, 'secret', sha256Hex(secret)), undefined)
    t.equal((await say(test, toolCalls([{ name: 'get_availability' }]), { headers: { 'x-vapi-secret': secret } })).status, 401)
  }
  t.equal(await findOwner(deps.db, 'assistant', assistantId), undefined)
  const served = await say(test, toolCalls([{ name: 'get_availability' }], { assistantId: other }), {
    headers: { 'x-vapi-secret': 'installation' },
  })
  t.match(words(served.results[0]), /^I have/, 'the new one has none yet')

  const third = await newSecret(owner, url)
  await call(owner, 'DELETE', url)
  t.equal(await findOwner(deps.db, 'secret', sha256Hex(third)), undefined)
  t.equal(await findOwner(deps.db, 'assistant', other), undefined)
})

t.test('a secret that was made before there was an assistant stays when one is linked, and when she saves', async (t) => {
  const owner = test.user()
  const { body } = await call(owner, 'POST', '/agents', { agent_name: 'Desk' })
  const url = `/agents/${body.agent_id}`
  const digest = sha256Hex(await newSecret(owner, url))
  const assistantId = crypto.randomUUID()
  await call(owner, 'PATCH', url, { vapi_assistant_id: assistantId })
  await call(owner, 'PATCH', url, { vapi_assistant_id: assistantId, config: { firstMessage: 'Hi' } })
  await call(owner, 'PATCH', url, { is_active: false })
  t.equal(await findOwner(deps.db, 'secret', digest), owner.clerkUserId)
})

t.test('whatever one user does at once, the directory and her agents agree', async (t) => {
  const [owner, other] = [test.user(), test.user()]
  const ids = ['a', 'b', 'c'].map((letter) => `${letter}-${crypto.randomUUID()}`)
  seenKeys.push(...ids.map((id): ['assistant', string] => ['assistant', id]))
  const agents = await Promise.all([0, 1, 2].map(() => call(owner, 'POST', '/agents', { agent_name: 'Desk' })))
  const urls = agents.map(({ body }) => `/agents/${body.agent_id}`)
  let seed = 20261129
  const pick = <T>(items: T[]): T => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const [picked] = items.slice(seed % items.length)
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }
  for (let round = 0; round < 15; round += 1) {
    const work = Array.from({ length: 6 }, () => {
      const who = pick([owner, owner, other])
      return pick([
        () => call(who, 'PATCH', pick(urls), { vapi_assistant_id: pick([...ids, null]) }),
        () => call(who, 'POST', '/agents', { agent_name: 'More', vapi_assistant_id: pick(ids) }),
        async () => {
          const reply = await call(who, 'POST', `${pick(urls)}/secret`)
          if (reply.status === 201) seenKeys.push(['secret', sha256Hex(reply.body.secret)])
          return reply
        },
        async () => {
          const [one] = (await call(who, 'GET', '/agents')).body
          return one === undefined || urls.includes(`/agents/${one.agent_id}`)
            ? { status: 200 }
            : call(who, 'DELETE', `/agents/${one.agent_id}`)
        },
      ])()
    })
    for (const { status } of await Promise.all(work)) t.ok([200, 201, 404, 409].includes(status), String(status))
    for (const who of [owner, other]) {
      const { directory, agents } = await consistent(who)
      t.same(directory, agents, `round ${round}`)
    }
  }
})

t.test('a configuration comes back to the letter, and what cannot be kept is refused', async (t) => {
  const owner = test.user()
  const config = {
    zebra: 1,
    a: { long_key: 1.5, b: 1e21, c: -0.000001, d: 9007199254740991, e: [null, true, { z: '', a: 'ä😀"\\\n' }] },
    m: {},
    firstMessage: 'x'.repeat(20_000),
  }
  const { body } = await call(owner, 'POST', '/agents', { agent_name: 'Desk', config })
  const url = `/agents/${body.agent_id}`
  for (const one of [body, (await call(owner, 'GET', url)).body]) t.equal(JSON.stringify(one.config), JSON.stringify(config))
  for (const a of ['\0', '\ud800', { '\0': 1 }]) t.equal((await call(owner, 'PATCH', url, { config: { a } })).status, 400)
  for (let n = 0; n < 5; n += 1) {
    const { status } = await call(owner, 'PATCH', url, { config: { [`more${n}`]: 'x'.repeat(60_000) } })
    t.equal(status, n < 4 ? 200 : 413, 'it does not grow without end')
  }
})

t.test('names are one line of what people can read', async (t) => {
  const owner = test.user()
  const { body } = await call(owner, 'POST', '/agents', { agent_name: ' Desk\u202e\n of \u0007Dana ' })
  t.equal(body.agent_name, 'Desk of Dana')
  const ids = {
    agent_id: 7,
    user_id: 'x',
    clerk_user_id: 'user_x',
    created_at: '2020-01-01T00:00:00Z',
    secret_digest: 'x',
    made_here: true,
  }
  const changed = await call(owner, 'PATCH', `/agents/${body.agent_id}`, { ...ids, agent_name: 'Desk' })
  t.match(changed.body, { agent_id: body.agent_id, user_id: body.user_id, created_at: body.created_at }, 'ids and times are ours')
})

t.test('an agent holds a hundred variables and a hundred functions', async (t) => {
  const owner = test.user()
  const { url } = await linked(owner)
  const variable = { name: 'x', display_name: 'x', type: 'string', description: '', required: false }
  const fn = { name: 'x', display_name: 'x', description: '', enabled: true }
  for (const [path, values, idField] of [
    ['/variables', variable, 'variable_id'],
    ['/functions', fn, 'function_id'],
  ] as const) {
    for (let n = 0; n < 98; n += 1) t.equal((await call(owner, 'POST', url + path, { ...values, [idField]: `id_${n}` })).status, 201)
    const more = await Promise.all(['x', 'y', 'z', 'u', 'v'].map((id) => call(owner, 'POST', url + path, { ...values, [idField]: id })))
    t.same(more.map(({ status }) => status).sort(), [201, 201, 409, 409, 409])
    t.match(more.find(({ status }) => status === 409)?.body, { code: 'limit_reached' })
    t.equal((await call(owner, 'POST', url + path, { ...values, [idField]: 'id_5', name: 'changed' })).status, 201, 'one may be changed')
  }
  await call(owner, 'DELETE', url)
  const left = await inTenant(deps.db, owner.clerkUserId, async (trx) => [
    ...(await trx.selectFrom('agentVariables').select('id').execute()),
    ...(await trx.selectFrom('agentFunctions').select('id').execute()),
  ])
  t.same(left, [], 'they go with it')
})

t.test('when a user is erased, what was made for her goes at Vapi too, even what is being made', async (t) => {
  const owner = test.user()
  const { vapi } = test.world
  const kept = vapi.add('assistant', { name: 'Her own, made in the dashboard' })
  await linked(owner, kept.id)
  await call(owner, 'POST', '/vapi/agents', { agent_name: 'Made' })
  vapi.faults.add({ kind: 'slow', ms: 500, method: 'POST' })
  const making = call(owner, 'POST', '/vapi/agents', { agent_name: 'Being made' })
  await new Promise((done) => setTimeout(done, 250))
  const unwanted = await inTenant(deps.db, owner.clerkUserId, (trx) => discardAssistants(deps, trx, owner.clerkUserId))
  t.equal(unwanted.length, 2)
  for (const one of unwanted) await removeNow(deps, one)
  t.equal((await making).status, 503, 'it is not kept')
  await inTenant(deps.db, owner.clerkUserId, (trx) =>
    trx.updateTable('madeAssistants').set({ leasedUntil: sql<Date>`now() - interval '1 second'` }).execute(),
  )
  await sweepAssistants(deps)
  t.same([...vapi.things.assistant.keys()], [kept.id])
})

t.test('a user has at most a hundred agents, however they come, so that she cannot fill the account at Vapi', async (t) => {
  const owner = test.user()
  const { vapi } = test.world
  for (let some = 0; some < 11; some++) {
    const made = await Promise.all(Array.from({ length: 9 }, () => call(owner, 'POST', '/agents', { agent_name: 'Desk' })))
    t.same([...new Set(made.map(({ status }) => status))], [201])
  }
  const existing = vapi.things.assistant.size
  const last = await Promise.all(
    ['/agents', '/vapi/agents', '/agents', '/vapi/agents'].map((url) => call(owner, 'POST', url, { agent_name: 'Last' })),
  )
  t.same(last.map(({ status }) => status).sort(), [201, 409, 409, 409])
  t.match(last.find(({ status }) => status === 409)?.body, { code: 'limit_reached', message: /delete one/ })
  await inTenant(deps.db, owner.clerkUserId, (trx) =>
    trx
      .updateTable('madeAssistants')
      .set({ leasedUntil: new Date(0) })
      .execute(),
  )
  await sweepAssistants(deps)
  const { body: agents } = await call(owner, 'GET', '/agents')
  t.equal(agents.length, 100)
  const kept = agents.filter((agent: { vapi_assistant_id: string | null }) => agent.vapi_assistant_id !== null).length
  t.equal(vapi.things.assistant.size, existing + kept, 'what was made in vain is gone')
  const asked = vapi.ledger.length
  t.equal((await call(owner, 'POST', '/vapi/agents', { agent_name: 'One more' })).status, 409)
  t.equal(vapi.ledger.length, asked, 'Vapi is not even asked')

  const assistantId = crypto.randomUUID()
  const { agent_id: id } = agents[0]
  t.equal((await call(owner, 'PATCH', `/agents/${id}`, { vapi_assistant_id: assistantId })).status, 200)
  t.equal((await call(owner, 'POST', '/agents', { agent_name: 'Again', vapi_assistant_id: assistantId })).status, 200, 'that is no new one')
  t.equal((await call(owner, 'DELETE', `/agents/${id}`)).status, 200)
  t.equal((await call(owner, 'POST', '/agents', { agent_name: 'In its place' })).status, 201)
})
