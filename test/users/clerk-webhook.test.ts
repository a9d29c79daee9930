import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { dropOldEvents } from '../../src/db/clerk-events.ts'
import { inTenant } from '../../src/db/client.ts'
import { type TestApp, testApp } from '../setup/app.ts'
import { deletion } from '../setup/clerk-webhook.ts'
import { clerkUser } from '../world/clerk/users.ts'

/** Every test has users of its own in it. */
const shared = await testApp(t)

interface Delivery {
  headers: Record<string, string>
  body: string | Buffer
}

async function post({ app }: Pick<TestApp, 'app'>, { headers, body }: Delivery, remoteAddress = '10.3.0.1') {
  const reply = await app.inject({ method: 'POST', url: '/webhooks/clerk', headers, payload: body, remoteAddress })
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers }
}

function stored({ deps }: Pick<TestApp, 'deps'>, clerkUserId: string) {
  return inTenant(deps.db, clerkUserId, async (trx) => ({
    users: await trx.selectFrom('users').select(['email', 'fullName']).execute(),
    events: (await trx.selectFrom('clerkEvents').select('eventId').orderBy('eventId').execute()).map(({ eventId }) => eventId),
  }))
}

/** Signed as Clerk would, whatever it is. */
function signed({ world }: Pick<TestApp, 'world'>, body: string | Buffer, { id = 'msg_1', at = Date.now() } = {}): Delivery {
  const timestamp = String(Math.floor(at / 1000))
  const key = Buffer.from(world.clerk.webhookSecret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return {
    headers: { 'content-type': 'application/json', 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` },
    body,
  }
}

async function refused(t: Test, test: TestApp, delivery: Delivery, code: string, what: string) {
  const { status, body } = await post(test, delivery)
  t.equal(status, 400, what)
  t.match(body, { status: 'error', code }, what)
}

t.test("Clerk's own event makes the user, by her primary address and not by the first", async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const user = clerkUser({ email: 'old@example.com', firstName: 'Ana', lastName: 'Ruiz' })
  const [second] = clerkUser({ email: 'primary@example.com' }).email_addresses
  if (second) user.email_addresses.push(second)
  user.primary_email_address_id = second?.id ?? null
  t.match(await post(test, clerk.signedEvent({ type: 'user.created', data: user }, { id: 'msg_1' })), {
    status: 200,
    body: { success: true },
  })
  t.same(await stored(test, user.id), { users: [{ email: 'primary@example.com', fullName: 'Ana Ruiz' }], events: ['msg_1'] })
  const without = { ...user, primary_email_address_id: null, updated_at: user.updated_at + 1 }
  await post(test, clerk.signedEvent({ type: 'user.updated', data: without }, { id: 'msg_2' }))
  t.match(await stored(test, user.id), { users: [{ email: null }], events: ['msg_1', 'msg_2'] }, 'no primary address is no address')
})

t.test('a delivery that comes again changes nothing, whatever it says by then', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const user = clerkUser({ email: 'ana@example.com', firstName: 'Ana' })
  const event = (first_name: string, later: number) => ({
    type: 'user.updated',
    data: { ...user, first_name, updated_at: user.updated_at + later },
  })
  t.equal((await post(test, clerk.signedEvent(event('One', 1), { id: 'msg_a' }))).status, 200)
  t.equal((await post(test, clerk.signedEvent(event('Two', 2), { id: 'msg_b' }))).status, 200)
  for (const id of ['msg_a', 'msg_b'])
    t.equal((await post(test, clerk.signedEvent(event('Replayed', 3), { id }))).status, 200, 'nothing for Clerk to send again')
  t.match(await stored(test, user.id), { users: [{ fullName: 'Two' }], events: ['msg_a', 'msg_b'] })
  const replies = await Promise.all(Array.from({ length: 10 }, () => post(test, clerk.signedEvent(event('Three', 4), { id: 'msg_c' }))))
  t.same(new Set(replies.map(({ status }) => status)), new Set([200]))
  t.match(await stored(test, user.id), { users: [{ fullName: 'Three' }], events: ['msg_a', 'msg_b', 'msg_c'] })
})

t.test('the id of an event is kept only together with its effect', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const user = clerkUser({ email: 'ana@example.com', firstName: 'Ana' })
  await post(test, clerk.signedEvent({ type: 'user.created', data: user }, { id: 'msg_1' }))
  const client = new pg.Client({ connectionString: test.database.ownerUrl })
  await client.connect()
  t.teardown(() => client.end())
  await client.query('alter table users add constraint broken check (first_name is distinct from $$Broken$$)')
  const event = clerk.signedEvent(
    { type: 'user.updated', data: { ...user, first_name: 'Broken', updated_at: user.updated_at + 1 } },
    { id: 'msg_2' },
  )
  t.equal((await post(test, event)).status, 500)
  t.same((await stored(test, user.id)).events, ['msg_1'])
  await client.query('alter table users drop constraint broken')
  t.equal((await post(test, event)).status, 200)
  t.match(await stored(test, user.id), { users: [{ fullName: 'Broken' }], events: ['msg_1', 'msg_2'] })
})

t.test('ids of events are kept for a week', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const user = clerkUser({ email: 'ana@example.com' })
  for (const [id, days] of [
    ['msg_new', 6],
    ['msg_old', 8],
  ] as const) {
    await post(test, clerk.signedEvent({ type: 'user.created', data: user }, { id }))
    await inTenant(test.deps.db, user.id, (trx) =>
      trx
        .updateTable('clerkEvents')
        .set({ receivedAt: sql<Date>`now() - ${days} * interval '1 day'` })
        .where('eventId', '=', id)
        .execute(),
    )
  }
  await dropOldEvents(test.deps.db)
  t.same((await stored(test, user.id)).events, ['msg_new'])
})

t.test('only what Clerk signed over these very bytes, in the last five minutes, is believed', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const user = clerkUser({ email: 'ana@example.com' })
  const event = { type: 'user.created', data: user }
  const genuine = clerk.signedEvent(event, { id: 'msg_1' })
  const at = (seconds: number) => clerk.signedEvent(event, { at: new Date(Date.now() + seconds * 1000) })
  const otherSecret = `whsec_${Buffer.from('another secret, also long').toString('base64')}`
  const without = (name: string) => ({
    ...genuine,
    headers: Object.fromEntries(Object.entries(genuine.headers).filter(([key]) => key !== name)),
  })
  const spaced = signed(test, JSON.stringify(event, null, 1))
  for (const [what, delivery] of Object.entries<Delivery>({
    'a changed byte': { ...genuine, body: genuine.body.replace('ana@', 'eve@') },
    'the same JSON in other bytes': { ...spaced, body: JSON.stringify(event) },
    'too old': at(-310),
    'from the future': at(310),
    'another secret': clerk.signedEvent(event, { secret: otherSecret }),
    'another id': { ...genuine, headers: { ...genuine.headers, 'svix-id': 'msg_2' } },
    'another time': { ...genuine, headers: { ...genuine.headers, 'svix-timestamp': String(Math.floor(Date.now() / 1000) - 60) } },
    'no time': { ...genuine, headers: { ...genuine.headers, 'svix-timestamp': 'now' } },
    'a signature of another version': {
      ...genuine,
      headers: { ...genuine.headers, 'svix-signature': genuine.headers['svix-signature']?.replace('v1,', 'v2,') ?? '' },
    },
    'an empty signature': { ...genuine, headers: { ...genuine.headers, 'svix-signature': 'v1,' } },
    'garbage for a signature': { ...genuine, headers: { ...genuine.headers, 'svix-signature': '\u00e9 , v1 v1,,' } },
    'no id': without('svix-id'),
    'no timestamp': without('svix-timestamp'),
    'no signature': without('svix-signature'),
    'the service secret instead': {
      headers: { 'content-type': 'application/json', authorization: `Bearer ${clerk.secretKey}` },
      body: genuine.body,
    },
    'nothing signed and no body': { headers: { 'content-type': 'application/json' }, body: '' },
  }))
    await refused(t, test, delivery, 'signature_refused', what)
  t.same((await stored(test, user.id)).users, [])

  for (const [what, delivery] of Object.entries<Delivery>({
    'almost too old': at(-290),
    'almost too early': at(290),
    'one of several signatures': {
      ...genuine,
      headers: { ...genuine.headers, 'svix-signature': `v1,AAAA ${genuine.headers['svix-signature']}` },
    },
    'spaces that a parser would lose': spaced,
  }))
    t.equal((await post(test, delivery)).status, 200, what)
})

t.test('whoever keeps guessing signatures is put off, and Clerk is heard all the while', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const event = clerk.signedEvent({ type: 'session.created', data: {} })
  const forged = { ...event, headers: { ...event.headers, 'svix-signature': 'v1,AAAA' } }
  for (let guess = 0; guess < 30; guess += 1) t.equal((await post(test, forged, '10.9.9.9')).status, 400)
  const closed = await post(test, forged, '10.9.9.9')
  t.match(closed, { status: 429, body: { code: 'too_many_requests' } })
  t.ok(Number(closed.headers['retry-after']) >= 1)
  t.equal((await post(test, event, '10.9.9.9')).status, 200)
  t.equal((await post(test, forged, '10.9.9.8')).status, 400)
})

t.test('events of other types are acknowledged, whatever they hold', async (t) => {
  const test = shared.afresh()
  for (const [type, data] of [
    ['session.created', { id: 'sess_1', user_id: 'user_1' }],
    ['organization.deleted', null],
    ['user.somethingNew', { id: 7 }],
    ['', []],
  ] as const)
    t.equal((await post(test, signed(test, JSON.stringify({ type, data })))).status, 200, type)
})

t.test('what Clerk signed but nobody can make sense of is a 400 and never a fault', async (t) => {
  const test = shared.afresh()
  const user = clerkUser({ email: 'ana@example.com' })
  const updated = (change: object) => ({ type: 'user.updated', data: { ...user, ...change } })
  for (const body of [
    {},
    [],
    7,
    'text',
    { type: 7, data: user },
    { data: user },
    { type: 'user.created' },
    { type: 'user.created', data: null },
    { type: 'user.created', data: [] },
    updated({ id: undefined }),
    updated({ id: 'org_2abc' }),
    updated({ id: `user_${'x'.repeat(500)}` }),
    updated({ id: 'user_\u0000' }),
    updated({ email_addresses: undefined }),
    updated({ email_addresses: [null] }),
    updated({ email_addresses: [{ id: 'idn_1' }] }),
    updated({ primary_email_address_id: 7 }),
    updated({ first_name: {} }),
    updated({ updated_at: undefined }),
    updated({ updated_at: '2026-11-01T10:00:00Z' }),
    updated({ updated_at: -1 }),
    updated({ updated_at: 1e18 }),
    updated({ updated_at: 0.5 }),
    { type: 'user.deleted', data: {} },
    { type: 'user.deleted', data: { id: 'x' } },
  ])
    await refused(t, test, signed(test, JSON.stringify(body)), 'invalid_request', JSON.stringify(body).slice(0, 80))
  await refused(t, test, signed(test, '{"type":'), 'invalid_request', 'half a text')
  await refused(t, test, signed(test, '{"type":"x","__proto__":{}}'), 'invalid_request', 'poison')
  await refused(
    t,
    test,
    signed(test, JSON.stringify(updated({})), { id: 'm'.repeat(3000) }),
    'invalid_request',
    'an id that no index takes',
  )
  t.same((await stored(test, user.id)).users, [])
  const loud = updated({ first_name: `A\u0000na\u202E\n${'x'.repeat(9000)}`, last_name: '\ud800' })
  t.equal((await post(test, signed(test, JSON.stringify(loud)))).status, 200, 'characters that cannot be kept are left out')
  t.match((await stored(test, user.id)).users, [{ fullName: /^Ana x+$/ }])
  t.notOk(test.logs.some((line) => line.includes('a bug')))
})

t.test('an event has room for 256 KiB, and no more', async (t) => {
  const test = shared.afresh()
  const user = { ...clerkUser({ email: 'ana@example.com' }), public_metadata: { note: '' } }
  const sized = (bytes: number) => {
    const room = bytes - Buffer.byteLength(JSON.stringify({ type: 'user.created', data: user }))
    return signed(test, JSON.stringify({ type: 'user.created', data: { ...user, public_metadata: { note: 'x'.repeat(room) } } }))
  }
  t.equal((await post(test, sized(256 * 1024))).status, 200)
  t.match(await post(test, sized(256 * 1024 + 1)), { status: 413, body: { code: 'too_large' } })
})

t.test('without its signing secret the door is closed, and says what to set', async (t) => {
  const test = await testApp(t, { CLERK_WEBHOOK_SECRET: '' })
  const { clerk } = test.world
  const reply = await post(test, clerk.signedEvent({ type: 'user.created', data: clerkUser({}) }))
  t.match(reply, { status: 503, body: { code: 'webhook_off', message: /CLERK_WEBHOOK_SECRET/ } })
})

t.test('an event about somebody who was deleted is taken, and says that she stays so', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const user = clerkUser({ email: 'ana@example.com' })
  for (let time = 0; time < 2; time += 1)
    t.match(await post(test, clerk.signedEvent(deletion(user.id))), { status: 200, body: { message: 'The user is deleted.' } })
  const late = clerk.signedEvent({ type: 'user.updated', data: { ...user, updated_at: Date.now() + 60_000 } })
  t.match(await post(test, late), { status: 200, body: { message: 'This user was deleted and stays deleted.' } })
  t.same(await stored(test, user.id), { users: [], events: [] })
})

t.test('no page in a browser reads what this door answers', async (t) => {
  const { app } = shared.afresh()
  for (const url of ['/webhooks/clerk', '/webhooks/clerk/']) {
    const reply = await app.inject({ method: 'POST', url, headers: { origin: 'http://localhost:3000' } })
    t.equal(reply.headers['access-control-allow-origin'], undefined)
  }
})
