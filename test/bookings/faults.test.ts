import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import { speakable, words } from '../setup/voice.ts'

const BUDGET_MS = 4000
const test = await testApp(t, {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '400',
  PROVIDER_CREATE_TIMEOUT_MS: '500',
  TOOL_CALL_TIMEOUT_MS: String(BUDGET_MS),
})
const CREATE = { method: 'POST', path: /\/events(\?|$)/ }
const BUSY = { path: /freeBusy|calendarView/ }
const NINE = { start_time: '2026-12-01T09:00', name: 'Ana' }

for (const vendor of ['google', 'microsoft'] as const) {
  const fresh = async () => {
    const owner = await test.owner({ vendor })
    const seen = watch(test, owner)
    const asked = seen.creates()
    test.world[vendor].faults.clear()
    return {
      owner,
      ...seen,
      creates: () => seen.creates() - asked,
      book: async (options: { callId?: string; toolCallId?: string } = { toolCallId: 'same' }) => {
        const startedAt = performance.now()
        const answer = await owner.call('book_appointment', NINE, options)
        return { ...answer, said: words(answer), inTime: performance.now() - startedAt < BUDGET_MS }
      },
    }
  }

  t.test(`${vendor}: slow but in time is booked`, async (t) => {
    const { standIn, book, live } = await fresh()
    standIn.faults.add({ ...CREATE, kind: 'slow', ms: 300 })
    t.match(await book(), { result: /^You are booked/, inTime: true })
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: silent while the event is made: the time is kept, the caller hears that, and later it is confirmed`, async (t) => {
    const { owner, standIn, book, live, statuses, creates, expireLeases } = await fresh()
    standIn.faults.add({ ...CREATE, kind: 'silent', times: Number.POSITIVE_INFINITY })
    const answer = await book()
    t.match(answer, { error: /^I am holding Tuesday the first of December at nine in the morning.*not confirmed yet/, inTime: true })
    speakable(t, answer.said)
    t.ok(creates() <= 2)
    t.same(await statuses(), ['held'])
    t.match(await book({ callId: 'another' }), { error: /^That time is taken/ }, 'nobody else gets it')
    t.notMatch((await owner.call('get_availability', { date: '2026-12-01' })).result, 'at nine or nine thirty', 'nor is it offered')

    t.equal(await settle(test), 0, 'while its lease runs, nobody takes it up')
    standIn.faults.clear()
    await expireLeases()
    t.equal(await settle(test), 1)
    t.match(await statuses(), ['confirmed'])
    t.equal(live().length, 1)
    t.match(await book(), { result: /^You are booked/ }, 'the same call again hears the truth')
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: an answer lost after the act is never "taken", and the event stays one`, async (t) => {
    for (const times of [1, 2]) {
      const { standIn, book, live, statuses, expireLeases } = await fresh()
      standIn.faults.add({ ...CREATE, kind: 'lost', times })
      const answer = await book()
      t.match(answer, times === 1 ? { result: /^You are booked/ } : { error: /^I am holding/ })
      t.equal(live().length, 1)
      await expireLeases()
      await settle(test)
      t.match(await statuses(), ['confirmed'])
      t.equal(live().length, 1)
      t.match(await book(), { result: /^You are booked/ })
    }
  })

  const unknowns = {
    'an inner error': { kind: 'status', status: 500 },
    'a bad gateway': { kind: 'status', status: 502, body: '<html>Bad gateway</html>' },
    'a cut line': { kind: 'cut' },
    'a page instead of an answer': { kind: 'status', status: 200, body: '<html>Sign in to the network</html>' },
  } as const
  for (const [what, fault] of Object.entries(unknowns)) {
    t.test(`${vendor}: ${what} for good leaves the booking open, once it is made up for`, async (t) => {
      const { standIn, book, live, statuses, creates, expireLeases } = await fresh()
      standIn.faults.add({ ...CREATE, ...fault, times: Number.POSITIVE_INFINITY })
      const answer = await book()
      t.match(answer, { error: /^I am holding/, inTime: true })
      t.ok(creates() <= 2, `${creates()} requests for one call`)
      t.equal(live().length, 0)
      standIn.faults.clear()
      await expireLeases()
      await settle(test)
      t.match(await statuses(), ['confirmed'])
      t.equal(live().length, 1)

      const other = await fresh()
      other.standIn.faults.add({ ...CREATE, ...fault, times: 1 })
      const once = await other.book()
      t.match(once.said, /^(You are booked|I am holding)/)
      if (once.result) t.equal(other.live().length, 1)
    })
  }

  t.test(
    `${vendor}: asked to wait a second, we wait; asked to wait longer, the caller is told, nothing more is sent, and the time is free again`,
    async (t) => {
      const patient = await fresh()
      patient.standIn.faults.add({ ...CREATE, kind: 'status', status: 429, retryAfter: 1 })
      t.match(await patient.book(), { result: /^You are booked/, inTime: true })
      t.equal(patient.creates(), 2)

      const hasty = await fresh()
      hasty.standIn.faults.add({ ...CREATE, kind: 'status', status: 429, retryAfter: 2, times: Number.POSITIVE_INFINITY })
      const answer = await hasty.book()
      t.match(answer, { error: 'The diary is busy right now', inTime: true })
      speakable(t, answer.said)
      t.equal(hasty.creates(), 1)
      t.same(await hasty.statuses(), ['failed'])
      hasty.standIn.faults.clear()
      const asked = hasty.standIn.ledger.length
      t.match(await hasty.book({ callId: 'too early' }), { error: 'The diary is busy right now', inTime: true })
      t.equal(hasty.standIn.ledger.length, asked, 'not even whether she has time then')
      await delay(1100) // what remains is short enough to be waited for
      t.match(await hasty.book({ callId: 'another' }), { result: /^You are booked/ })
    },
  )

  t.test(`${vendor}: a calendar that cannot be read is not free: nothing is booked, and the time is not kept`, async (t) => {
    const faults = [
      { kind: 'status', status: 503 },
      { kind: 'silent' },
      { kind: 'cut' },
      { kind: 'lost' },
      { kind: 'status', status: 200, body: '<html>' },
      { kind: 'status', status: 200, body: {} },
      { kind: 'status', status: 429, retryAfter: 2 },
    ] as const
    const { owner, standIn, book, live, rows, creates } = await fresh()
    for (const [index, fault] of faults.entries()) {
      standIn.faults.clear()
      standIn.faults.add({ ...BUSY, ...fault, times: Number.POSITIVE_INFINITY })
      const answer = await book({ callId: `call-${index}` })
      t.match(answer, { error: /^The diary (does not answer|is busy) right now/, inTime: true }, JSON.stringify(fault))
      t.match((await owner.call('get_availability', {})).error, /^The diary/, 'nor is anything offered')
    }
    t.equal(creates(), 0)
    t.equal(live().length, 0)
    t.ok((await rows()).every((row) => row.status === 'failed'))
    standIn.faults.clear()
    await delay(1100)
    t.match(await book({ callId: 'later' }), { result: /^You are booked/ })
  })

  t.test(`${vendor}: a vendor that refuses connections and comes back`, async (t) => {
    const { standIn, book, statuses } = await fresh()
    await standIn.down()
    const answer = await book({ callId: 'down' })
    await standIn.up()
    t.match(answer, { error: /^The diary does not answer/, inTime: true })
    t.same(await statuses(), ['failed'])
    t.match(await book({ callId: 'up' }), { result: /^You are booked/ })
  })

  t.test(`${vendor}: an access token refused early is renewed once, unheard by the caller`, async (t) => {
    const { owner, standIn, book, live } = await fresh()
    const before = standIn.ledger.length
    standIn.expireAccessTokens(owner.calendarEmail)
    t.match(await book(), { result: /^You are booked/ })
    t.equal(standIn.ledger.slice(before).filter((entry) => entry.path.endsWith('/token')).length, 1)
    t.equal(live().length, 1)
    standIn.faults.add({ ...CREATE, kind: 'status', status: 401 })
    t.match((await owner.call('book_appointment', { start_time: '2026-12-01T10:00', second: true })).result, /^You are booked/)
    t.equal(live().length, 2)
  })
}
