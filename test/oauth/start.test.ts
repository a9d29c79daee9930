import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { testApp } from '../setup/app.ts'
import { account, both, follow, outcome, start, vendors } from './setup.ts'

const TEAM = 'https://ringbook-*-team.vercel.app'

t.test('connecting begins at the consent page of the vendor, with all that protects it', async (t) => {
  const test = await testApp(t)
  for (const vendor of both) {
    const user = test.user()
    const first = await start(test, user, vendor)
    t.equal(first.origin, new URL(test.world[vendor.id].url).origin)
    const query = Object.fromEntries(first.searchParams)
    t.match(query, {
      response_type: 'code',
      client_id: test.world[vendor.id].clientId,
      redirect_uri: `http://localhost:8000${vendor.path}/callback`,
      code_challenge_method: 'S256',
      code_challenge: /^[\w-]{43}$/,
      state: /^[\w-]{43}$/,
    })
    t.equal(query.prompt, vendor.id === 'google' ? 'consent' : 'select_account', 'nobody connects an account unseen')
    if (vendor.id === 'google') t.equal(query.access_type, 'offline')
    const asked = query.scope?.split(' ') ?? []
    for (const scope of vendor.scopes) t.ok(asked.includes(scope), scope)
    t.notMatch(first.href, user.clerkUserId, 'the state is no name')
    const second = await start(test, user, vendor)
    for (const name of ['state', 'code_challenge'])
      t.not(second.searchParams.get(name), first.searchParams.get(name), `a fresh ${name} for each flow`)
  }
})

t.test('only a signed-in user begins, whatever the query says', async (t) => {
  const { app, user } = await testApp(t)
  const { clerkUserId } = user()
  for (const vendor of both) {
    const reply = await app.inject({ url: `${vendor.path}/start?user_id=${clerkUserId}&clerk_user_id=${clerkUserId}` })
    t.equal(reply.statusCode, 401)
    t.equal(reply.json().code, 'not_signed_in')
    t.notOk(reply.headers.location)
  }
})

t.test('the browser may return to the frontend, its development server and its previews', async (t) => {
  const test = await testApp(t, { FRONTEND_URL: 'https://app.example', CORS_ORIGINS: 'http://localhost:3000', CORS_PREVIEW_PATTERN: TEAM })
  for (const vendor of both) {
    const user = test.user()
    const email = account(test, vendor)
    for (const origin of [undefined, 'https://app.example', 'http://localhost:3000', 'https://ringbook-git-fix-1-team.vercel.app']) {
      const query = origin === undefined ? '' : `?redirect_url=${encodeURIComponent(origin)}`
      const end = await follow(test, await test.world[vendor.id].signIn(await start(test, user, vendor, query), email))
      t.match(outcome(end), { page: `${origin ?? 'https://app.example'}/users`, auth: 'success' })
    }
  }
})

t.test('the browser is sent to nobody else', async (t) => {
  const test = await testApp(t, { CORS_PREVIEW_PATTERN: TEAM })
  const refused = [
    '',
    ' ',
    'null',
    '*',
    'localhost:3000',
    '//localhost:3000',
    'http://localhost:3000/',
    'http://localhost:3000/users',
    'http://localhost:3000?x',
    'http://localhost:3000#x',
    'http://localhost:3000.evil.example',
    'http://localhost:30000',
    'http://localhost',
    'https://localhost:3000',
    'http://LOCALHOST:3000',
    'HTTP://localhost:3000',
    'http://user@localhost:3000',
    'http://localhost:3000@evil.example',
    'http://evil.example',
    'http://127.0.0.1:3000',
    'http://localhost:3000\n',
    ' http://localhost:3000',
    'http:\\\\localhost:3000',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://ringbook--team.vercel.app.evil.example',
    'https://evil.example/ringbook-x-team.vercel.app',
    'https://ringbook-x.evil.example-team.vercel.app',
    'https://ringbook-x/y-team.vercel.app',
    'https://ringbook-x@y-team.vercel.app',
    'https://ringbook-team.vercel.app',
    'https://ringbook-X-team.vercel.app',
    'http://ringbook-x-team.vercel.app',
    'https://ringbook-x-team.vercel.app/',
    'https://ringbook-x-team.vercel.app:444',
    'https://evilringbook-x-team.vercel.app',
    'https://user@ringbook-x-team.vercel.app',
    'https://ringbook-é-team.vercel.app',
    'https://ringbook-\uFF58-team.vercel.app',
    'https://xn--ringbook-x-team.vercel.app',
    'https://ringbook-x-team.vercel.xn--app',
    'https://ringbook-x-team\u3002vercel.app',
    'https://ringbook-x-team.vercel.app.',
    'https://ringbook-%78-team.vercel.app',
    `https://ringbook-${'x'.repeat(400)}-team.vercel.app`,
  ]
  for (const [index, redirect] of refused.entries()) {
    const vendor = both[index % 2] ?? vendors.google
    const user = test.user()
    const url = `${vendor.path}/start?redirect_url=${encodeURIComponent(redirect)}`
    const reply = await test.app.inject({ url, headers: user.headers() })
    t.equal(reply.statusCode, 400, redirect.slice(0, 60))
    t.match(reply.json().code, /^(return_origin_refused|invalid_request)$/)
    const flows = await inTenant(test.deps.db, user.clerkUserId, (trx) => trx.selectFrom('oauthFlows').selectAll().execute())
    t.same(flows, [], 'nothing was begun')
  }
  const user = test.user()
  const twice = '/calendar/auth/start?redirect_url=http://localhost:3000&redirect_url=http://evil.example'
  t.equal((await test.app.inject({ url: twice, headers: user.headers() })).statusCode, 400, 'nor is one of two chosen')
})

t.test('a vendor without settings on this installation is said to be off', async (t) => {
  const test = await testApp(t, { GOOGLE_CLIENT_ID: '', GOOGLE_CLIENT_SECRET: '' })
  const user = test.user()
  const reply = await test.app.inject({ url: '/calendar/google/auth/start', headers: user.headers() })
  t.equal(reply.statusCode, 503)
  t.equal(reply.json().code, 'provider_off')
  t.ok(await start(test, user, vendors.microsoft), 'the other one is not')
  const disconnected = await test.app.inject({ method: 'DELETE', url: '/calendar/google/auth/disconnect', headers: user.headers() })
  t.equal(disconnected.statusCode, 200, 'the frontend disconnects the other vendor before it connects one')
})

t.test('somebody who starts over and over is asked to wait, others are not', async (t) => {
  const test = await testApp(t)
  const [busy, other] = [test.user(), test.user()]
  for (let index = 0; index < 10; index += 1) await start(test, busy, both[index % 2] ?? vendors.google)
  const reply = await test.app.inject({ url: '/calendar/google/auth/start', headers: busy.headers() })
  t.equal(reply.statusCode, 429)
  t.equal(reply.json().code, 'too_many_requests')
  const wait = Number(reply.headers['retry-after'])
  t.ok(wait > 0 && wait <= 60, `in ${wait} s`)
  t.notOk(reply.headers.location)
  t.equal((await test.app.inject({ url: '/calendar/auth/status', headers: busy.headers() })).statusCode, 200)
  t.ok(await start(test, other, vendors.google))
})
