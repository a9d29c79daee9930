import { sql } from 'kysely'
import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type Owner, type TestApp, testApp } from '../setup/app.ts'

/** Every test has users of its own in it. */
const shared = await testApp(t)

async function me({ app }: Pick<TestApp, 'app'>, token: string, query = '') {
  const reply = await app.inject({ url: `/users/me${query}`, headers: { authorization: `Bearer ${token}` } })
  return { status: reply.statusCode, body: reply.json() }
}

/** How many rows this user has. */
function rowsOf({ deps }: TestApp, { clerkUserId }: Pick<Owner, 'clerkUserId'>) {
  return inTenant(deps.db, clerkUserId, async (trx) => ({
    users: (await trx.selectFrom('users').select('id').execute()).length,
    businesses: await trx.selectFrom('businesses').select(['name', 'email']).execute(),
  }))
}

t.test('the signed-in user is told who she is, as the frontend reads it', async (t) => {
  const test = shared.afresh()
  const { clerkUserId, email } = test.user('dana@example.com')
  const { status, body } = await me(test, test.world.clerk.token(clerkUserId))
  t.equal(status, 200)
  t.same(Object.keys(body).sort(), [
    'clerk_user_id',
    'created_at',
    'email',
    'first_name',
    'full_name',
    'google_calendar_connected',
    'last_name',
    'microsoft_calendar_connected',
    'updated_at',
    'user_id',
  ])
  t.match(body, {
    user_id: /^[0-9a-f-]{36}$/,
    clerk_user_id: clerkUserId,
    email,
    first_name: 'Dana',
    last_name: 'Reyes',
    full_name: 'Dana Reyes',
    created_at: /^\d{4}-\d\d-\d\dT.*Z$/,
    microsoft_calendar_connected: false,
    google_calendar_connected: false,
  })
  t.same((await me(test, test.world.clerk.token(clerkUserId))).body, body, 'and the same the next time')
})

t.test('without a token nobody is told anything', async (t) => {
  const { app } = shared.afresh()
  const reply = await app.inject({ url: '/users/me?user_id=user_2abc' })
  t.equal(reply.statusCode, 401)
  const { message } = reply.json()
  t.same(reply.json(), { status: 'error', code: 'not_signed_in', message, detail: message, error: message })
})

t.test('the calendar that is connected is named, and after a disconnect none', async (t) => {
  const test = shared.afresh()
  for (const vendor of ['google', 'microsoft'] as const) {
    const owner = await test.owner({ vendor })
    const { body } = await me(test, test.world.clerk.token(owner.clerkUserId))
    t.match(body, { google_calendar_connected: vendor === 'google', microsoft_calendar_connected: vendor === 'microsoft' })
    const url = vendor === 'google' ? '/calendar/google/auth/disconnect' : '/calendar/auth/disconnect'
    await test.app.inject({ method: 'DELETE', url, headers: owner.headers() })
    const after = await me(test, test.world.clerk.token(owner.clerkUserId))
    t.match(after.body, { google_calendar_connected: false, microsoft_calendar_connected: false })
  }
})

t.test('ten first visits at once make one user and one business', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const owner = test.user()
  const tokens = Array.from({ length: 10 }, (_, index) =>
    index % 2 === 0 ? clerk.token(owner.clerkUserId) : clerk.templateToken(owner.clerkUserId),
  )
  // All connections are open, and Clerk's slow answer makes those who wait for it arrive together.
  await Promise.all(tokens.map(() => sql`select pg_sleep(0.1)`.execute(test.deps.db)))
  clerk.faults.add({ kind: 'slow', ms: 200, path: /users/, times: Number.POSITIVE_INFINITY })
  const replies = await Promise.all(tokens.map((token) => me(test, token)))
  t.same(
    replies.map(({ status }) => status),
    tokens.map(() => 200),
  )
  t.equal(new Set(replies.map(({ body }) => body.user_id)).size, 1)
  t.same(await rowsOf(test, owner), { users: 1, businesses: [{ name: 'Dana Reyes', email: owner.email }] })
})

t.test("e-mail and names come from the template's token without asking Clerk", async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const { clerkUserId, email } = test.user()
  const names = { first_name: ' Dana  Maria ', last_name: 'Reyes' }
  const { body } = await me(test, clerk.templateToken(clerkUserId, names))
  t.match(body, { email, first_name: 'Dana Maria', last_name: 'Reyes', full_name: 'Dana Maria Reyes' })
  t.same(
    clerk.ledger.filter(({ path }) => path.startsWith('/v1/users')),
    [],
  )
})

t.test('what a token leaves empty is asked of Clerk, once', async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const { clerkUserId, email } = test.user()
  const empty = { email: '', first_name: '', last_name: ' ' }
  t.match((await me(test, clerk.templateToken(clerkUserId, empty))).body, { email, full_name: 'Dana Reyes' })
  await me(test, clerk.token(clerkUserId))
  t.equal(clerk.ledger.filter(({ path }) => path === `/v1/users/${clerkUserId}`).length, 1)
})

t.test('a user without any name or address is served too', async (t) => {
  const test = shared.afresh()
  const { id } = test.world.clerk.addUser()
  const { status, body } = await me(test, test.world.clerk.token(id))
  t.equal(status, 200)
  t.match(body, { email: '', first_name: null, last_name: null, full_name: null })
})

t.test("Clerk's API being away locks nobody out, and what it could not tell is filled in later", async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  await me(test, clerk.token(test.user().clerkUserId)) // so that the keys are known
  const [refused, silent] = [test.user(), test.user()]
  clerk.faults.add({ kind: 'status', status: 500, path: /users/, times: Number.POSITIVE_INFINITY })
  t.match(await me(test, clerk.token(refused.clerkUserId)), { status: 200, body: { email: '', full_name: null } })
  clerk.faults.clear()
  clerk.faults.add({ kind: 'silent', path: /users/, times: Number.POSITIVE_INFINITY })
  const startedAt = performance.now()
  t.match(await me(test, clerk.token(silent.clerkUserId)), { status: 200, body: { email: '', full_name: null } })
  t.ok(performance.now() - startedAt < 4000, 'nobody waits for it for long')
  clerk.faults.clear()
  for (const { clerkUserId, email } of [refused, silent]) {
    t.match((await me(test, clerk.templateToken(clerkUserId))).body, { email, first_name: 'Dana', full_name: 'Dana Reyes' })
    t.match((await me(test, clerk.token(clerkUserId))).body, { email, full_name: 'Dana Reyes' }, 'and stays known')
  }
})

t.test("nobody sees another user's row, whatever she claims to be", async (t) => {
  const test = shared.afresh()
  const { clerk } = test.world
  const [ana, ben] = [test.user('ana@example.com'), test.user('ben@example.com')]
  const first = (await me(test, clerk.token(ana.clerkUserId))).body
  for (const query of [
    `?user_id=${ana.clerkUserId}`,
    `?clerk_user_id=${ana.clerkUserId}`,
    `?user_id=${first.user_id}`,
    '?email=ana@example.com',
  ]) {
    const { status, body } = await me(test, clerk.token(ben.clerkUserId), query)
    t.equal(status, 200)
    t.match(body, { clerk_user_id: ben.clerkUserId, email: 'ben@example.com' })
    t.not(body.user_id, first.user_id)
  }
  const claimed = await me(test, clerk.templateToken(ben.clerkUserId, { email: 'ana@example.com' }))
  t.match(claimed.body, { clerk_user_id: ben.clerkUserId, email: 'ben@example.com' }, 'an address does not make her another')
})
