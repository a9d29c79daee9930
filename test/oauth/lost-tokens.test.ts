import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { listConnections } from '../../src/db/connections.ts'
import { openToken } from '../../src/oauth/sealing.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { both, grants, status, stored } from './setup.ts'

const test = await testApp(t)
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000)

/** As a process leaves it that was killed after the vendor had renewed her tokens, and before they were stored. */
async function killedWhileRefreshing(owner: ConnectedOwner) {
  const { clerkUserId, vendor } = owner
  await inTenant(test.deps.db, clerkUserId, async (trx) => {
    const [row] = await listConnections(trx, clerkUserId)
    if (!row) throw new Error('no connection')
    await test.deps.providers.get(vendor)?.refresh(openToken(test.deps, row, 'refreshToken'))
    const lease = { refreshLease: crypto.randomUUID(), leasedUntil: inSeconds(-1) }
    await trx
      .updateTable('oauthTokens')
      .set({ expiresAt: inSeconds(-60), ...lease })
      .execute()
  })
  test.world[vendor].expireAccessTokens(owner.calendarEmail)
  test.world[vendor].ledger.length = 0
}

for (const [vendor, lives] of [
  ['google', true],
  ['microsoft', true],
  ['microsoft', false],
] as const) {
  const outcome = lives ? 'the old token serves again' : 'the owner is asked to connect again, and the vendor is not asked in circles'
  t.test(`${vendor}: when a process died between a refresh and storing it, ${outcome}`, async (t) => {
    const owner = await test.owner({ vendor })
    test.world.microsoft.setStrictRotation(!lives)
    await killedWhileRefreshing(owner)
    const healthy = { authorized: lives, token_valid: lives }
    for (let time = 0; time < 3; time += 1) t.match((await status(test, owner)).body, healthy)
    t.equal(grants(test.world[vendor].ledger, 'refresh_token').length, 1)
    t.match(await stored(test, owner), [{ state: lives ? 'active' : 'reconnect', refreshLease: null }])
    test.world.microsoft.setStrictRotation(false)
  })
}

for (const { id, label, tokenPath } of both) {
  t.test(`${label}: a consent that ends during a call is told to the caller within three seconds, by all who call`, async (t) => {
    const owner = await test.owner({ vendor: id })
    const { ledger, faults, revokeGrants, events } = test.world[id]
    t.match(await owner.call('get_availability', {}), { result: /./ })
    revokeGrants(owner.calendarEmail)
    faults.add({ kind: 'slow', ms: 1000, path: tokenPath })
    ledger.length = 0
    const startedAt = performance.now()
    const book = (hour: string) => owner.call('book_appointment', { start_time: `2026-12-01T${hour}:00`, name: 'Ana' }, { callId: hour })
    for (const answer of await Promise.all(['09', '10', '11', '13'].map(book))) t.match(answer, { error: /^I cannot see the diary/ })
    t.ok(performance.now() - startedAt < 3000, `${performance.now() - startedAt} ms`)
    t.equal(grants(ledger, 'refresh_token').length, 1)
    t.match(await stored(test, owner), [{ state: 'reconnect', lastError: 'consent_revoked' }])
    const asked = ledger.length
    t.match(await book('14'), { error: /^I cannot see the diary/ })
    t.equal(ledger.length, asked, 'the vendor hears no more of us')
    const notices = await test.app.inject({ url: '/notices', headers: owner.headers() })
    t.same(
      notices.json().notices.map(({ kind }: { kind: string }) => kind),
      ['calendar_disconnected'],
      'the owner is told once, however many calls met it',
    )
    t.same(events(owner.calendarEmail), [])
  })
}
