import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'
import { objectIn } from '../setup/json.ts'

// Contract, section 4.2: the users' routes, as the frontend calls them and reads their answers.
const test = await testApp(t)
const { url, action } = await frontend(t, test)
const { clerk } = test.world

/** What the frontend's server sends with the shared secret. */
function sync(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Response> {
  return fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${clerk.secretKey}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

const create = (body: object) => sync('POST', '/users/create-from-clerk', body)
const byClerkId = (id: string) => `/users/by-clerk-id/${id}`
const ana = (id: string) => ({
  clerk_user_id: id,
  email: 'ana@example.com',
  first_name: 'Ana',
  last_name: 'Ruiz',
  created_at: '2026-11-01T10:00:00.000Z',
})
const newId = () => `user_${crypto.randomUUID().replaceAll('-', '')}`

/** The data of an answer that is a success. */
async function dataIn(t: Test, response: Response, status = 200): Promise<Record<string, unknown>> {
  t.equal(response.status, status)
  const { success, message, data } = await objectIn(response)
  t.equal(success, true)
  t.type(message, 'string')
  t.type(data, 'object')
  return { ...(typeof data === 'object' ? data : {}) }
}

async function failed(t: Test, response: Response, status: number, code: string) {
  t.equal(response.status, status)
  const body = await objectIn(response)
  t.same(body, { status: 'error', code, message: body.message, detail: body.message, error: body.message })
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

t.test('GET /users/me answers the bare user with every field that the frontend reads', async (t) => {
  const user = test.user('dana@example.com')
  const response = await action(user, '/users/me')
  t.equal(response.status, 200)
  const me = await objectIn(response)
  t.match(me, {
    user_id: /^[0-9a-f-]{36}$/,
    clerk_user_id: user.clerkUserId,
    email: 'dana@example.com',
    first_name: 'Dana',
    last_name: 'Reyes',
    full_name: 'Dana Reyes',
    created_at: instant,
    updated_at: instant,
    microsoft_calendar_connected: false,
    google_calendar_connected: false,
  })
  t.equal(Object.keys(me).length, 10, 'and no other')
  t.same(await objectIn(await action(user, '/users/me')), me, 'the id stays')
})

t.test('GET /users/me: what the frontend cannot do without is there for a user of whom nothing is known', async (t) => {
  const { id } = clerk.addUser()
  const me = await objectIn(await action({ ...test.user(), clerkUserId: id }, '/users/me'))
  t.match(me, { user_id: /./, email: '', full_name: null, created_at: instant })
})

t.test('GET /users/me refuses with the status that goes through to the browser', async (t) => {
  const user = test.user()
  await failed(
    t,
    await action(user, '/users/me', { token: clerk.token(user.clerkUserId, { exp: 1, iat: 0, nbf: 0 }) }),
    401,
    'not_signed_in',
  )
})

t.test('ten first visits at once, together with the news of the sign-up, make one user', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const user = test.user()
    const person = clerk.users.get(user.clerkUserId)
    const news = {
      clerk_user_id: user.clerkUserId,
      email: user.email,
      first_name: 'Dana',
      last_name: 'Reyes',
      created_at: new Date(person?.created_at ?? 0).toISOString(),
    }
    await Promise.all(Array.from({ length: 10 }, () => sql`select pg_sleep(0.05)`.execute(test.deps.db)))
    const replies = await Promise.all([
      ...Array.from({ length: 10 }, (_, index) => action(user, '/users/me', index % 2 ? {} : { token: clerk.token(user.clerkUserId) })),
      create(news),
      create(news),
    ])
    t.same([...new Set(replies.slice(0, 10).map(({ status }) => status))], [200])
    for (const { status } of replies.slice(10)) t.ok([200, 201].includes(status), `${status}`)
    const bodies = await Promise.all(replies.map(objectIn))
    const ids = bodies.map(
      (body) => body.user_id ?? (typeof body.data === 'object' && body.data && 'id' in body.data ? body.data.id : null),
    )
    t.equal(new Set(ids).size, 1, 'everybody was told the same id')
    const rows = await inTenant(test.deps.db, user.clerkUserId, async (trx) => ({
      users: await trx.selectFrom('users').select(['email', 'fullName']).execute(),
      businesses: await trx.selectFrom('businesses').select(['name', 'email']).execute(),
    }))
    t.same(rows, { users: [{ email: user.email, fullName: 'Dana Reyes' }], businesses: [{ name: 'Dana Reyes', email: user.email }] })
  }
})

t.test('POST /users/create-from-clerk makes the user, and doing it again gives the same one', async (t) => {
  const id = newId()
  const first = await dataIn(t, await create(ana(id)), 201)
  t.match(first, {
    id: /^[0-9a-f-]{36}$/,
    clerk_user_id: id,
    email: 'ana@example.com',
    first_name: 'Ana',
    last_name: 'Ruiz',
    full_name: 'Ana Ruiz',
    created_at: instant,
    updated_at: instant,
    microsoft_calendar_connected: false,
    google_calendar_connected: false,
  })
  t.equal(first.user_id, first.id)
  t.same(await dataIn(t, await create(ana(id))), first)
  clerk.addUser({ id, email: 'ana@example.com' })
  const { id: _same, ...me } = first
  t.same(await objectIn(await action({ ...test.user(), clerkUserId: id }, '/users/me')), me, 'whom she is told to be as well')
})

t.test('POST /users/create-from-clerk: keys that Clerk has nothing for are absent', async (t) => {
  const id = newId()
  const bare = await dataIn(t, await create({ clerk_user_id: id, created_at: '2026-11-01T10:00:00.000Z' }), 201)
  t.match(bare, { clerk_user_id: id, email: '', first_name: null, last_name: null, full_name: null })
  const doubled = { clerk_user_id: newId(), first_name: ' Ana  Maria ', last_name: '', email: '' }
  t.match(await dataIn(t, await create(doubled), 201), { email: '', first_name: 'Ana Maria', last_name: null, full_name: 'Ana Maria' })
})

t.test('POST /users/create-from-clerk takes nothing from outside but what it names', async (t) => {
  const mine = crypto.randomUUID()
  const odd = {
    ...ana(newId()),
    user_id: mine,
    id: mine,
    deleted_at: '2026-01-01T00:00:00Z',
    time_zone: 'UTC',
    google_calendar_connected: true,
  }
  const made = await dataIn(t, await create(odd), 201)
  t.not(made.user_id, mine)
  t.equal(made.google_calendar_connected, false)
  t.ok(Math.abs(Date.parse(String(made.created_at)) - Date.now()) < 60_000, 'when the row was made is ours to say')
})

t.test('POST /users/create-from-clerk refuses what is no user of Clerk, and never with a fault', async (t) => {
  for (const body of [
    {},
    [],
    { ...ana(''), clerk_user_id: undefined },
    ana(''),
    ana('org_2abc'),
    ana('user_'),
    ana(`user_${'x'.repeat(200)}`),
    ana("user_x'; drop table users; --"),
    { ...ana(newId()), clerk_user_id: 7 },
    { ...ana(newId()), email: 7 },
    { ...ana(newId()), created_at: 'yesterday' },
    { ...ana(newId()), created_at: '2026-11-01T10:00:00' },
  ])
    await failed(t, await create(body), 400, 'invalid_request')
  const loud = { ...ana(newId()), first_name: `A\u0000\u202Ena\n${'x'.repeat(5000)}` }
  const made = await dataIn(t, await create(loud), 201)
  t.match(made.first_name, /^Ana x+$/)
  t.ok(String(made.first_name).length <= 320)
})

t.test('PATCH /users/by-clerk-id/{id} is the whole state: what is left out, Clerk does not have', async (t) => {
  const id = newId()
  const made = await dataIn(t, await create(ana(id)), 201)
  const change = { email: 'new@example.com', first_name: 'Anna', last_name: null, updated_at: '2026-11-02T10:00:00.000Z' }
  const changed = await dataIn(t, await sync('PATCH', byClerkId(id), change))
  t.match(changed, { id: made.id, email: 'new@example.com', first_name: 'Anna', last_name: null, full_name: 'Anna' })
  const bare = { first_name: null, last_name: null, updated_at: '2026-11-03T10:00:00.000Z' }
  t.match(await dataIn(t, await sync('PATCH', byClerkId(id), bare)), { email: '', full_name: null })
})

t.test('PATCH /users/by-clerk-id/{id}: an older or equal state never overwrites a newer one', async (t) => {
  const id = newId()
  const at = (day: number, first_name: string) =>
    sync('PATCH', byClerkId(id), {
      email: `${first_name}@example.com`,
      first_name,
      last_name: null,
      updated_at: `2026-11-0${day}T10:00:00.000Z`,
    })
  t.match(await dataIn(t, await at(5, 'five')), { first_name: 'five' }, 'an unknown user is made: the news of her may have been lost')
  for (const [day, name] of [
    [4, 'four'],
    [5, 'again'],
  ] as const)
    t.match(await dataIn(t, await at(day, name)), { first_name: 'five', email: 'five@example.com' })
  t.match(await dataIn(t, await create(ana(id))), { first_name: 'five' }, 'the sign-up that comes late is older too')
  t.match(await dataIn(t, await at(6, 'six')), { first_name: 'six' })
})

t.test('what is known from a token alone gives way to whatever Clerk tells', async (t) => {
  const user = test.user()
  await action(user, '/users/me')
  const old = { ...ana(user.clerkUserId), created_at: '2001-01-01T00:00:00.000Z' }
  t.match(await dataIn(t, await create(old)), { email: 'ana@example.com', full_name: 'Ana Ruiz' })
})

t.test('PATCH /users/by-clerk-id/{id} refuses what says nothing', async (t) => {
  const change = { first_name: null, last_name: null, updated_at: '2026-11-02T10:00:00.000Z' }
  for (const [id, body] of [
    [newId(), { ...change, updated_at: undefined }],
    [newId(), { ...change, updated_at: 'now' }],
    [newId(), { ...change, first_name: 7 }],
    ['org_2abc', change],
  ] as const)
    await failed(t, await sync('PATCH', byClerkId(id), body), 400, 'invalid_request')
})

t.test('GET /users/by-clerk-id/{id} answers the user, and one who is unknown or was deleted is not found', async (t) => {
  const id = newId()
  const made = await dataIn(t, await create(ana(id)), 201)
  t.same(await dataIn(t, await sync('GET', byClerkId(id))), made)
  const gone = newId()
  await create(ana(gone))
  await sync('DELETE', byClerkId(gone))
  for (const other of [newId(), gone, 'nonsense', 'user_%25', String(made.user_id).slice(1)])
    await failed(t, await sync('GET', byClerkId(other)), 404, 'not_found')
})

t.test('DELETE /users/by-clerk-id/{id} can be repeated, and one who never came can be deleted', async (t) => {
  const [id, unknown] = [newId(), newId()]
  await create(ana(id))
  for (const one of [id, id, unknown, unknown]) {
    const response = await sync('DELETE', byClerkId(one))
    t.equal(response.status, 200)
    t.match(await objectIn(response), { success: true, message: 'The user is deleted.' })
  }
  for (const one of [id, unknown]) {
    for (const late of [
      await create(ana(one)),
      await sync('PATCH', byClerkId(one), { first_name: 'Late', last_name: null, updated_at: '2027-01-01T00:00:00.000Z' }),
    ]) {
      t.equal(late.status, 200, 'the sender can do nothing about it')
      t.same(await objectIn(late), { success: true, message: 'This user was deleted and stays deleted.', data: null })
    }
    await failed(t, await sync('GET', byClerkId(one)), 404, 'not_found')
  }
})

t.test('whoever signs up again with the same e-mail is somebody new', async (t) => {
  const [before, after] = [newId(), newId()]
  const first = await dataIn(t, await create(ana(before)), 201)
  await sync('DELETE', byClerkId(before))
  const second = await dataIn(t, await create(ana(after)), 201)
  t.equal(second.email, first.email)
  t.not(second.user_id, first.user_id)
})

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`PATCH /users/{id}/calendar-status: ${vendor} can be disconnected, by our id or Clerk's`, async (t) => {
    for (const which of ['user_id', 'clerk_user_id']) {
      const owner = await test.owner({ vendor })
      const me = await objectIn(await action(owner, '/users/me'))
      const path = `/users/${me[which]}/calendar-status`
      const other = vendor === 'google' ? 'microsoft' : 'google'
      await dataIn(t, await sync('PATCH', path, { provider: other, connected: false }))
      const connected = await dataIn(t, await sync('PATCH', path, { provider: vendor, connected: true }))
      t.equal(connected[`${vendor}_calendar_connected`], true, 'the other vendor is not concerned')
      t.equal(connected.id, me.user_id)
      const after = await dataIn(t, await sync('PATCH', path, { provider: vendor, connected: false }))
      t.equal(after[`${vendor}_calendar_connected`], false)
      const status = await objectIn(await action(owner, '/calendar/auth/status'))
      t.match(status, { authorized: false, provider: null })
      await dataIn(t, await sync('PATCH', path, { provider: vendor, connected: false }))
      await failed(t, await sync('PATCH', path, { provider: vendor, connected: true }), 409, 'calendar_not_connected')
    }
  })

  t.test(`PATCH /users/{id}/calendar-status never makes a connection to ${vendor} up`, async (t) => {
    const user = test.user()
    await action(user, '/users/me')
    const path = `/users/${user.clerkUserId}/calendar-status`
    await failed(t, await sync('PATCH', path, { provider: vendor, connected: true }), 409, 'calendar_not_connected')
    const owner = await test.owner({ vendor })
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('oauthTokens').set({ state: 'reconnect' }).execute())
    const lapsed = `/users/${owner.clerkUserId}/calendar-status`
    await failed(t, await sync('PATCH', lapsed, { provider: vendor, connected: true }), 409, 'calendar_not_connected')
    t.match(await objectIn(await action(user, '/users/me')), { [`${vendor}_calendar_connected`]: false })
  })
}

t.test('PATCH /users/{id}/calendar-status: unknown, foreign and deleted users are not found, and other bodies refused', async (t) => {
  const id = newId()
  const { user_id } = await dataIn(t, await create(ana(id)), 201)
  for (const body of [{}, { provider: 'yahoo', connected: false }, { provider: 'google' }, { provider: 'google', connected: 'no' }])
    await failed(t, await sync('PATCH', `/users/${id}/calendar-status`, body), 400, 'invalid_request')
  await sync('DELETE', byClerkId(id))
  for (const other of [id, user_id, newId(), crypto.randomUUID(), 'nonsense', '7', '%00'])
    await failed(t, await sync('PATCH', `/users/${other}/calendar-status`, { provider: 'google', connected: false }), 404, 'not_found')
})
