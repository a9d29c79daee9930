import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { say, soundEntries, words } from '../setup/voice.ts'
import { common, toolCalls } from '../world/vapi/messages.ts'

const test = await testApp(t, {
  VAPI_WEBHOOK_SECRET: 'installation-new,installation-old',
  VAPI_HMAC_SECRET: 'hmac-new,hmac-old',
  LIMIT_TOOL_CALLS_PER_MINUTE: '40',
})
const owner = await test.owner()
const stranger = await test.owner()
const unsigned = await assistantOf(owner)

/** A further assistant of hers, linked but without a secret of its own. */
async function assistantOf(who: ConnectedOwner, payload: object = {}): Promise<{ assistantId: string; agentId: number }> {
  const assistantId = crypto.randomUUID()
  const made = await test.app.inject({
    method: 'POST',
    url: '/agents',
    headers: who.headers(),
    payload: { agent_name: 'Second desk', vapi_assistant_id: assistantId, ...payload },
  })
  return { assistantId, agentId: made.json().agent_id }
}

async function newSecret(who: ConnectedOwner, agentId: number): Promise<string> {
  const made = await test.app.inject({ method: 'POST', url: `/agents/${agentId}/secret`, headers: who.headers() })
  return made.json().secret
}

// An address of its own for each request, so that no test fills the count of wrong secrets for another.
let addresses = 0
function nextAddress(): string {
  addresses += 1
  return `10.1.${addresses >> 8}.${addresses & 255}`
}

function ask(assistantId: string | null, headers: Record<string, string>, extra: Record<string, unknown> = {}) {
  const body = toolCalls([{ name: 'get_availability' }], { assistantId, extra })
  return say(test, body, { headers, remoteAddress: nextAddress() })
}

async function served(t: Test, assistantId: string | null, headers: Record<string, string>, why = 'as it should be') {
  const { status, results } = await ask(assistantId, headers)
  t.equal(status, 200, why)
  t.match(results[0]?.result, /^I have Tuesday/, why)
}

async function refused(t: Test, assistantId: string | null, headers: Record<string, string>, why = 'as it should be') {
  const { reply, status } = await ask(assistantId, headers)
  t.equal(status, 401, why)
  t.equal(reply.body, '{}', 'and no hint')
}

function hmac(body: string, secret: string, timestamp: string | number = Date.now()): Record<string, string> {
  return { 'x-timestamp': String(timestamp), 'x-signature': createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex') }
}

t.test("an assistant's own secret opens its door, in either header", async (t) => {
  await served(t, owner.assistantId, { 'x-vapi-secret': owner.secret })
  await served(t, owner.assistantId, { authorization: `Bearer ${owner.secret}` })
  await served(t, owner.assistantId, { authorization: `bearer ${owner.secret}` })
  await served(t, null, { 'x-vapi-secret': owner.secret }, 'a transient assistant, known by the secret alone')
  await refused(t, owner.assistantId, { 'x-vapi-secret': `${owner.secret}x` })
  await refused(t, owner.assistantId, { authorization: 'Bearer ' })
  await refused(t, owner.assistantId, { 'x-vapi-secret': '' })
})

t.test("the installation's secret serves assistants without one, the old value too while it is being changed", async (t) => {
  for (const secret of ['installation-new', 'installation-old']) {
    await served(t, unsigned.assistantId, { 'x-vapi-secret': secret })
    await served(t, unsigned.assistantId, { authorization: `Bearer ${secret}` })
  }
  await refused(t, unsigned.assistantId, { 'x-vapi-secret': 'installation-new,installation-old' })
})

t.test('an assistant with a secret on file is never served without it', async (t) => {
  const second = await assistantOf(owner)
  const secretOfSecond = await newSecret(owner, second.agentId)
  await served(t, second.assistantId, { 'x-vapi-secret': secretOfSecond })
  await refused(t, owner.assistantId, {}, 'nothing shown')
  await refused(t, owner.assistantId, { 'x-vapi-secret': 'installation-new' }, "the installation's")
  await refused(t, owner.assistantId, { 'x-vapi-secret': secretOfSecond }, 'of another assistant of hers')
  await refused(t, owner.assistantId, { 'x-vapi-secret': stranger.secret }, "of somebody else's assistant")
  await refused(t, unsigned.assistantId, { 'x-vapi-secret': stranger.secret }, 'of another tenant, for an assistant without one')
  const body = JSON.stringify(toolCalls([{ name: 'get_availability' }], { assistantId: owner.assistantId }))
  const { status, reply } = await say(test, body, { headers: hmac(body, 'hmac-new'), remoteAddress: '10.2.0.1' })
  t.equal(status, 401, 'a signature')
  t.equal(reply.body, '{}')
})

t.test('ids of two tenants in one message are served to neither', async (t) => {
  const both = { assistant: { id: stranger.assistantId } }
  const own = await ask(owner.assistantId, { 'x-vapi-secret': owner.secret }, both)
  t.equal(own.status, 401)
  const theirs = await assistantOf(stranger)
  const open = await ask(unsigned.assistantId, {}, { assistant: { id: theirs.assistantId } })
  t.match(open.results[0]?.result, 'not set up')
})

t.test('a changed secret: the one before stays good, the one before that does not', async (t) => {
  const agent = await assistantOf(owner)
  const [first, second, third] = [
    await newSecret(owner, agent.agentId),
    await newSecret(owner, agent.agentId),
    await newSecret(owner, agent.agentId),
  ]
  await served(t, agent.assistantId, { 'x-vapi-secret': third })
  await served(t, agent.assistantId, { 'x-vapi-secret': second })
  await refused(t, agent.assistantId, { 'x-vapi-secret': first })
  const foreign = await test.app.inject({ method: 'POST', url: `/agents/${agent.agentId}/secret`, headers: stranger.headers() })
  t.equal(foreign.statusCode, 404, 'nobody else changes it')
  await served(t, agent.assistantId, { 'x-vapi-secret': third })
})

t.test('a signature over the raw bytes is taken for five minutes, in seconds and milliseconds', async (t) => {
  // Spaces and an escape that a parser would lose: what counts are the bytes.
  const body = JSON.stringify(
    toolCalls([{ name: 'get_availability', arguments: { x: 'é' } }], { assistantId: unsigned.assistantId }),
    null,
    1,
  )
  const now = Date.now()
  const post = (headers: Record<string, string>, sent = body) => say(test, sent, { headers, remoteAddress: nextAddress() })
  for (const secret of ['hmac-new', 'hmac-old'])
    for (const timestamp of [now, Math.floor(now / 1000), now - 290_000, now + 290_000, Math.floor(now / 1000) - 290])
      t.equal((await post(hmac(body, secret, timestamp))).status, 200, `${timestamp - now}`)
  const capitals = hmac(body, 'hmac-new', now)
  t.equal((await post({ ...capitals, 'x-signature': capitals['x-signature']?.toUpperCase() ?? '' })).status, 200)

  for (const timestamp of [
    now - 310_000,
    now + 310_000,
    Math.floor(now / 1000) - 310,
    Math.floor(now / 1000) + 310,
    '',
    '0',
    '-1',
    'now',
    '1e12',
  ])
    t.equal((await post(hmac(body, 'hmac-new', timestamp))).status, 401, `time ${timestamp}`)
  t.equal((await post(hmac(body, 'hmac-wrong', now))).status, 401, 'another secret')
  t.equal((await post(hmac(body, 'hmac-new', now), body.replace('é', 'e'))).status, 401, 'a changed byte')
  t.equal((await post(hmac(body, 'hmac-new', now), JSON.stringify(JSON.parse(body)))).status, 401, 'the same JSON in other bytes')
  t.equal((await post({ ...hmac(body, 'hmac-new', now), 'x-timestamp': String(now + 1) })).status, 401, 'a changed time')
  t.equal((await post({ 'x-timestamp': String(now), 'x-signature': '' })).status, 401, 'no signature in it')
  const { 'x-timestamp': _left, ...withoutTime } = hmac(body, 'hmac-new', now)
  t.equal((await post(withoutTime)).status, 401, 'no time')
})

t.test('an assistant without a secret may offer and book, but the number it names is not believed', async (t) => {
  const book = { name: 'book_appointment', arguments: { start_time: '2026-12-02T10:00', name: 'Ana Ruiz' } }
  const { assistantId } = await assistantOf(owner)
  const body = toolCalls([book], { assistantId, customerNumber: '+12125550123' })
  const { results } = await say(test, body)
  t.match(results[0]?.result, 'You are booked')
  const stored = () =>
    inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx.selectFrom('bookings').select(['customerName', 'customerPhone']).orderBy('startsAt').execute(),
    )
  t.same(await stored(), [{ customerName: 'Ana Ruiz', customerPhone: null }])
  t.notMatch(JSON.stringify(test.world.google.events(owner.calendarEmail)), '5550123')
  await owner.call('book_appointment', { start_time: '2026-12-02T11:00', name: 'Bo' }, { number: '+12125550124' })
  t.match(await stored(), [{}, { customerPhone: '+12125550124' }], 'with the secret it is')
})

t.test('what a model writes into user_id opens nothing', async (t) => {
  for (const id of [stranger.clerkUserId, stranger.email, stranger.assistantId]) {
    const { result } = await owner.call('book_appointment', {
      user_id: id,
      clerk_user_id: id,
      assistantId: id,
      start_time: '2026-12-03T10:00',
    })
    t.match(result, /booked for Thursday/)
  }
  t.equal(test.world.google.events(stranger.calendarEmail).length, 0)
  t.match(
    test.world.google.events(owner.calendarEmail).map((event) => event.startsAt.toISOString()),
    [/./, /./, '2026-12-03T16:00:00.000Z'],
  )
})

t.test('an agent that was switched off is unknown', async (t) => {
  const off = await assistantOf(owner, { is_active: false })
  const { status, results } = await ask(off.assistantId, {})
  t.equal(status, 200)
  t.match(results[0]?.result, 'not set up')
})

t.test('too many function calls in a minute are put off in words; without a secret a quarter is too many', async (t) => {
  const flood = async (assistantId: string, headers: Record<string, string>, count: number) => {
    const results = []
    for (let sent = 0; sent < count; sent += 10) {
      const calls = Array.from({ length: Math.min(10, count - sent) }, (_, n) => ({ id: `c${sent + n}`, name: 'unheard_of' }))
      const reply = await say(test, toolCalls(calls, { assistantId }), { headers })
      t.equal(reply.status, 200)
      results.push(...reply.results)
    }
    return results
  }
  const put = (entry: { error?: string }) => /ask me again in a minute/.test(words(entry))
  const signed = await assistantOf(owner)
  const secret = await newSecret(owner, signed.agentId)
  const many = await flood(signed.assistantId, { 'x-vapi-secret': secret }, 43)
  t.equal(many.filter(put).length, 3)
  soundEntries(t, many.slice(-1))
  const plain = await assistantOf(owner)
  t.equal((await flood(plain.assistantId, {}, 13)).filter(put).length, 3)
  t.match(await owner.call('get_availability', {}), { result: /^I have/ }, 'other assistants go on')
})

t.test('of hundreds of calls in one message ten are carried out, and the others hear at once to ask again', async (t) => {
  const signed = await assistantOf(owner)
  const secret = await newSecret(owner, signed.agentId)
  const calls = Array.from({ length: 300 }, (_, n) => ({ id: `c${n}`, name: 'unheard_of' }))
  const { results } = await say(test, toolCalls(calls, { assistantId: signed.assistantId }), { headers: { 'x-vapi-secret': secret } })
  t.equal(results.length, 300)
  t.same(
    results.map(({ toolCallId }) => toolCallId),
    calls.map(({ id }) => id),
  )
  t.equal(results.filter((entry) => /ask me again in a minute/.test(words(entry))).length, 290)
})

t.test('whoever guesses secrets is put off after thirty wrong ones; the right secret is served all the while', async (t) => {
  const from = (remoteAddress: string, secret: string) =>
    say(test, { message: common('hang', { assistantId: unsigned.assistantId }) }, { headers: { 'x-vapi-secret': secret }, remoteAddress })
  for (let n = 0; n < 30; n += 1) t.equal((await from('10.9.9.9', `guess ${n}`)).status, 401)
  const closed = await from('10.9.9.9', 'guess 30')
  t.equal(closed.status, 429)
  t.match(closed.json, { status: 'error', code: 'too_many_requests' })
  const wait = Number(closed.reply.headers['retry-after'])
  t.ok(wait >= 1 && wait <= 60, `says how long to wait: ${wait}`)
  t.equal((await from('10.9.9.9', 'installation-new')).status, 200, 'one outdated secret at Vapi does not silence the other assistants')
  t.equal((await from('10.9.9.8', 'guess 31')).status, 401, 'elsewhere nothing was counted')
})

t.test('where unsigned messages are refused, nothing is served without credentials', async (t) => {
  const strict = await testApp(t, { VAPI_UNSIGNED: 'refuse' })
  const strictOwner = await strict.owner()
  for (const assistantId of [strictOwner.assistantId, 'unknown', null]) {
    const { status, reply } = await say(strict, toolCalls([{ name: 'get_availability' }], { assistantId }))
    t.equal(status, 401)
    t.equal(reply.body, '{}')
  }
  t.equal((await say(strict, { message: common('hang') })).status, 401)
  t.match(await strictOwner.call('get_availability', {}), { result: /^I have/ })
})
