import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { tellVendor } from '../../src/bookings/tell-vendor.ts'
import { diaryOf } from '../../src/calendar/access.ts'
import { inviteAfterwards } from '../../src/changes/invite.ts'
import { findBooking, untold } from '../../src/db/bookings.ts'
import { inTenant } from '../../src/db/client.ts'
import { testApp } from '../setup/app.ts'
import { ANA, at, caller, standingStill } from '../setup/changes.ts'
import { eachMatches } from '../setup/each-matches.ts'

const test = await testApp(t, {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '700',
  PROVIDER_CREATE_TIMEOUT_MS: '700',
  TOOL_CALL_TIMEOUT_MS: '3500',
})
const UPDATE = { method: 'PATCH', path: /\/events\// } as const
const FOR_GOOD = { times: Number.POSITIVE_INFINITY } as const

async function until(condition: () => Promise<unknown>): Promise<void> {
  while (!(await condition())) await delay(10)
}

for (const vendor of ['google', 'microsoft'] as const) {
  /** A caller who has booked ten o'clock in this call. */
  const booked = async () => {
    test.world[vendor].faults.clear()
    const ana = await caller(test, vendor)
    t.match((await ana.book(at(10))).result, /^You are booked/)
    const [event] = ana.live()
    return { ...ana, eventId: event?.id }
  }

  t.test(`${vendor}: an appointment is moved in place, and both times are told apart`, async (t) => {
    const { move, live, rows, changes, eventId, book, owner, standIn, notices, settleChanges } = await booked()
    await settleChanges() // so that what is still to be done for the booking is not taken for what the move brings
    t.has(await move(at(14)), { kind: 'moved', booking: { startsAt: at(14), endsAt: at(14, 30), status: 'confirmed' } })
    t.has(live(), [{ id: eventId, startsAt: at(14), endsAt: at(14, 30) }], 'the same event')
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(14) }], 'and one row')
    eachMatches(t, await changes(), [{ kind: 'move', state: 'done' }])
    const other = await caller(test, vendor, { owner, callerNumber: '+13125550199' })
    t.match((await other.book(at(14))).error, /^That time is taken/)
    t.match((await other.book(at(10))).result, /^You are booked/, 'the old time is free at once')
    t.match(await book(at(14)), { result: /already/ }, 'the caller who asks for the new time has it already')
    standIn.addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt: at(14, 15), endsAt: at(15) })
    await settleChanges()
    const told = (await notices()).filter(({ kind }) => kind === 'booking_conflict')
    t.match(told, [{ text: /at 2:00 PM/ }], 'what came to lie at the new time is told to the owner')
  })

  t.test(`${vendor}: an appointment is not in its own way`, async (t) => {
    const { move, live, standIn, owner } = await booked()
    const list = await test.app.inject({ url: '/bookings', headers: owner.headers() })
    const { id } = list.json().bookings[0]
    const patch = (start: Date) =>
      test.app.inject({
        method: 'PATCH',
        url: `/bookings/${id}`,
        headers: owner.headers(),
        payload: { start_time: start.toISOString() },
      })
    t.equal((await patch(at(10, 15))).statusCode, 200, 'a quarter of an hour later, over itself')
    t.has(live(), [{ startsAt: at(10, 15), endsAt: at(10, 45) }])
    standIn.addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt: at(10, 45), endsAt: at(11) })
    t.equal((await patch(at(10, 30))).statusCode, 409, 'another event is')
    t.match(await move(at(11)), { kind: 'moved' })
  })

  t.test(`${vendor}: what binds booking binds moving, and the appointment stands as it did`, async (t) => {
    const { move, standIn, owner, rows, changes, live } = await booked()
    standIn.addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt: at(12), endsAt: at(13) })
    t.match(await move(at(12)), { kind: 'refused', why: 'taken' })
    t.match(await move(at(20)), { kind: 'refused', why: 'closed' })
    t.match(await move(at(11, 10)), { kind: 'refused', why: 'off_grid' })
    t.match(await move(new Date('2026-11-28T16:00:00Z')), { kind: 'refused', why: 'past' })
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(10) }])
    eachMatches(t, await changes(), [{ state: 'failed', failure: 'slot_taken' }], 'only the first was worth asking the calendar')
    t.equal(live().filter(({ subject }) => subject !== 'Dentist').length, 1)
  })

  t.test(`${vendor}: a time that another caller has is not hers, and her own stays`, async (t) => {
    const { move, owner, live } = await booked()
    const other = await caller(test, vendor, { owner, callerNumber: '+13125550199' })
    await other.book(at(15))
    const [a, b] = await Promise.all([move(at(16)), other.move(at(16))])
    t.same([a, b].map((one) => ('kind' in one ? one.kind : one.refused)).sort(), ['moved', 'refused'])
    t.match(await move(at(15)), { kind: /moved|refused/ })
    const starts = live().map(({ startsAt }) => startsAt.getTime())
    t.equal(new Set(starts).size, 2)
  })

  t.test(`${vendor}: the same function call twenty times at once is one move, and another wish under it is an error`, async (t) => {
    const { move, live, changes, standIn } = await booked()
    const before = standIn.ledger.length
    const all = await Promise.all(Array.from({ length: 20 }, () => move(at(14), { operation: `same-${vendor}` })))
    t.ok(
      all.every((one) => 'kind' in one && one.kind === 'moved'),
      JSON.stringify(all.map((one) => ('kind' in one ? one.kind : one.refused))),
    )
    t.equal(standIn.ledger.slice(before).filter(({ method }) => method === 'PATCH').length, 1)
    eachMatches(t, await changes(), [{ state: 'done' }])
    t.match(await move(at(15), { operation: `same-${vendor}` }), { refused: 'repeat_differs' })
    t.match(await move(at(14)), { kind: 'already' }, 'the same wish under another id')
    t.has(live(), [{ startsAt: at(14) }])
  })

  t.test(`${vendor}: refused by the vendor, the appointment stands as it did`, async (t) => {
    const { move, live, rows, changes, standIn } = await booked()
    standIn.faults.add({ ...UPDATE, kind: 'status', status: 400, ...FOR_GOOD })
    t.match(await move(at(14)), { refused: 'provider_refused' })
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(10) }])
    eachMatches(t, await changes(), [{ state: 'failed' }])
    t.has(live(), [{ startsAt: at(10) }])
    standIn.faults.clear()
    t.match(await move(at(14)), { kind: 'moved' })
    standIn.faults.add({ ...UPDATE, kind: 'status', status: 429, retryAfter: 120, ...FOR_GOOD })
    t.match(await move(at(16)), { refused: 'provider_busy' })
    t.has(live(), [{ startsAt: at(14) }])
  })

  t.test(`${vendor}: a silent vendor leaves the move pending, both times kept; it is carried out when the vendor answers`, async (t) => {
    const { move, live, rows, changes, owner, standIn, settleChanges } = await booked()
    standIn.faults.add({ ...UPDATE, kind: 'silent', ...FOR_GOOD })
    const startedAt = performance.now()
    t.has(await move(at(14), { operation: `silent-${vendor}` }), { kind: 'pending', booking: { startsAt: at(10) } })
    t.ok(performance.now() - startedAt < 3500)
    const other = await caller(test, vendor, { owner, callerNumber: '+13125550199' })
    for (const hour of [10, 14]) t.match((await other.book(at(hour))).error, /^That time is taken/, `${hour} is kept`)
    t.has(await rows(), [
      { status: 'confirmed', startsAt: at(10) },
      { status: 'held', startsAt: at(14) },
    ])
    standIn.faults.clear()
    await settleChanges()
    t.has(live(), [{ startsAt: at(14) }])
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(14), toTell: null }])
    eachMatches(t, await changes(), [{ state: 'done' }])
    t.match(await move(at(14), { operation: `silent-${vendor}` }), { kind: 'moved' }, 'the same call again hears the truth')
  })

  t.test(`${vendor}: an answer lost after the act is seen by the event`, async (t) => {
    const { move, live, rows, standIn, settleChanges } = await booked()
    standIn.faults.add({ ...UPDATE, kind: 'lost', ...FOR_GOOD })
    const outcome = await move(at(14))
    t.match(outcome, { kind: 'pending' })
    t.has(live(), [{ startsAt: at(14) }])
    await settleChanges()
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(14) }])
    t.has(live(), [{ startsAt: at(14) }])
  })

  t.test(
    `${vendor}: after too long without an answer the old time stays, the new one is free, and the event is brought back`,
    async (t) => {
      const { move, live, rows, changes, standIn, settleChanges, age, owner } = await booked()
      standIn.faults.add({ ...UPDATE, kind: 'lost', ...FOR_GOOD })
      await move(at(14))
      standIn.faults.clear()
      standIn.faults.add({ kind: 'silent', ...FOR_GOOD, path: /events/ })
      await age(14)
      await settleChanges()
      eachMatches(t, await changes(), [{ state: 'open' }], 'fourteen minutes')
      await age(2)
      await settleChanges()
      eachMatches(t, await changes(), [{ state: 'failed', failure: 'provider_unavailable' }])
      t.has(await rows(), [{ status: 'confirmed', startsAt: at(10), toTell: 'update' }])
      t.has(live(), [{ startsAt: at(14) }], 'the vendor has it otherwise, and does not answer')
      const told = await test.app.inject({ url: '/notices', headers: owner.headers() })
      t.match(told.json().notices[0], { kind: 'change_failed' })
      standIn.faults.clear()
      await settleChanges()
      t.has(live(), [{ startsAt: at(10) }])
      t.has(await rows(), [{ status: 'confirmed', startsAt: at(10), toTell: null }])
    },
  )

  t.test(`${vendor}: a request that stood still for too long asks nothing any more, and fails nothing of who came after it`, async (t) => {
    const { move, live, rows, changes, standIn, settleChanges, eventId } = await booked()
    standIn.faults.add({ kind: 'slow', ms: 350, path: /freeBusy|calendarView/ })
    const before = standIn.ledger.length
    const slow = move(at(14), { operation: `slow-${vendor}` })
    await until(async () => (await changes()).length === 1)
    await settleChanges()
    t.match(await slow, { refused: 'unavailable' })
    t.equal(standIn.ledger.slice(before).filter(({ method }) => method === 'PATCH').length, 0)
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(10) }])

    standIn.faults.add({ ...UPDATE, kind: 'slow', ms: 300 })
    const late = move(at(15), { operation: `late-${vendor}` })
    await until(async () => (await changes())[1]?.askedAt)
    await settleChanges()
    t.match(await late, { kind: /moved|pending/ })
    await settleChanges()
    t.has(live(), [{ id: eventId, startsAt: at(15) }])
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(15) }])
    eachMatches(t, await changes(), [{ state: 'failed', failure: 'unavailable' }, { state: 'done' }])
  })

  t.test(`${vendor}: the owner has deleted the event: the appointment is off`, async (t) => {
    const { move, rows, standIn, owner, eventId } = await booked()
    standIn.deleteEvent(owner.calendarEmail, eventId ?? '')
    t.match(await move(at(14)), { refused: 'event_missing' })
    t.has(await rows(), [{ status: 'cancelled', startsAt: at(10) }])
  })

  t.test(`${vendor}: taken back within the call, whatever the notice; twice is once`, async (t) => {
    const { move, undo, live, rows, changes, who } = await booked()
    t.match(await undo(), { refused: 'nothing_changed' }, 'nothing was changed yet')
    await move(at(14))
    test.setNow(new Date(at(9, 30).getTime()))
    t.teardown(() => test.setNow(new Date('2026-11-29T23:00:00Z')))
    t.match(await move(at(10, 30), { vapiCallId: who.vapiCallId }), { kind: 'moved' })
    t.has(await undo(`undo-${vendor}`), { kind: 'moved', booking: { startsAt: at(14) } })
    t.has(await undo(`undo-${vendor}`), { kind: 'moved', booking: { startsAt: at(14) } }, 'delivered again')
    t.has(await undo(), { kind: 'already', booking: { startsAt: at(14) } }, 'said again')
    t.has(await move(at(10)), { kind: 'moved', booking: { startsAt: at(10) } }, 'back to where it was, within the hour')
    t.has(live(), [{ startsAt: at(10) }])
    t.has(await rows(), [{ status: 'confirmed', startsAt: at(10) }])
    t.ok((await changes()).every(({ state }) => state === 'done'))
  })

  t.test(`${vendor}: bringing an event back undoes no move that came meanwhile`, async (t) => {
    const { move, live, rows, settleChanges, owner } = await booked()
    const [row] = await rows()
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('bookings').set(untold('update')).execute())
    const job = { clerkUserId: owner.clerkUserId, bookingId: row?.id ?? '' }
    const telling = standingStill(test, vendor, 'update', 'before')
    const told = tellVendor(telling.deps, job, AbortSignal.timeout(2000))
    await telling.reached
    const moving = standingStill(test, vendor, 'update', 'after')
    const moved = move(at(15), { deps: moving.deps })
    await moving.reached
    telling.go()
    await told
    t.has(live(), [{ startsAt: at(10) }], 'written by what was so before')
    moving.go()
    t.has(await moved, { kind: 'moved', booking: { startsAt: at(15) } })
    await settleChanges()
    t.has(live(), [{ startsAt: at(15) }])
    t.has(await rows(), [{ startsAt: at(15), toTell: null }])
  })

  t.test(`${vendor}: somebody who is invited while her appointment is moved is invited to its new time`, async (t) => {
    const { move, live, rows, settleChanges, owner, who } = await booked()
    const [row] = await rows()
    const inviting = standingStill(test, vendor, 'update', 'before')
    const booking = await inTenant(test.deps.db, owner.clerkUserId, (trx) => findBooking(trx, owner.clerkUserId, row?.id ?? ''))
    if (!booking) throw new Error('no booking')
    const diary = await diaryOf(test.deps, owner.clerkUserId)
    const invited = inviteAfterwards(inviting.deps, diary, booking, 'ana@example.com', AbortSignal.timeout(3000))
    await inviting.reached
    t.match(await move(at(15), { vapiCallId: who.vapiCallId }), { kind: 'moved' })
    inviting.go()
    t.match(await invited, { customerEmail: 'ana@example.com' })
    await settleChanges()
    t.has(live(), [{ startsAt: at(15), attendees: [{ email: 'ana@example.com' }] }])
    t.has(await rows(), [{ startsAt: at(15), toTell: null }])
  })

  t.test(
    `${vendor}: whoever was moved away from a time may have it as well, and the same booking delivered again is told the same`,
    async (t) => {
      test.world[vendor].faults.clear()
      const ana = await caller(test, vendor)
      const again = () => ana.book(at(10), ANA, { toolCallId: 'same' })
      const first = await again()
      t.match(first, { result: /^You are booked for Tuesday .* at ten/ })
      await ana.move(at(14))
      t.match(await ana.book(at(14), ANA, { attendee_email: 'ana@example.com' }), { result: /already booked .* An invitation comes/ })
      t.same(await again(), first)
      t.match(await ana.book(at(10), ANA), { result: /^You are booked for Tuesday .* at ten/ }, 'its key blocks nothing')
      t.equal(ana.live().length, 2)
    },
  )

  t.test(`${vendor}: a booking that is delivered again after it was cancelled, or taken back, is not made again`, async (t) => {
    test.world[vendor].faults.clear()
    const ana = await caller(test, vendor)
    const again = () => ana.book(at(10), ANA, { toolCallId: 'same' })
    const first = await again()
    t.match(first, { result: /^You are booked/ })
    await ana.cancel()
    t.same(await again(), first, 'the answer to that function call, and not news')
    t.same(ana.live(), [])
    await ana.undo()
    t.same(await again(), first)
    t.equal(ana.live().length, 1)
    await ana.cancel()
    const back = () => ana.book(at(10), ANA, { toolCallId: 'back', attendee_email: 'ana@example.com' })
    const second = await back()
    t.match(second, { result: /^You are booked/ })
    t.same(await back(), second, 'its own repeat, whatever the appointment had been')
    t.equal(ana.live().length, 1)
  })
}
