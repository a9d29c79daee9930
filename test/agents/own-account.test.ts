import t from 'tap'
import { sweepAssistants } from '../../src/assistants/remove.ts'
import { resealForVapi } from '../../src/assistants/reseal.ts'
import { createCipher } from '../../src/cipher.ts'
import { inTenant } from '../../src/db/client.ts'
import { deleteUser } from '../../src/users/delete.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { allRows, rowsOf } from '../setup/rows.ts'

// The stand-in's first look into Vapi's description takes long on a busy machine.
const PATIENCE = { PROVIDER_TIMEOUT_MS: '10000', PROVIDER_CREATE_TIMEOUT_MS: '10000' }
const test = await testApp(t, { ...PATIENCE, SETTLE_LEASE_MS: '1', LIMIT_REST_PER_MINUTE: '100000' })
const { app, deps } = test
const { vapi } = test.world
const config = { model: { provider: 'openai', model: 'gpt-4' }, firstMessage: 'Hello!' }

async function ask(user: Owner, method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, payload?: object) {
  const reply = await app.inject({ method, url, headers: user.headers(), ...(payload ? { payload } : {}) })
  return { status: reply.statusCode, body: reply.json(), text: reply.body }
}

async function agent(user: Owner) {
  const { body } = await ask(user, 'POST', '/vapi/agents', { agent_name: 'Desk', config })
  return { path: `/agents/${body.agent_id}`, id: String(body.vapi_assistant_id), agentId: body.agent_id }
}

const setNumber = ({ clerkUserId }: Owner, phoneNumber: string) =>
  inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('businesses').set({ phoneNumber }).execute())

t.test('a key of her own is tried, sealed, never shown, and used for all that is hers', async (t) => {
  const user = test.user()
  const before = await agent(user)
  const account = vapi.addAccount()
  t.match(await ask(user, 'PUT', '/vapi/key', { api_key: crypto.randomUUID() }), { status: 409, body: { code: 'vapi_key_refused' } })
  t.match((await ask(user, 'GET', '/vapi/key')).body, { own_key: false, last_four: null })
  const saved = await ask(user, 'PUT', '/vapi/key', { api_key: account.apiKey })
  t.match(saved.body, { own_key: true, last_four: account.apiKey.slice(-4) })
  t.notMatch(saved.text, account.apiKey)
  for (const { row } of await allRows(test.database.ownerUrl)) t.notMatch(row, account.apiKey)
  t.notMatch(test.logs.join(''), account.apiKey)

  const hers = vapi.add('assistant', { name: 'In her account' }, account.orgId)
  vapi.add('assistant', { name: 'In the shared one' })
  t.same(
    (await ask(user, 'GET', '/vapi/assistants')).body.assistants.map(({ id }: { id: string }) => id),
    [hers.id],
  )
  const after = await agent(user)
  t.equal(vapi.things.assistant.get(after.id)?.orgId, account.orgId)
  await ask(user, 'PATCH', before.path, { config: { firstMessage: 'Moved?' } })
  await ask(user, 'PATCH', after.path, { config: { firstMessage: 'Moved!' } })
  t.equal(vapi.things.assistant.get(before.id)?.firstMessage, 'Moved?', 'what was made before is still reached where it is')
  t.equal(vapi.things.assistant.get(after.id)?.firstMessage, 'Moved!')

  await inTenant(deps.db, user.clerkUserId, (trx) => trx.updateTable('vapiKeys').set({ lastFour: 'abcd' }).execute())
  const other = test.user()
  await ask(other, 'GET', '/vapi/key')
  const { sealedKey } = await inTenant(deps.db, user.clerkUserId, (trx) =>
    trx.selectFrom('vapiKeys').select('sealedKey').executeTakeFirstOrThrow(),
  )
  await inTenant(deps.db, other.clerkUserId, (trx) =>
    trx.insertInto('vapiKeys').values({ clerkUserId: other.clerkUserId, sealedKey, lastFour: 'abcd' }).execute(),
  )
  t.match(
    await ask(other, 'GET', '/vapi/assistants'),
    { status: 409, body: { code: 'vapi_key_refused' } },
    "copied to another's row it does not open",
  )
  await ask(other, 'DELETE', '/vapi/key')

  const keys = `k2:${Buffer.alloc(32, 7).toString('base64')},${deps.config.tokenEncryptionKeys.replace(/^(?!k1:)/, 'k1:')}`
  await resealForVapi({ ...deps, cipher: createCipher(keys) })
  const [key] = (await rowsOf(test.database.url, user.clerkUserId)).filter(({ table }) => table === 'vapi_keys')
  t.match(key?.row, 'v1.k2.', 'a new encryption key seals it again')
  await t.rejects(resealForVapi(deps), /lacks k2/, 'and an old one does not start without it')
  await resealForVapi({ ...deps, cipher: createCipher(keys.split(',').reverse().join(',')) })
  t.equal((await ask(user, 'GET', '/vapi/assistants')).status, 200)

  t.equal((await ask(user, 'DELETE', '/vapi/key')).status, 200)
  t.equal((await ask(user, 'DELETE', '/vapi/key')).status, 200, 'again is no harm')
  t.match((await ask(user, 'GET', `${after.path}/deployment`)).body, { state: 'unmanaged' }, 'what stands in her account is hers alone')
  await ask(user, 'DELETE', after.path)
  await sweepAssistants(deps)
  t.ok(vapi.things.assistant.has(after.id))
})

t.test('when she leaves, what we made in her account goes with her', async (t) => {
  test.afresh()
  const user = test.user()
  const account = vapi.addAccount()
  await ask(user, 'PUT', '/vapi/key', { api_key: account.apiKey })
  const { id } = await agent(user)
  await deleteUser(deps, user.clerkUserId)
  t.notOk(vapi.things.assistant.has(id))
  t.same(
    (await rowsOf(test.database.url, user.clerkUserId)).filter(({ table }) => /vapi|made|agent_/.test(table)),
    [],
  )
})

t.test('in the shared account a tenant sees and gives away only numbers that are hers', async (t) => {
  test.afresh()
  const [user, other] = [test.user(), test.user()]
  const [mine, hers] = [await agent(user), await agent(other)]
  const number = (digits: string, more: object = {}) =>
    vapi.add('phone-number', { provider: 'twilio', number: `+1312555${digits}`, twilioAuthToken: 'hush', ...more })
  const server = { url: 'https://numbers.example' }
  const [claimed, taken, , squad] = [
    number('0101', { server, name: 'Front' }),
    number('0102', { assistantId: hers.id }),
    number('0103'),
    number('0104', { squadId: 's' }),
  ]
  const ids = async (who: Owner) => (await ask(who, 'GET', '/agents/phone-numbers')).body.phone_numbers.map(({ id }: { id: string }) => id)
  t.same(await ids(user), [], 'none is hers')
  t.same(await ids(other), [taken.id], 'what her assistant answers is')
  for (const one of [taken, squad]) {
    await setNumber(user, String(one.number))
    t.same(await ids(user), [], 'claiming what somebody answers opens nothing')
    const refused = await ask(user, 'POST', `${mine.path}/phone-number`, { phone_number_id: one.id })
    t.match(refused, { status: 409, body: { code: 'phone_number_not_yours' } })
  }
  await setNumber(user, String(claimed.number))
  const listed = await ask(user, 'GET', '/agents/phone-numbers')
  t.match(listed.body.phone_numbers, [{ id: claimed.id, number: claimed.number, agent_id: null }])
  t.notMatch(listed.text, 'hush')
  t.same(await ids(other), [taken.id])

  vapi.ledger.length = 0
  const attached = await ask(user, 'POST', `${mine.path}/phone-number`, { phone_number_id: claimed.id })
  t.match(attached, { status: 200, body: { agent_id: mine.agentId } })
  t.has(
    vapi.things['phone-number'].get(claimed.id),
    { assistantId: mine.id, server, name: 'Front', twilioAuthToken: 'hush' },
    'all else stays',
  )
  await ask(user, 'POST', `${mine.path}/phone-number`, { phone_number_id: claimed.id })
  t.equal(vapi.ledger.filter(({ method }) => method === 'PATCH').length, 1, 'what is attached is not attached again')
  t.equal((await ask(other, 'DELETE', `${mine.path}/phone-number/${claimed.id}`)).status, 404)
  t.equal((await ask(other, 'DELETE', `${hers.path}/phone-number/${claimed.id}`)).status, 409)
  const detached = await ask(user, 'DELETE', `${mine.path}/phone-number/${claimed.id}`)
  t.match(detached, { status: 200, body: { id: claimed.id, agent_id: null } })
  t.equal(vapi.things['phone-number'].get(claimed.id)?.assistantId, null)
  t.equal((await ask(user, 'DELETE', `${mine.path}/phone-number/${claimed.id}`)).status, 200, 'again is no harm')
  vapi.faults.add({ kind: 'status', status: 500, times: 2 })
  t.match(await ask(user, 'POST', `${mine.path}/phone-number`, { phone_number_id: claimed.id }), {
    status: 503,
    body: { code: 'vapi_unavailable' },
  })
  const bare = await ask(user, 'POST', '/agents', { agent_name: 'Bare' })
  const nobody = await ask(user, 'POST', `/agents/${bare.body.agent_id}/phone-number`, { phone_number_id: claimed.id })
  t.match(nobody, { status: 409, body: { code: 'assistant_missing' } })
})

t.test('in her own account all numbers are hers', async (t) => {
  test.afresh()
  const user = test.user()
  const account = vapi.addAccount()
  await ask(user, 'PUT', '/vapi/key', { api_key: account.apiKey })
  const { path, id } = await agent(user)
  const number = vapi.add('phone-number', { provider: 'vapi', assistantId: 'another' }, account.orgId)
  t.match((await ask(user, 'GET', '/agents/phone-numbers')).body.phone_numbers, [{ id: number.id }])
  t.equal((await ask(user, 'POST', `${path}/phone-number`, { phone_number_id: number.id })).status, 200)
  t.equal(vapi.things['phone-number'].get(number.id)?.assistantId, id)
})
