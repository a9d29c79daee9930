import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { work } from '../../src/background.ts'
import { settleChange } from '../../src/changes/settle-change.ts'
import { inTenant } from '../../src/db/client.ts'
import { databaseClock } from '../../src/db/clock.ts'
import type { Work } from '../../src/jobs/worker.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import { at, caller } from '../setup/changes.ts'
import { eachMatches } from '../setup/each-matches.ts'
import { bringJobsForward, jobs, runJobs } from '../setup/jobs.ts'

const env = {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '300',
  PROVIDER_CREATE_TIMEOUT_MS: '300',
  TOOL_CALL_TIMEOUT_MS: '2500',
}
const test = await testApp(t, env)
const { deps } = test
const SILENT = { method: 'POST', path: /\/events(\?|$)/, kind: 'silent', times: Number.POSITIVE_INFINITY } as const
const NINE = { start_time: '2026-12-01T09:00', name: 'Ana', phone: '+13125550142' }
const slot = { startsAt: new Date('2026-12-01T15:00:00Z'), endsAt: new Date('2026-12-01T15:30:00Z') }

t.beforeEach(async () => {
  await sql`delete from jobs.job`.execute(deps.db)
  for (const vendor of ['google', 'microsoft'] as const) test.world[vendor].faults.clear()
})

const waiting = async (name: string) => (await jobs(test)).filter((job) => job.name === name && ['created', 'retry'].includes(job.state))

/** A booking of which the vendor has not answered. */
async function pending(owner: ConnectedOwner): Promise<void> {
  test.world[owner.vendor].faults.add(SILENT)
  const answer = await owner.call('book_appointment', NINE)
  if (!answer.error?.startsWith('I am holding')) throw new Error(JSON.stringify(answer))
}

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: what a caller books is told to the owner once, and its job finds nothing to do`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, notices } = watch(test, owner)
    t.match(await owner.call('book_appointment', NINE, { toolCallId: 'same' }), { result: /^You are booked/ })
    t.match(await owner.call('book_appointment', NINE, { toolCallId: 'same' }), { result: /^You are booked/ })
    const [job] = await waiting('settle-booking')
    t.ok((job?.waits ?? 0) > 25 && (job?.waits ?? 0) <= 30, 'it waits for the end of the lease')
    await bringJobsForward(test)
    await runJobs(test)
    await runJobs(test)
    t.same(await waiting('settle-booking'), [])
    t.equal(live().length, 1)
    eachMatches(t, await notices(), [{ kind: 'booking_created', text: /^Ana booked .* for Tuesday, December 1, 2026 at 9:00 AM\./ }])
    t.equal((await notices()).length, 1)
  })

  t.test(`${vendor}: a silent vendor is asked again every ten seconds, and its return settles the booking`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, statuses, notices, expireLeases } = watch(test, owner)
    await pending(owner)
    t.same(await notices(), [], 'nothing is said of what is not known')
    await expireLeases()
    for (let round = 0; round < 3; round += 1) {
      t.equal(await settle(test), 1)
      t.same(await statuses(), ['held'])
      const left = await waiting('settle-booking')
      t.equal(left.length, 1, 'one follow-up')
      t.ok((left[0]?.waits ?? 0) > 5 && (left[0]?.waits ?? 0) <= 10, `${left[0]?.waits} s`)
      // Nothing but time passes: the lease is over by itself.
      await bringJobsForward(test, { of: owner.clerkUserId })
    }
    test.world[vendor].faults.clear()
    t.equal(await settle(test), 1)
    t.same(await statuses(), ['confirmed'])
    t.equal(live().length, 1)
    eachMatches(t, await notices(), [{ kind: 'booking_created' }])
    t.same(await waiting('settle-booking'), [])
  })

  t.test(`${vendor}: after a quarter of an hour the time is free, and the owner knows whom to call`, async (t) => {
    const owner = await test.owner({ vendor })
    const { rows, notices, expireLeases, age, live } = watch(test, owner)
    await pending(owner)
    await age(16)
    await expireLeases()
    await settle(test)
    eachMatches(t, await rows(), [{ status: 'failed', failure: 'provider_unavailable' }])
    eachMatches(t, await notices(), [
      { kind: 'booking_failed', text: /Ana .* could not be entered, .* did not answer.* Contact: .*3125550142/ },
    ])
    t.same(await waiting('settle-booking'), [])
    t.equal(live().length, 0)
  })

  t.test(`${vendor}: an event that came between the last look and the creation is told to the owner, and both stay`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, statuses, notices } = watch(test, owner)
    t.match(await owner.call('book_appointment', NINE), { result: /^You are booked/ })
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Dentist', ...slot })
    const [job] = await waiting('look-for-conflict')
    t.ok((job?.waits ?? 0) > 0 && (job?.waits ?? 0) <= 3)
    await bringJobsForward(test)
    await runJobs(test)
    t.match(
      (await notices()).map(({ kind }) => kind),
      ['booking_created', 'booking_conflict'],
    )
    t.notMatch(JSON.stringify(await notices()), 'Dentist')
    t.same(await statuses(), ['confirmed'])
    t.equal(live().length, 2, 'nothing is undone')
  })

  t.test(`${vendor}: where nothing else lies, nothing is told, and a vendor that is away is asked again`, async (t) => {
    const owner = await test.owner({ vendor })
    const { notices } = watch(test, owner)
    t.match(await owner.call('book_appointment', NINE), { result: /^You are booked/ })
    test.world[vendor].faults.add({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
    await bringJobsForward(test)
    await runJobs(test)
    eachMatches(t, await waiting('look-for-conflict'), [{ state: 'created', retryCount: 0 }], 'which is no alarm')
    test.world[vendor].faults.clear()
    await bringJobsForward(test)
    await runJobs(test)
    t.same(await waiting('look-for-conflict'), [])
    t.equal((await notices()).length, 1)
  })
}

t.test("an appointment that is cancelled while the calendars are looked at is in nobody's way", async (t) => {
  const owner = await test.owner()
  const { notices } = watch(test, owner)
  t.match(await owner.call('book_appointment', NINE), { result: /^You are booked/ })
  test.world.google.addEvent(owner.calendarEmail, { subject: 'Dentist', ...slot })
  await bringJobsForward(test)
  test.world.google.faults.add({ kind: 'slow', ms: 250 })
  const looking = runJobs(test)
  await delay(120)
  await inTenant(deps.db, owner.clerkUserId, (trx) => trx.updateTable('bookings').set({ status: 'cancelled' }).execute())
  await looking
  t.same(
    (await notices()).map(({ kind }) => kind),
    ['booking_created'],
  )
})

t.test('what the owner books herself is not told to her, but what becomes of it when it fails later', async (t) => {
  const owner = await test.owner()
  const { notices, expireLeases, age } = watch(test, owner)
  const post = (start: string, end: string) =>
    test.app.inject({
      method: 'POST',
      url: '/calendar/events',
      headers: owner.headers(),
      payload: { subject: 'Hers', start_time: `2026-12-01T${start}:00-06:00`, end_time: `2026-12-01T${end}:00-06:00` },
    })
  t.equal((await post('09:00', '10:00')).statusCode, 201)
  t.same(await notices(), [])
  test.world.google.faults.add(SILENT)
  t.equal((await post('11:00', '12:00')).statusCode, 502)
  await age(16)
  await expireLeases()
  await settle(test)
  eachMatches(t, await notices(), [{ kind: 'booking_failed' }])
})

t.test('a held booking of which no job told is found and settled within a minute', async (t) => {
  const owner = await test.owner()
  const { statuses, expireLeases } = watch(test, owner)
  await pending(owner)
  test.world.google.faults.clear()
  await expireLeases()
  await sql`delete from jobs.job`.execute(deps.db)
  await deps.jobs.send(deps.db, 'find-unsettled', {})
  t.equal(await settle(test), 0, 'not while its job may only be late')
  await inTenant(deps.db, owner.clerkUserId, (trx) =>
    trx.updateTable('bookings').set({ leasedUntil: sql<Date>`now() - interval '21 seconds'` }).execute(),
  )
  await deps.jobs.send(deps.db, 'find-unsettled', {})
  t.equal(await settle(test), 1)
  t.same(await statuses(), ['confirmed'])
})

t.test('a booking that is being worked on is left to whoever has it, and looked at again', async (t) => {
  const owner = await test.owner()
  const { statuses, creates } = watch(test, owner)
  await pending(owner)
  const asked = creates()
  await bringJobsForward(test)
  await settle(test)
  t.same(await statuses(), ['held'])
  t.equal(creates(), asked)
  eachMatches(t, await waiting('settle-booking'), [{ state: 'created' }])
})

t.test(
  'a booking that cannot be settled for a fault of ours is set aside with one alert, others are not held up, and at its end it is free',
  async (t) => {
    const [ill, well] = [await test.owner(), await test.owner()]
    for (const owner of [ill, well]) await pending(owner)
    test.world.google.faults.clear()
    // A row that nothing can be made of.
    await inTenant(deps.db, ill.clerkUserId, (trx) => trx.updateTable('businesses').set({ timeZone: 'nowhere' }).execute())
    const alerts = () => test.logs.filter((line) => line.includes('set aside')).length
    const before = alerts()
    for (const owner of [ill, well]) await watch(test, owner).expireLeases()
    for (let round = 0; round < 7; round += 1) {
      await settle(test)
      await bringJobsForward(test, { of: ill.clerkUserId })
    }
    t.equal(alerts() - before, 1)
    t.same(await watch(test, well).statuses(), ['confirmed'])
    t.same(await watch(test, ill).statuses(), ['held'])
    const overdue = () =>
      inTenant(deps.db, ill.clerkUserId, (trx) => sql`update bookings set leased_until = now() - interval '1 hour'`.execute(trx))
    const sweep = async () => {
      await overdue()
      await deps.jobs.send(deps.db, 'find-unsettled', {})
      await runJobs(test)
    }
    await sweep()
    t.same(await waiting('settle-booking'), [], 'it is left to whoever looks into it')
    await watch(test, ill).age(16)
    await sweep()
    t.match(await watch(test, ill).rows(), [{ status: 'failed', failure: 'internal' }], 'but its time is not kept for ever')
  },
)

t.test("a process whose clock is wrong by an hour neither settles too early nor too late: the database's clock counts", async (t) => {
  const owner = await test.owner()
  const { statuses, expireLeases, creates } = watch(test, owner)
  await pending(owner)
  const asked = creates()
  const real = Date.now
  t.teardown(() => {
    Date.now = real
  })
  for (const hours of [1, -1]) {
    Date.now = () => real() + hours * 3_600_000
    const clock = await databaseClock(deps.db)
    t.ok(Math.abs(clock.now().getTime() - real()) < 1000, 'and the clock by which notice is reckoned follows it')
    clock.stop()
    t.equal(await settle(test), 0, 'not due')
    t.equal(creates(), asked)
    await deps.jobs.send(deps.db, 'find-unsettled', {})
    t.equal(await settle(test), 0, 'nor overdue')
  }
  // As if it had died before it asked the vendor, which would notice a wrong clock itself.
  await inTenant(deps.db, owner.clerkUserId, (trx) => trx.updateTable('bookings').set({ askedAt: null }).execute())
  await expireLeases()
  Date.now = () => real() - 3_600_000
  t.equal(await settle(test), 1, 'due by the database, though the process believes that it is an hour earlier')
  t.same(await statuses(), ['failed'])
})

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: moves and events of which no job tells are found and settled, and a move that nobody can settle ends`, async (t) => {
    const { standIn, live, rows, changes, age, notices, owner, book, move } = await caller(test, vendor)
    const lost = { method: 'PATCH', kind: 'lost', path: /events/, times: Number.POSITIVE_INFINITY } as const
    const find = async (work?: Work) => {
      const leasedUntil = sql<Date>`now() - interval '21 seconds'`
      await inTenant(deps.db, owner.clerkUserId, (trx) => trx.updateTable('changes').set({ leasedUntil }).execute())
      await sql`delete from jobs.job where state < 'completed'`.execute(deps.db)
      await deps.jobs.send(deps.db, 'find-unsettled', {})
      await runJobs(test, work)
    }
    t.match((await book(at(10))).result, /^You are booked/)
    standIn.faults.add(lost)
    t.match(await move(at(14)), { kind: 'pending' })
    standIn.faults.clear()
    await find()
    eachMatches(t, await changes(), [{ state: 'done' }])
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(14) }])

    standIn.faults.add(lost)
    t.match(await move(at(15)), { kind: 'pending' })
    standIn.faults.clear()
    const ill = { ...deps, providers: Object.assign(new Map(), { get: () => ours() }) }
    const failing: Work = { ...work, 'settle-change': (_, job, signal) => settleChange(ill, job, signal) }
    const alerts = () => test.logs.filter((line) => line.includes('set aside')).length
    const before = alerts()
    await find(failing)
    for (let round = 0; round < 6; round += 1) {
      await bringJobsForward(test, { of: owner.clerkUserId })
      await runJobs(test, failing)
    }
    t.equal(alerts() - before, 1, 'one alert')
    await find()
    eachMatches(t, await changes(), [{ state: 'done' }, { state: 'open' }], 'it is left to whoever looks into it')
    await age(16)
    await find(failing)
    eachMatches(t, await changes(), [{ state: 'done' }, { state: 'failed', failure: 'internal' }], 'but its time is not kept for ever')
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(14), toTell: 'update' }])
    t.match((await notices()).at(-1), { kind: 'change_failed' })
    t.has(live(), [{ startsAt: at(15) }])
    await find()
    t.has(live(), [{ startsAt: at(14) }])
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(14), toTell: null }])
  })
}

function ours(): never {
  throw new Error('a fault of ours')
}
