import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { inTenant, openDatabase } from '../../src/db/client.ts'
import { type ConnectedOwner, connect, type TestApp, testApp } from '../setup/app.ts'
import { both, grants, status, stored, vendors } from './setup.ts'

/** Every test has users and accounts of its own in it. */
const shared = await testApp(t)
/** With little time for vendors. */
const hasty = await testApp(t, { PROVIDER_TIMEOUT_MS: '400' })

type Change = Partial<{ expiresAt: Date; verifiedAt: Date | null; leasedUntil: Date; refreshLease: string }>

/** Changes the connection of this owner behind the service's back. */
function change({ deps }: TestApp, { clerkUserId }: ConnectedOwner, values: Change) {
  return inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('oauthTokens').set(values).execute())
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000)
const twenty = Array.from({ length: 20 })
const healthy = { authorized: true, token_valid: true, calendar_verified: true, calendar_error: null }

for (const vendor of both) {
  t.test(`${vendor.label}: twenty questions that meet an expired token refresh it once, in whatever process they arrive`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const second = openDatabase(test.database.url, { max: 5 })
    const otherProcess = await buildApp({ ...test.deps, db: second.db })
    t.teardown(async () => {
      await otherProcess.close()
      await second.end()
    })
    const { ledger, expireAccessTokens } = test.world[vendor.id]
    const [before] = await stored(test, owner)
    await change(test, owner, { expiresAt: inSeconds(-60) })
    expireAccessTokens(owner.calendarEmail)

    const apps = [test, { app: otherProcess }]
    const replies = await Promise.all(twenty.map((_, index) => status(apps[index % 2] ?? test, owner)))

    for (const { body } of replies) t.match(body, healthy)
    t.equal(grants(ledger, 'refresh_token').length, 1)
    const [after] = await stored(test, owner)
    t.not(after?.accessToken, before?.accessToken)
    t.same([after?.refreshLease, after?.leasedUntil], [null, null], 'nobody holds it any more')
    t.ok(after && after.expiresAt.getTime() > Date.now() + 55 * 60_000)
    await owner.call('get_availability', {})
    t.equal(grants(ledger, 'refresh_token').length, 1, 'what was stored serves on')
  })

  t.test(`${vendor.label}: a token is renewed before it ends, and not while it is good`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const { ledger } = test.world[vendor.id]
    for (const [seconds, refreshes] of [
      [6 * 60, 0],
      [4 * 60, 1],
    ] as const) {
      await change(test, owner, { expiresAt: inSeconds(seconds), verifiedAt: null })
      t.match((await status(test, owner)).body, healthy)
      t.equal(grants(ledger, 'refresh_token').length, refreshes, `${seconds} s before its end`)
    }
  })

  t.test(`${vendor.label}: an access token that is refused early is renewed once, and the question repeated once`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const { ledger, expireAccessTokens } = test.world[vendor.id]
    expireAccessTokens(owner.calendarEmail)
    await change(test, owner, { verifiedAt: null })
    ledger.length = 0
    t.match((await status(test, owner)).body, healthy)
    t.equal(grants(ledger, 'refresh_token').length, 1)
    t.same(
      ledger.filter(({ path }) => vendor.readPath.test(path)).map((entry) => entry.status),
      [401, 200],
    )
    expireAccessTokens(owner.calendarEmail)
    await change(test, owner, { verifiedAt: null })
    const replies = await Promise.all(twenty.map(() => status(test, owner)))
    for (const { body } of replies) t.match(body, healthy)
    t.equal(grants(ledger, 'refresh_token').length, 2, 'and once also for twenty at once')
  })

  t.test(`${vendor.label}: a vendor that refuses fresh tokens too is not asked in circles`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const { ledger, faults } = test.world[vendor.id]
    faults.add({ kind: 'status', status: 401, path: vendor.readPath, times: Number.POSITIVE_INFINITY })
    await change(test, owner, { verifiedAt: null })
    t.match((await status(test, owner)).body, { authorized: false, token_valid: false, calendar_error: /Connect it again/ })
    t.equal(grants(ledger, 'refresh_token').length, 1)
    t.match(await stored(test, owner), [{ state: 'reconnect' }])
  })

  t.test(`${vendor.label}: a revoked consent is told to the owner, and nothing more is tried until she connects again`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const { ledger, revokeGrants } = test.world[vendor.id]
    revokeGrants(owner.calendarEmail)
    await change(test, owner, { verifiedAt: null })
    const revoked = {
      authorized: false,
      token_valid: false,
      provider: vendor.id,
      calendar_email: owner.calendarEmail,
      calendar_verified: false,
      calendar_error: 'The calendar no longer lets us in. Connect it again.',
    }
    const replies = await Promise.all(twenty.map(() => status(test, owner)))
    for (const { code, body } of replies) t.match({ code, body }, { code: 200, body: revoked })
    t.match(await stored(test, owner), [{ state: 'reconnect', lastError: 'consent_revoked', refreshLease: null }])
    const asked = ledger.length
    t.equal(grants(ledger, 'refresh_token').length, 1)
    t.match((await status(test, owner)).body, revoked)
    t.match(await owner.call('get_availability', {}), { error: /cannot see the diary/ })
    const me = await test.app.inject({ url: '/users/me', headers: owner.headers() })
    t.match(me.json(), { google_calendar_connected: false, microsoft_calendar_connected: false })
    t.equal(ledger.length, asked, 'the vendor hears no more of us')
    t.equal((await connect(test, owner, vendor.id, owner.calendarEmail)).searchParams.get('auth'), 'success')
    t.match((await status(test, owner)).body, healthy)
  })

  t.test(`${vendor.label}: while the token endpoint is away, a token that is still usable is used, by all who ask`, async (t) => {
    const test = hasty.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const { faults, ledger } = test.world[vendor.id]
    await change(test, owner, { expiresAt: inSeconds(120), verifiedAt: null })
    for (const fault of [{ kind: 'status', status: 503 }, { kind: 'silent' }] as const) {
      faults.add({ ...fault, path: vendor.tokenPath, times: Number.POSITIVE_INFINITY })
      const startedAt = performance.now()
      const replies = await Promise.all(twenty.map(() => status(test, owner)))
      for (const { body } of replies) t.match(body, healthy)
      t.ok(performance.now() - startedAt < 4000, 'nobody waits for it in a queue')
      faults.clear()
      await change(test, owner, { verifiedAt: null })
    }
    t.match(await stored(test, owner), [{ state: 'active', refreshLease: null }])
    t.match((await status(test, owner)).body, healthy)
    t.equal(grants(ledger, 'refresh_token').at(-1)?.status, 200, 'it is renewed as soon as that works again')
  })

  t.test(`${vendor.label}: an outage is no revoked consent`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const { faults } = test.world[vendor.id]
    await change(test, owner, { expiresAt: inSeconds(-60) })
    faults.add({ kind: 'status', status: 500, path: vendor.tokenPath, times: Number.POSITIVE_INFINITY })
    t.match((await status(test, owner)).body, { authorized: false, provider: vendor.id, calendar_error: /does not answer/ })
    t.match(await stored(test, owner), [{ state: 'active', refreshLease: null }])
    faults.clear()
    t.match((await status(test, owner)).body, healthy)
  })
}

t.test("whoever died while refreshing stands in nobody's way once the lease is over", async (t) => {
  const test = shared.afresh()
  const owner = await test.owner({ vendor: 'google' })
  const { ledger } = test.world.google
  await change(test, owner, { expiresAt: inSeconds(-60), refreshLease: crypto.randomUUID(), leasedUntil: inSeconds(1.5) })
  const startedAt = performance.now()
  t.match((await status(test, owner)).body, healthy)
  const waited = performance.now() - startedAt
  t.ok(waited > 1200 && waited < 4000, `after ${waited} ms`)
  t.equal(grants(ledger, 'refresh_token').length, 1)
})

t.test('where a refresh token works only once, each is stored before it is needed again', async (t) => {
  const test = shared.afresh()
  test.world.microsoft.setStrictRotation(true)
  t.teardown(() => test.world.microsoft.setStrictRotation(false))
  const owner = await test.owner({ vendor: 'microsoft' })
  const { ledger } = test.world.microsoft
  for (let round = 1; round <= 3; round += 1) {
    await change(test, owner, { expiresAt: inSeconds(-60) })
    const replies = await Promise.all(twenty.map(() => status(test, owner)))
    for (const { body } of replies) t.match(body, healthy)
    t.equal(grants(ledger, 'refresh_token').length, round)
  }
  const used = grants(ledger, 'refresh_token').map(({ body }) => (body as { refresh_token: string }).refresh_token)
  t.equal(new Set(used).size, 3, 'never the same one twice')
})

t.test("nobody reaches another owner's calendar", async (t) => {
  const test = shared.afresh()
  const owner = await test.owner({ vendor: 'google' })
  const other = test.user()
  for (const query of ['', `?user_id=${owner.clerkUserId}`]) {
    const reply = await test.app.inject({ url: `/calendar/google/auth/status${query}`, headers: other.headers() })
    t.match(reply.json(), { user_id: other.clerkUserId, authorized: false, calendar_email: null })
    const url = `/calendar/google/auth/disconnect${query}`
    t.equal((await test.app.inject({ method: 'DELETE', url, headers: other.headers() })).statusCode, 200)
  }
  t.equal((await stored(test, owner)).length, 1)
  t.match((await status(test, owner, vendors.google)).body, healthy)
})
