import t, { type Test } from 'tap'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'
import { objectIn } from '../setup/json.ts'

// Contract, section 2: which credential opens which door.
const SERVICE_SECRET = 'the-secret-that-both-servers-share'
const test = await testApp(t, { USER_SYNC_SECRET: SERVICE_SECRET, LIMIT_BAD_SIGNATURES_PER_MINUTE: '1000' })
const { url, action, page } = await frontend(t, test)
const { clerk } = test.world
const NOBODY = 'user_nobody'

/** Some of the routes that need a signed-in user. */
const userRoutes = ['/users/me', '/calendar/auth/status', '/agents']
const serviceRoutes = [
  ['POST', '/users/create-from-clerk'],
  ['PATCH', `/users/by-clerk-id/${NOBODY}`],
  ['DELETE', `/users/by-clerk-id/${NOBODY}`],
  ['GET', `/users/by-clerk-id/${NOBODY}`],
  ['PATCH', `/users/${NOBODY}/calendar-status`],
] as const

async function refused(t: Test, response: Response, code: string, what: string) {
  t.equal(response.status, 401, what)
  t.match(response.headers.get('content-type'), 'application/json', what)
  const body = await objectIn(response)
  t.same(body, { status: 'error', code, message: body.message, detail: body.message, error: body.message }, what)
  t.type(body.message, 'string')
}

const send = (method: string, path: string, authorization?: string) =>
  fetch(url + path, { method, headers: authorization === undefined ? {} : { Authorization: authorization } })

t.test("both kinds of a user's token open every user route, and mean the same user", async (t) => {
  const user = test.user()
  const kinds = {
    template: clerk.templateToken(user.clerkUserId),
    'default session': clerk.token(user.clerkUserId),
    'default session without a party': clerk.token(user.clerkUserId, { azp: undefined }),
    'template without a party': clerk.templateToken(user.clerkUserId, { azp: undefined }),
  }
  const ids = new Set<unknown>()
  for (const [kind, token] of Object.entries(kinds)) {
    for (const path of userRoutes) t.equal((await action(user, path, { token })).status, 200, `${path}: ${kind}`)
    const me = await objectIn(await action(user, '/users/me', { token }))
    t.equal(me.clerk_user_id, user.clerkUserId)
    ids.add(me.user_id)
  }
  t.equal(ids.size, 1)
})

t.test('a page in a browser comes in with its default session token', async (t) => {
  const user = test.user()
  const { preflight, response } = await page('/users/me', { token: clerk.token(user.clerkUserId) })
  t.equal(preflight?.status, 204)
  t.equal(response.status, 200)
  t.equal((await objectIn(response)).clerk_user_id, user.clerkUserId)
})

t.test('empty values and doubled spaces in a token are no names', async (t) => {
  const user = test.user()
  for (const [claims, expected] of [
    [
      { first_name: '  Dana ', last_name: 'van  der   Reyes', name: '  Dana  van  der   Reyes' },
      { full_name: 'Dana van der Reyes', first_name: 'Dana', last_name: 'van der Reyes' },
    ],
    [
      { first_name: '', last_name: ' ', name: '  ' },
      { full_name: null, first_name: null, last_name: null },
    ],
    [
      { first_name: 'Dana\n\u202E', last_name: null, name: null },
      { full_name: 'Dana', first_name: 'Dana', last_name: null },
    ],
  ] as const) {
    const { id } = clerk.addUser({ email: user.email })
    const token = clerk.templateToken(id, { ...claims, email: user.email })
    t.match(await (await action(user, '/users/me', { token })).json(), { clerk_user_id: id, email: user.email, ...expected })
  }
})

t.test('who asks is never taken from a query, a body or another claim', async (t) => {
  const [ana, ben] = [test.user(), test.user()]
  await action(ana, '/users/me')
  const query = `?user_id=${ana.clerkUserId}&clerk_user_id=${ana.clerkUserId}`
  t.equal((await objectIn(await action(ben, `/users/me${query}`))).clerk_user_id, ben.clerkUserId)
  const body = { agent_name: 'Desk', user_id: ana.clerkUserId, clerk_user_id: ana.clerkUserId }
  t.equal((await action(ben, '/agents', { method: 'POST', body })).status, 201)
  t.same(await (await action(ana, '/agents')).json(), [])
  await refused(
    t,
    await action(ben, '/users/me', { token: clerk.templateToken(ben.clerkUserId, { user_id: ana.clerkUserId }) }),
    'not_signed_in',
    'user_id is not sub',
  )
  const claims = { user_id: ben.clerkUserId, email: ana.email, id: ana.clerkUserId }
  t.equal(
    (await objectIn(await action(ben, '/users/me', { token: clerk.templateToken(ben.clerkUserId, claims) }))).clerk_user_id,
    ben.clerkUserId,
  )
})

t.test('the service secret opens the user-sync routes and no other', async (t) => {
  for (const [method, path] of serviceRoutes) {
    const { status } = await send(method, path, `Bearer ${SERVICE_SECRET}`)
    t.ok([200, 400, 404].includes(status), `${method} ${path} ${status}`)
  }
  for (const path of userRoutes) await refused(t, await send('GET', path, `Bearer ${SERVICE_SECRET}`), 'not_signed_in', path)
})

t.test('nothing but the service secret opens the user-sync routes', async (t) => {
  const user = test.user()
  for (const [method, path] of serviceRoutes)
    for (const [what, authorization] of Object.entries({
      nothing: undefined,
      'a template token': `Bearer ${clerk.templateToken(user.clerkUserId)}`,
      'a session token': `Bearer ${clerk.token(user.clerkUserId)}`,
      'the secret without its end': `Bearer ${SERVICE_SECRET.slice(0, -1)}`,
      'the secret with more behind it': `Bearer ${SERVICE_SECRET}x`,
      'the secret under another scheme': `Basic ${SERVICE_SECRET}`,
      'the secret bare': SERVICE_SECRET,
      'an empty secret': 'Bearer ',
      "Clerk's secret, where there is one of its own": `Bearer ${clerk.secretKey}`,
    }))
      await refused(t, await send(method, path, authorization), 'not_the_service', `${method} ${path}: ${what}`)
})

t.test("without a secret of its own the service is known by Clerk's secret key, as the frontend sends it", async (t) => {
  const plain = await testApp(t)
  const answer = await plain.app.inject({
    url: `/users/by-clerk-id/${NOBODY}`,
    headers: { authorization: `Bearer ${plain.world.clerk.secretKey}` },
  })
  t.equal(answer.statusCode, 404)
})

t.test('whoever guesses the service secret is put off after thirty wrong ones; the right one is served all the while', async (t) => {
  const fresh = await testApp(t)
  const ask = (secret: string, remoteAddress: string) =>
    fresh.app.inject({ url: `/users/by-clerk-id/${NOBODY}`, headers: { authorization: `Bearer ${secret}` }, remoteAddress })
  for (let guess = 0; guess < 30; guess += 1) t.equal((await ask(`guess ${guess}`, '10.9.9.9')).statusCode, 401)
  const closed = await ask('guess 30', '10.9.9.9')
  t.equal(closed.statusCode, 429)
  t.equal(closed.json().code, 'too_many_requests')
  const wait = Number(closed.headers['retry-after'])
  t.ok(wait >= 1 && wait <= 60, `says how long to wait: ${wait}`)
  const webhook = await fresh.app.inject({
    method: 'POST',
    url: '/vapi/webhook',
    headers: { 'x-vapi-secret': 'guess 31' },
    remoteAddress: '10.9.9.9',
    payload: { message: { type: 'hang' } },
  })
  t.equal(webhook.statusCode, 429, 'all doors count together')
  t.equal((await ask(fresh.world.clerk.secretKey, '10.9.9.9')).statusCode, 404)
  t.equal((await ask('guess 32', '10.9.9.8')).statusCode, 401, 'elsewhere nothing was counted')
})

t.test('what needs no credential is served without one', async (t) => {
  for (const path of ['/', '/health', '/docs']) t.equal((await fetch(url + path)).status, 200, path)
  for (const path of ['/calendar/auth/callback', '/calendar/google/auth/callback'])
    t.equal((await fetch(url + path, { redirect: 'manual' })).status, 302, path)
  const webhook = await fetch(`${url}/vapi/webhook`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ message: { toolCalls: [{ id: 'x', function: { name: 'get_availability', arguments: {} } }] } }),
  })
  t.equal(webhook.status, 200)
})
