import { sql } from 'kysely'
import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { findConnection, listConnections, markEnding, markReconnect } from '../../src/db/connections.ts'
import { endLeftovers } from '../../src/oauth/disconnect.ts'
import { resealTokens } from '../../src/oauth/reseal.ts'
import { type ConnectedOwner, connect, type Owner, type TestApp, testApp } from '../setup/app.ts'
import { account, status, stored, vendors } from './setup.ts'

/** Every test has users and accounts of its own in it. */
const shared = await testApp(t)

type Change = Partial<{ leasedUntil: Date; endingAt: Date; refreshToken: string }>

function change({ deps }: TestApp, { clerkUserId }: Owner, values: Change) {
  return inTenant(deps.db, clerkUserId, (trx) => trx.updateTable('oauthTokens').set(values).execute())
}

/** As if whoever was ending them had died. */
const expireLeases = (test: TestApp, owner: Owner) => change(test, owner, { leasedUntil: new Date(0) })

const disconnectGoogle = ({ app }: TestApp, owner: Owner) =>
  app.inject({ method: 'DELETE', url: '/calendar/google/auth/disconnect', headers: owner.headers() })

const revocations = ({ world }: TestApp) => world.google.ledger.filter(({ path }) => path === '/revoke')

const refusing = { kind: 'status', status: 500, path: /revoke/, times: Number.POSITIVE_INFINITY } as const

/** Marked, and then the process died. */
async function leaveHalfWay({ deps }: TestApp, { clerkUserId }: Owner): Promise<void> {
  await inTenant(deps.db, clerkUserId, async (trx) => markEnding(trx, clerkUserId, await listConnections(trx, clerkUserId), 0))
}

t.test('a calendar whose vendor does not answer is out of use at once, and its grant is ended when the vendor is back', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  test.world.google.faults.add(refusing)
  t.equal((await disconnectGoogle(test, owner)).statusCode, 200)
  t.match((await status(test, owner)).body, { authorized: false, provider: null, calendar_email: null })
  t.match(await owner.call('get_availability', {}), { error: /cannot see the diary/ })
  t.match(await stored(test, owner), [{ state: 'ending' }])
  t.equal((await disconnectGoogle(test, owner)).statusCode, 200, 'again is no harm')
  await endLeftovers(test.deps)
  t.equal((await stored(test, owner)).length, 1, 'not while somebody is at it')

  await expireLeases(test, owner)
  await endLeftovers(test.deps)
  t.equal((await stored(test, owner)).length, 1, 'nor while the vendor is away')
  test.world.google.faults.clear()
  await expireLeases(test, owner)
  await endLeftovers(test.deps)
  t.same(await stored(test, owner), [])
  t.match(revocations(test).at(-1), { account: owner.calendarEmail, status: 200 })
})

t.test('a vendor that stays away is given up after 45 seconds: the tokens do not stay with us', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  test.world.google.faults.add(refusing)
  await disconnectGoogle(test, owner)
  for (const [seconds, left] of [
    [40, 1],
    [46, 0],
  ] as const) {
    await change(test, owner, { leasedUntil: new Date(0), endingAt: new Date(Date.now() - seconds * 1000) })
    await endLeftovers(test.deps)
    t.equal((await stored(test, owner)).length, left, `${seconds} s`)
  }
})

t.test('what a crash left half-way is ended once, however many processes find it', async (t) => {
  const test = shared.afresh()
  const owners = await Promise.all(Array.from({ length: 3 }, () => test.owner()))
  for (const owner of owners) await leaveHalfWay(test, owner)
  await Promise.all(Array.from({ length: 4 }, () => endLeftovers(test.deps)))
  for (const owner of owners) {
    t.same(await stored(test, owner), [])
    t.equal(revocations(test).filter((entry) => entry.account === owner.calendarEmail).length, 1)
  }
})

t.test('connecting the account again takes it back into use, and nothing is revoked any more', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  const [before] = await stored(test, owner)
  await leaveHalfWay(test, owner)
  t.equal((await connect(test, owner, 'google', owner.calendarEmail)).searchParams.get('auth'), 'success')
  await endLeftovers(test.deps)
  t.has(await stored(test, owner), [{ id: before?.id, state: 'active', endingAt: null, role: 'destination' }])
  t.same(revocations(test), [])
  t.match(await owner.call('get_availability', {}), { result: /^I have/ }, 'and its tokens open')
})

t.test('another calendar can be connected while the one before is still being ended', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  test.world.google.faults.add(refusing)
  const second = account(test, vendors.microsoft)
  t.equal((await connect(test, owner, 'microsoft', second)).searchParams.get('auth'), 'success')
  t.match((await status(test, owner)).body, { authorized: true, provider: 'microsoft', calendar_email: second })
  t.match((await status(test, owner, vendors.google)).body, { authorized: false })
  test.world.google.faults.clear()
  await expireLeases(test, owner)
  await endLeftovers(test.deps)
  t.match(await stored(test, owner), [{ provider: 'microsoft', state: 'active' }])
  t.equal(revocations(test).at(-1)?.status, 200)
})

t.test('a booking that comes a moment too late hears that no calendar is connected', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  const { clerkUserId } = owner
  const [connection] = await stored(test, owner)
  t.equal((await disconnectGoogle(test, owner)).statusCode, 200)
  // What a request does that had read her diary just before.
  const late = inTenant(test.deps.db, clerkUserId, (trx) =>
    sql`
      insert into bookings (clerk_user_id, appointment_id, connection_id, status, subject, starts_at, ends_at, during, time_zone, leased_until)
      select ${clerkUserId}, gen_random_uuid(), ${connection?.id}, 'held', 'Viewing', s, e, tstzrange(s, e), 'America/Chicago', now()
      from (select timestamptz '2026-12-01 15:00Z' as s, timestamptz '2026-12-01 15:30Z' as e) x`.execute(trx),
  )
  await t.rejects(late, { name: 'AppError', code: 'calendar_not_connected' })
})

t.test('tokens that do not open cannot be revoked, and are forgotten all the same', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  await change(test, owner, { refreshToken: 'v1.gone.AAAA' })
  t.equal((await disconnectGoogle(test, owner)).statusCode, 200)
  t.same(await stored(test, owner), [])
})

t.test('a grant that another user still has in use is not ended by what was left half-way', async (t) => {
  const test = shared.afresh()
  const [one, other] = [test.user(), test.user()]
  test.world.google.addPerson({ name: 'Front desk', email: 'desk@gmail.example', timeZone: 'America/Chicago' })
  for (const user of [one, other]) await connect(test, user, 'google', 'desk@gmail.example')
  await leaveHalfWay(test, one)
  await endLeftovers(test.deps)
  t.same(await stored(test, one), [])
  t.same(revocations(test), [])
  t.match((await status(test, other)).body, { authorized: true, calendar_verified: true })
})

t.test('nobody who still holds a connection brings it back into use', async (t) => {
  const test = shared.afresh()
  const owner: ConnectedOwner = await test.owner()
  const { clerkUserId } = owner
  const held = await inTenant(test.deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  await leaveHalfWay(test, owner)
  for (const connection of held) {
    await inTenant(test.deps.db, clerkUserId, (trx) => markReconnect(trx, connection, 'consent_revoked'))
    t.equal(await inTenant(test.deps.db, clerkUserId, (trx) => findConnection(trx, clerkUserId, connection.id)), undefined)
  }
  t.match(await stored(test, owner), [{ state: 'ending' }])
})

t.test('a connection that is being ended keeps no key in the settings, and no service from starting', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  await change(test, owner, { refreshToken: 'v1.gone.AAAA' })
  await t.rejects(resealTokens(test.deps), /gone/, 'one that is in use does')
  await leaveHalfWay(test, owner)
  await resealTokens(test.deps)
  await endLeftovers(test.deps)
  t.same(await stored(test, owner), [])
})
