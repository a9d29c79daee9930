import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import type { Deps } from '../../src/deps.ts'
import { NOW, testApp } from '../setup/app.ts'
import { ANA, at, caller } from '../setup/changes.ts'
import { eachMatches } from '../setup/each-matches.ts'
import { runJobs } from '../setup/jobs.ts'

const test = await testApp(t, {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '700',
  PROVIDER_CREATE_TIMEOUT_MS: '700',
  TOOL_CALL_TIMEOUT_MS: '3500',
})
const FOR_GOOD = { times: Number.POSITIVE_INFINITY } as const
// Nobody is invited, so at Microsoft, too, the event is deleted.
const TAKE_AWAY = { method: 'DELETE' } as const

/** The service, killed in the transaction that ends a change, when it hands over what is left to do. */
const killedWhenDone: Deps = {
  ...test.deps,
  jobs: {
    ...test.deps.jobs,
    send: async (trx, name, ...rest) => {
      const done = name === 'tell-vendor' ? await trx.selectFrom('changes').select('id').where('state', '=', 'done').execute() : []
      if (done.length > 0) throw new Error('killed')
      await test.deps.jobs.send(trx, name, ...rest)
    },
  },
}

async function until(condition: () => Promise<unknown>): Promise<void> {
  while (!(await condition())) await delay(10)
}

for (const vendor of ['google', 'microsoft'] as const) {
  const booked = async () => {
    test.world[vendor].faults.clear()
    const ana = await caller(test, vendor)
    t.match((await ana.book(at(10))).result, /^You are booked/)
    return ana
  }

  t.test(`${vendor}: a cancelled appointment is gone from the calendar, and its time is free at once`, async (t) => {
    const { cancel, live, rows, changes, owner } = await booked()
    t.match(await cancel({ operation: `cancel-${vendor}` }), { kind: 'cancelled', booking: { status: 'cancelled' } })
    t.same(live(), [])
    eachMatches(t, await rows(), [{ status: 'cancelled', toTell: null }])
    eachMatches(t, await changes(), [{ kind: 'cancel', state: 'done' }])
    t.match(await cancel({ operation: `cancel-${vendor}` }), { kind: 'cancelled' }, 'delivered again')
    t.match(await cancel(), { kind: 'already' }, 'said again')
    const other = await caller(test, vendor, { owner, callerNumber: '+13125550199' })
    t.match((await other.book(at(10))).result, /^You are booked/)
    t.match(await cancel(), { kind: 'already' }, 'and it is not the other one that goes')
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: taken back, it is a new event of the same appointment, with the same code`, async (t) => {
    const { cancel, undo, live, rows, code, find, who } = await booked()
    const before = await code()
    await cancel()
    test.setNow(new Date(at(9, 45)))
    t.teardown(() => test.setNow(NOW))
    t.has(await undo(`undo-${vendor}`), {
      kind: 'restored',
      booking: { startsAt: at(10), status: 'confirmed', vapiCallId: who.vapiCallId },
    })
    t.match(await undo(`undo-${vendor}`), { kind: 'restored' }, 'delivered again')
    t.match(await undo(), { kind: 'already' }, 'said again')
    t.equal(live().length, 1)
    const [first, second] = await rows()
    t.match([first, second], [{ status: 'cancelled' }, { status: 'confirmed' }])
    t.equal(second?.appointmentId, first?.appointmentId)
    t.not(second?.id, first?.id)
    t.match(await find({ vapiCallId: 'another', code: before }), { kind: 'found', booking: { id: second?.id } })
  })

  t.test(`${vendor}: booking the very time that was cancelled in the call is the same as taking it back`, async (t) => {
    const { cancel, book, rows, live } = await booked()
    await cancel()
    t.match((await book(at(10))).result, /^You are booked/)
    const [first, second] = await rows()
    t.equal(second?.appointmentId, first?.appointmentId)
    t.equal(live().length, 1)
    t.match(await cancel(), { kind: 'cancelled' })
    t.same(live(), [])
  })

  t.test(`${vendor}: it is not taken back over an appointment that came meanwhile`, async (t) => {
    const { cancel, undo, live, owner } = await booked()
    await cancel()
    const other = await caller(test, vendor, { owner, callerNumber: '+13125550199' })
    await other.book(at(10))
    t.match(await undo(), { kind: 'refused', why: 'taken' })
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: two who take it back at once have it once`, async (t) => {
    const { cancel, undo, live, rows } = await booked()
    await cancel()
    const kinds = (await Promise.all([undo(), undo(), undo()])).map((one) => ('kind' in one ? one.kind : one.refused))
    t.same(kinds.sort(), ['already', 'already', 'restored'])
    t.equal(live().length, 1)
    t.equal((await rows()).length, 2)
  })

  t.test(`${vendor}: refused by the vendor, the appointment stands`, async (t) => {
    const { cancel, live, rows, standIn } = await booked()
    standIn.faults.add({ ...TAKE_AWAY, kind: 'status', status: 400, ...FOR_GOOD })
    t.match(await cancel(), { refused: 'provider_refused' })
    eachMatches(t, await rows(), [{ status: 'confirmed' }])
    t.equal(live().length, 1)
    standIn.faults.clear()
    t.match(await cancel(), { kind: 'cancelled' })
  })

  t.test(`${vendor}: a silent vendor leaves the cancel pending; it is carried out when the vendor answers`, async (t) => {
    for (const kind of ['silent', 'lost'] as const) {
      const { cancel, move, live, rows, changes, standIn, settleChanges } = await booked()
      standIn.faults.add({ ...TAKE_AWAY, kind, ...FOR_GOOD })
      t.match(await cancel(), { kind: 'pending', change: { kind: 'cancel' } })
      t.match(await move(at(14)), { refused: 'change_under_way' }, 'another wish is not kept, and not called so')
      eachMatches(t, await rows(), [{ status: 'confirmed' }])
      standIn.faults.clear()
      await settleChanges()
      t.same(live(), [])
      eachMatches(t, await rows(), [{ status: 'cancelled', toTell: null }])
      eachMatches(t, await changes(), [{ state: 'done' }])
    }
  })

  t.test(`${vendor}: after too long without an answer it is off here, and the event goes when the vendor answers`, async (t) => {
    const { cancel, live, rows, standIn, settleChanges, age, owner } = await booked()
    standIn.faults.add({ kind: 'silent', path: /events|Properties/, ...FOR_GOOD })
    await cancel()
    await age(16)
    await settleChanges()
    eachMatches(t, await rows(), [{ status: 'cancelled', toTell: 'cancel' }])
    t.equal(live().length, 1)
    const told = await test.app.inject({ url: '/notices', headers: owner.headers() })
    t.match(told.json().notices[0], { kind: 'booking_cancelled' })
    standIn.faults.clear()
    await settleChanges()
    t.same(live(), [])
    eachMatches(t, await rows(), [{ status: 'cancelled', toTell: null }])
  })

  t.test(`${vendor}: a process that dies before it asks the vendor has changed nothing, and the same call may try again`, async (t) => {
    const { cancel, live, rows, changes, standIn, settleChanges, owner } = await booked()
    standIn.faults.add({ ...TAKE_AWAY, kind: 'silent', ...FOR_GOOD })
    await cancel({ operation: `dead-${vendor}` })
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('changes').set({ askedAt: null }).execute())
    standIn.faults.clear()
    await settleChanges()
    eachMatches(t, await changes(), [{ state: 'failed', failure: 'unavailable' }])
    eachMatches(t, await rows(), [{ status: 'confirmed', toTell: null }])
    t.equal(live().length, 1)
    t.match(await cancel({ operation: `dead-${vendor}` }), { kind: 'cancelled' })
    t.same(live(), [])
  })

  t.test(`${vendor}: the event of a booking that failed after the vendor was asked is taken away once it can be seen`, async (t) => {
    test.world[vendor].faults.clear()
    const ana = await caller(test, vendor)
    ana.standIn.faults.add({ kind: 'lost', method: 'POST', path: /\/events(\?|$)/, ...FOR_GOOD })
    t.match((await ana.book(at(10))).error, /^I am holding/)
    ana.standIn.faults.clear()
    ana.standIn.faults.add({ kind: 'silent', path: /events|Properties/, ...FOR_GOOD })
    await ana.age(16)
    await ana.expireLeases()
    await runJobs(test)
    eachMatches(t, await ana.rows(), [{ status: 'failed', toTell: 'cancel' }])
    t.equal(ana.live().length, 1, 'nobody could know')
    ana.standIn.faults.clear()
    await ana.settleChanges()
    t.same(ana.live(), [])
    eachMatches(t, await ana.rows(), [{ status: 'failed', toTell: null }])
  })

  t.test(`${vendor}: a booking of which nothing is known yet can be cancelled, and its event goes if it comes`, async (t) => {
    const { owner, standIn, rows, live, settleChanges, age, ...ana } = await caller(test, vendor, { callerNumber: ANA })
    standIn.faults.clear()
    standIn.faults.add({ kind: 'lost', method: 'POST', path: /\/events(\?|$)/, ...FOR_GOOD })
    await ana.book(at(10))
    t.match(await ana.move(at(14)), { refused: 'not_yet_confirmed' }, 'it cannot be moved yet, and no move is called pending')
    const twins = await Promise.all([1, 2, 3].map(() => ana.cancel({ operation: 'once' })))
    t.match(twins, [{ kind: 'cancelled' }, { kind: 'cancelled' }, { kind: 'cancelled' }], 'all deliveries hear the same')
    eachMatches(t, await rows(), [{ status: 'cancelled', toTell: 'cancel' }])
    standIn.faults.clear()
    t.match(await ana.undo(), { kind: 'restored' }, 'its own event on its way out is not in the way')
    t.match(await ana.cancel(), { kind: 'cancelled' })
    await settleChanges()
    t.same(live(), [])
    eachMatches(t, await rows(), [
      { status: 'cancelled', toTell: null },
      { status: 'cancelled', toTell: null },
    ])
    eachMatches(t, await ana.changes(), [
      { kind: 'cancel', state: 'done' },
      { kind: 'cancel', state: 'done' },
    ])
  })

  t.test(`${vendor}: moving and cancelling at once go one after the other, and nothing is lost`, async (t) => {
    const { move, cancel, live, rows, owner } = await booked()
    const { id } = (await test.app.inject({ url: '/bookings', headers: owner.headers() })).json().bookings[0]
    const url = `/bookings/${id}`
    const [moved, , deleted] = await Promise.all([
      move(at(14)),
      cancel(),
      test.app.inject({ method: 'DELETE', url, headers: owner.headers() }),
    ])
    t.equal(deleted.statusCode, 200, deleted.body)
    t.ok('refused' in moved || moved.kind === 'moved', JSON.stringify(moved))
    eachMatches(t, await rows(), [{ status: 'cancelled' }])
    t.same(live(), [])
  })

  t.test(`${vendor}: who cancels while her booking is on its way is not told that it is kept, and its event goes again`, async (t) => {
    test.world[vendor].faults.clear()
    const ana = await caller(test, vendor)
    ana.standIn.faults.add({ kind: 'late', ms: 400, method: 'POST', path: /\/events(\?|$)/ })
    const booking = ana.book(at(10))
    await until(async () => (await ana.live()).length === 1)
    t.match(await ana.cancel(), { kind: 'cancelled' })
    t.match(await booking, { error: /^That appointment cannot be changed any more/ })
    t.equal(ana.live().length, 1)
    await ana.settleChanges()
    t.same(ana.live(), [])
    eachMatches(t, await ana.rows(), [{ status: 'cancelled', toTell: null }])
  })

  t.test(
    `${vendor}: killed in the middle of cancelling what is not confirmed yet, the event goes all the same, and the owner is told`,
    async (t) => {
      test.world[vendor].faults.clear()
      const ana = await caller(test, vendor)
      ana.standIn.faults.add({ kind: 'lost', method: 'POST', path: /\/events(\?|$)/, ...FOR_GOOD })
      await ana.book(at(10))
      await t.rejects(ana.cancel({ deps: killedWhenDone }), /killed/)
      eachMatches(t, await ana.changes(), [{ kind: 'cancel', state: 'open' }])
      ana.standIn.faults.clear()
      // The vendor is told once the cancel itself is at its end.
      for (const _ of ['the cancel', 'its event']) await ana.settleChanges()
      t.same(ana.live(), [])
      eachMatches(t, await ana.rows(), [{ status: 'cancelled', toTell: null }])
      eachMatches(t, await ana.changes(), [{ kind: 'cancel', state: 'done' }])
      eachMatches(t, await ana.notices(), [{ kind: 'booking_cancelled' }])
    },
  )

  t.test(
    `${vendor}: a cancel that the vendor has done and we could not write is done, and never an appointment without an event`,
    async (t) => {
      const { cancel, live, rows, changes, settleChanges, notices } = await booked()
      const holder = new pg.Client({ connectionString: test.database.ownerUrl })
      await holder.connect()
      t.teardown(() => holder.end())
      await holder.query('begin; lock table notices in access exclusive mode')
      t.match(await cancel(), { kind: 'pending' })
      await holder.query('rollback')
      t.same(live(), [])
      await settleChanges()
      eachMatches(t, await rows(), [{ status: 'cancelled', toTell: null }])
      eachMatches(t, await changes(), [{ state: 'done' }])
      t.same(
        (await notices()).map(({ kind }) => kind),
        ['booking_created', 'booking_cancelled'],
      )
    },
  )
}
