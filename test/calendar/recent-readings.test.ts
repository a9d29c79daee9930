import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { createRecentReadings } from '../../src/calendar/recent-readings.ts'
import { createDeps } from '../../src/create-deps.ts'
import { inTenant } from '../../src/db/client.ts'
import { type Connection, listConnections } from '../../src/db/connections.ts'
import type { Interval } from '../../src/providers/provider.ts'
import { type ConnectedOwner, connect, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { say, words } from '../setup/voice.ts'

const test = await testApp(t, {
  BUSY_KEPT_MS: '30000',
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '400',
  TOOL_CALL_TIMEOUT_MS: '2500',
})
t.afterEach(() => {
  test.world.google.faults.clear()
  test.world.microsoft.faults.clear()
})
const READ = /freeBusy|calendarView/
const hour = (from: number, to: number): Interval => ({
  startsAt: new Date(Date.UTC(2026, 11, 1, from)),
  endsAt: new Date(Date.UTC(2026, 11, 1, to)),
})

for (const vendor of ['google', 'microsoft'] as const) {
  const standIn = test.world[vendor]
  const reads = () => standIn.ledger.filter(({ path }) => READ.test(path)).length
  const fresh = async () => {
    const owner = await test.owner({ vendor })
    standIn.ledger.length = 0
    return owner
  }
  const offered = async (owner: ConnectedOwner, date: string) => words(await owner.call('get_availability', { date }))
  const ten = (owner: ConnectedOwner) =>
    standIn.addEvent(owner.calendarEmail, {
      subject: 'Dentist',
      startsAt: new Date('2026-12-01T16:00:00Z'),
      endsAt: new Date('2026-12-01T16:30:00Z'),
    })

  t.test(`${vendor}: within one conversation each calendar is read once for all offers, and anew to book`, async (t) => {
    const owner = await fresh()
    for (const date of ['2026-12-01', '2026-12-02', '2026-12-03', '2026-12-01']) t.match(await offered(owner, date), /^I have/)
    await owner.call('get_next_available', {})
    t.equal(reads(), 1)
    t.match((await owner.call('book_appointment', { start_time: '2026-12-01T10:00' })).result, /^You are booked/)
    t.equal(reads(), 2)
    t.match(await offered(owner, '2026-12-01'), /^I have/)
    t.equal(reads(), 3, 'our own write ends what was kept')
  })

  t.test(`${vendor}: a time that was taken since it was read may be offered, and is not booked`, async (t) => {
    const owner = await fresh()
    const { live } = watch(test, owner)
    await offered(owner, '2026-12-01')
    ten(owner)
    t.match((await owner.call('get_availability', { when: '2026-12-01T10:00' })).result, /is free/, 'by what was read a moment ago')
    t.match((await owner.call('book_appointment', { start_time: '2026-12-01T10:00' })).error, /taken/)
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: two processes, each with what it has read, never say "booked" of one time twice`, async (t) => {
    const owner = await fresh()
    const { live } = watch(test, owner)
    const { config, db, clock, log } = test.deps
    const other = await buildApp(createDeps(config, { db, clock, log }))
    t.teardown(() => other.close())
    const ask = async (app: typeof other, name: string, parameters: object, id: string) => {
      const toolCallList = [{ id, type: 'function', function: { name, arguments: parameters } }]
      const message = { type: 'tool-calls', toolCallList, call: { id, assistantId: owner.assistantId } }
      return words((await say({ app }, { message }, { headers: { 'x-vapi-secret': owner.secret } })).results[0])
    }
    const apps = [test.app, other]
    for (const app of apps) t.match(await ask(app, 'get_availability', { date: '2026-12-01' }, 'ask'), /^I have/)
    const answers = await Promise.all(
      apps.map((app, index) => ask(app, 'book_appointment', { start_time: '2026-12-01T10:00' }, `c${index}`)),
    )
    t.equal(answers.filter((answer) => answer.startsWith('You are booked')).length, 1, answers.join(' | '))
    t.equal(live().length, 1)
    // What one process has booked, the other knows from the database, whatever it has read of calendars.
    for (const app of apps) t.notMatch(await ask(app, 'get_availability', { when: '2026-12-01T10:00' }, 'again'), /is free/)
    standIn.addEvent(owner.calendarEmail, {
      subject: 'x',
      startsAt: new Date('2026-12-01T17:00:00Z'),
      endsAt: new Date('2026-12-01T17:30:00Z'),
    })
    for (const [index, app] of apps.entries())
      t.match(await ask(app, 'book_appointment', { start_time: '2026-12-01T11:00' }, `d${index}`), /taken/)
  })

  t.test(`${vendor}: a reading that fails is neither kept nor free`, async (t) => {
    const owner = await fresh()
    standIn.faults.add({ kind: 'status', status: 500, path: READ, times: 2 })
    t.match(await offered(owner, '2026-12-01'), /does not answer/)
    t.match(await offered(owner, '2026-12-01'), /^I have/)
  })

  t.test(`${vendor}: of several calendars one that is silent is not offered over, and the answer comes in time`, async (t) => {
    const owner = await fresh()
    const second = vendor === 'google' ? 'microsoft' : 'google'
    test.world[second].addPerson({ name: 'Dana', email: owner.calendarEmail, timeZone: 'America/Chicago' })
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('oauthTokens').set({ role: 'busy' }).execute())
    await connect(test, owner, second, owner.calendarEmail)
    t.match(await offered(owner, '2026-12-01'), /^I have/)
    test.deps.recentReadings.drop(owner.clerkUserId)
    standIn.faults.add({ kind: 'silent', path: READ, times: Number.POSITIVE_INFINITY })
    const begun = performance.now()
    t.match(await offered(owner, '2026-12-01'), /does not answer/)
    t.ok(performance.now() - begun < 2500, `${performance.now() - begun} ms`)
  })

  t.test(`${vendor}: a calendar that is chosen, or disconnected, ends what was read before`, async (t) => {
    const owner = await fresh()
    ten(owner)
    t.notMatch((await owner.call('get_availability', { when: '2026-12-01T10:00' })).result, /is free/)
    await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx
        .updateTable('oauthTokens')
        .set({ busyCalendarIds: ['another'] })
        .execute(),
    )
    t.match(
      (await owner.call('get_availability', { date: '2026-12-01' })).error,
      /./,
      'the further calendar is asked for, and there is none',
    )
    await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx.updateTable('oauthTokens').set({ busyCalendarIds: [], state: 'reconnect' }).execute(),
    )
    t.match((await owner.call('get_availability', { date: '2026-12-01' })).error, /cannot see the diary/)
  })
}

t.test('what one tenant has read is nobody else’s, and is kept for so long and no longer', async (t) => {
  const owner = await test.owner()
  const [mine] = await inTenant(test.deps.db, owner.clerkUserId, (trx) => listConnections(trx, owner.clerkUserId))
  if (!mine) throw new Error('not connected')
  const hers: Connection = { ...mine, clerkUserId: 'user_other' }
  let asked = 0
  const read = async () => {
    asked += 1
    return [hour(10, 11)]
  }
  const recent = createRecentReadings(50)
  t.same(await recent.of(mine, 'busy', hour(8, 20), read), [hour(10, 11)])
  t.same(await recent.of(mine, 'busy', hour(9, 12), read), [hour(10, 11)])
  t.equal(asked, 1)
  await recent.of(mine, 'busy', hour(19, 21), read)
  t.equal(asked, 2, 'what was read does not reach so far')
  await recent.of(hers, 'busy', hour(9, 12), read)
  t.equal(asked, 3, 'the same connection of somebody else')
  await new Promise((resolve) => setTimeout(resolve, 60))
  await recent.of(mine, 'busy', hour(9, 12), read)
  t.equal(asked, 4)
  await t.rejects(recent.of(mine, 'busy', hour(0, 1), () => Promise.reject(new Error('no'))))
  await recent.of(mine, 'busy', hour(0, 1), read)
  t.equal(asked, 5)
})

t.test('what is dropped while it is being read does not come back with the answer', async (t) => {
  const owner = await test.owner()
  const [mine] = await inTenant(test.deps.db, owner.clerkUserId, (trx) => listConnections(trx, owner.clerkUserId))
  if (!mine) throw new Error('not connected')
  const recent = createRecentReadings(30_000)
  const { promise, resolve } = Promise.withResolvers<Interval[]>()
  const first = recent.of(mine, 'busy', hour(8, 20), () => promise)
  recent.drop(mine.clerkUserId)
  resolve([hour(10, 11)])
  t.same(await first, [hour(10, 11)])
  t.same(await recent.of(mine, 'busy', hour(8, 20), async () => []), [], 'read anew')
  const both = await Promise.all([
    recent.of({ ...mine, id: 'a' }, 'busy', hour(8, 20), async () => [hour(8, 9)]),
    recent.of({ ...mine, id: 'b' }, 'busy', hour(8, 20), async () => [hour(9, 10)]),
  ])
  const never = () => Promise.reject(new Error('both were kept'))
  t.same(await Promise.all(['a', 'b'].map((id) => recent.of({ ...mine, id }, 'busy', hour(8, 20), never))), both)
})
