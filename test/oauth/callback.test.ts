import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { inTenant, openDatabase } from '../../src/db/client.ts'
import { AppError, errorCodes } from '../../src/errors.ts'
import { type Owner, type TestApp, testApp } from '../setup/app.ts'
import { account, both, follow, grants, outcome, start, status, stored, vendors } from './setup.ts'

const PREVIEW = 'https://ringbook-x-team.vercel.app'
const env = { CORS_PREVIEW_PATTERN: 'https://ringbook-*-team.vercel.app' }
/** Every test has users and accounts of its own in it. */
const shared = await testApp(t, env)
const fromPreview = `?redirect_url=${PREVIEW}`
const HOME = 'http://localhost:3000/users'
const texts: string[] = errorCodes.map((code) => new AppError(code, '').text)

const changed = (url: URL, change: (query: URLSearchParams) => void): URL => {
  const copy = new URL(url)
  change(copy.searchParams)
  return copy
}

/** The browser ends at `page` with words of our own, and nothing is connected. */
async function failed(t: Test, test: TestApp, user: Owner, end: URL, page: string, text: RegExp): Promise<void> {
  const { message, ...rest } = outcome(end)
  t.same(rest, { page, auth: 'error' })
  t.match(message, text)
  t.ok(texts.includes(message ?? ''), 'nothing is reflected')
  t.same([...end.searchParams.keys()], ['auth', 'message'])
  t.same(await stored(test, user), [], 'nothing is stored')
  t.equal((await status(test, user)).body.authorized, false)
}

for (const vendor of both) {
  const page = `${PREVIEW}/users`

  t.test(`${vendor.label}: whoever says no on the consent page comes back unconnected`, async (t) => {
    const test = shared.afresh()
    const [user, email] = [test.user(), account(test, vendor)]
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email, { deny: true })
    const reflected = changed(callback, (query) => query.set('error_description', '<b>call 555-0100</b>'))
    await failed(t, test, user, await follow(test, reflected), page, /access was not allowed/)
    await failed(t, test, user, await follow(test, callback), HOME, /already used or has expired/)
  })

  t.test(`${vendor.label}: another refusal is told in our words, whatever the vendor calls it`, async (t) => {
    const test = shared.afresh()
    for (const error of ['server_error', '<script>alert(1)</script>', 'x'.repeat(5000)]) {
      const user = test.user()
      const begun = await start(test, user, vendor, fromPreview)
      const query = new URLSearchParams({ error, error_description: 'call 555-0100', state: begun.searchParams.get('state') ?? '' })
      const end = await follow(test, new URL(`http://localhost:8000${vendor.path}/callback?${query}`))
      await failed(t, test, user, end, page, /refused the sign-in/)
    }
  })

  t.test(`${vendor.label}: an account that withholds a permission is not connected`, async (t) => {
    const test = shared.afresh()
    const [user, email] = [test.user(), account(test, vendor)]
    const scopes = vendor.scopes.slice(1)
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email, { scopes })
    await failed(t, test, user, await follow(test, callback), page, /Not every permission/)
  })

  t.test(`${vendor.label}: a state that we did not make, or no state, opens nothing`, async (t) => {
    const test = shared.afresh()
    const [user, email] = [test.user(), account(test, vendor)]
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email)
    const state = callback.searchParams.get('state') ?? ''
    const forged = [
      changed(callback, (query) => query.delete('state')),
      changed(callback, (query) => query.set('state', '')),
      changed(callback, (query) => query.set('state', user.clerkUserId)),
      changed(callback, (query) => query.set('state', state.slice(0, -1))),
      changed(callback, (query) => query.set('state', `${state}A`)),
      changed(callback, (query) => query.append('state', state)),
      changed(callback, (query) => query.set('state', 'x'.repeat(5000))),
      changed(callback, (query) => query.set('state', '\u0000')),
      new URL(`${callback.origin}${callback.pathname}`),
    ]
    for (const url of forged) await failed(t, test, user, await follow(test, url), HOME, /already used or has expired/)
    t.same(grants(test.world[vendor.id].ledger, 'authorization_code'), [], 'no code was ever sent')
    t.equal((await follow(test, callback)).searchParams.get('auth'), 'success', 'the true one still works')
  })

  t.test(`${vendor.label}: a callback works once, also when it comes five times at once`, async (t) => {
    const test = shared.afresh()
    const [user, email] = [test.user(), account(test, vendor)]
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email)
    const ends = await Promise.all(Array.from({ length: 5 }, () => follow(test, callback)))
    t.same(ends.map((end) => outcome(end).auth).sort(), ['error', 'error', 'error', 'error', 'success'])
    t.equal(outcome(await follow(test, callback)).auth, 'error')
    t.equal(grants(test.world[vendor.id].ledger, 'authorization_code').length, 1)
    t.equal((await stored(test, user)).length, 1)
    t.match((await status(test, user)).body, { authorized: true, calendar_verified: true })
  })

  t.test(`${vendor.label}: a sign-in lasts ten minutes`, async (t) => {
    const test = shared.afresh()
    const aged = async (seconds: number) => {
      const [user, email] = [test.user(), account(test, vendor)]
      const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email)
      const createdAt = new Date(Date.now() - seconds * 1000)
      await inTenant(test.deps.db, user.clerkUserId, (trx) => trx.updateTable('oauthFlows').set({ createdAt }).execute())
      return { user, end: await follow(test, callback) }
    }
    t.equal(outcome((await aged(590)).end).auth, 'success')
    const asked = grants(test.world[vendor.id].ledger, 'authorization_code').length
    const late = await aged(601)
    await failed(t, test, late.user, late.end, page, /already used or has expired/)
    t.equal(grants(test.world[vendor.id].ledger, 'authorization_code').length, asked)
  })

  t.test(`${vendor.label}: starting again makes the earlier link worthless`, async (t) => {
    const test = shared.afresh()
    const [user, email] = [test.user(), account(test, vendor)]
    const first = await test.world[vendor.id].signIn(await start(test, user, vendor), email)
    const second = await test.world[vendor.id].signIn(await start(test, user, vendor), email)
    await failed(t, test, user, await follow(test, first), HOME, /already used or has expired/)
    t.equal(outcome(await follow(test, second)).auth, 'success')
  })

  t.test(`${vendor.label}: a callback that names another issuer or goes to the other vendor's door is refused`, async (t) => {
    const test = shared.afresh()
    const other = vendor.id === 'google' ? vendors.microsoft : vendors.google
    const email = account(test, vendor)
    const wrong: ((callback: URL) => URL)[] = [
      (url) => changed(url, (query) => query.set('iss', 'https://evil.example')),
      (url) => changed(url, (query) => query.set('iss', test.world[other.id].url)),
      (url) => new URL(`http://localhost:8000${other.path}/callback${url.search}`),
      (url) => changed(url, (query) => query.delete('code')),
    ]
    for (const change of wrong) {
      const user = test.user()
      const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email)
      await failed(t, test, user, await follow(test, change(callback)), page, /refused the sign-in|already used or has expired/)
      await failed(t, test, user, await follow(test, callback), HOME, /already used or has expired/)
    }
    for (const { id } of both) t.same(grants(test.world[id].ledger, 'authorization_code'), [], `no code was sent to ${id}`)
  })

  t.test(`${vendor.label}: a code of another sign-in is worth nothing`, async (t) => {
    const test = shared.afresh()
    const [user, thief] = [test.user(), test.user()]
    const email = account(test, vendor)
    const stolen = await test.world[vendor.id].signIn(await start(test, user, vendor), email)
    const own = await start(test, thief, vendor, fromPreview)
    const used = changed(stolen, (query) => query.set('state', own.searchParams.get('state') ?? ''))
    await failed(t, test, thief, await follow(test, used), page, /refused the sign-in/)
  })

  t.test(`${vendor.label}: a calendar that cannot be read is not called connected`, async (t) => {
    const test = shared.afresh()
    const standIn = test.world[vendor.id]
    const faults = [
      { path: vendor.tokenPath, status: 500, text: /does not answer/ },
      { path: vendor.readPath, status: 500, text: /does not answer/ },
      { path: vendor.readPath, status: 401, text: /no longer lets us in/ },
      { path: /calendarList|\/calendars\b/, status: 429, text: /asks us to wait/ },
    ]
    for (const { path, status: code, text } of faults) {
      const [user, email] = [test.user(), account(test, vendor)]
      const callback = await standIn.signIn(await start(test, user, vendor, fromPreview), email)
      standIn.faults.add({ kind: 'status', path, status: code, times: Number.POSITIVE_INFINITY })
      await failed(t, test, user, await follow(test, callback), page, text)
      standIn.faults.clear()
    }
  })

  t.test(`${vendor.label}: an account without a calendar to write to is not connected`, async (t) => {
    const test = shared.afresh()
    const user = test.user()
    const calendars = [{ name: 'Holidays', writable: false }]
    const { email } = test.world[vendor.id].addPerson({ name: 'Kim', email: 'kim@example.com', timeZone: 'UTC', calendars })
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor, fromPreview), email)
    await failed(t, test, user, await follow(test, callback), page, /no calendar that can be written to/)
  })
}

t.test('a fault on our side is no page of JSON either', async (t) => {
  const test = shared.afresh()
  const [user, email] = [test.user(), account(test, vendors.google)]
  const unreadable = await test.world.google.signIn(await start(test, user, vendors.google, fromPreview), email)
  await inTenant(test.deps.db, user.clerkUserId, (trx) => trx.updateTable('oauthFlows').set({ codeVerifier: 'v1.gone.AAAA' }).execute())
  await failed(t, test, user, await follow(test, unreadable), `${PREVIEW}/users`, /Something went wrong on our side/)

  const callback = await test.world.google.signIn(await start(test, user, vendors.google, fromPreview), email)
  const nowhere = openDatabase('postgres://ringbook_app:x@127.0.0.1:1/ringbook')
  const app = await buildApp({ ...test.deps, db: nowhere.db })
  t.teardown(() => app.close())
  await failed(t, test, user, await follow({ app }, callback), HOME, /without its database/)
})
