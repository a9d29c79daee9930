import { sql } from 'kysely'
import t from 'tap'
import { codeFits, confirmationCode } from '../../src/bookings/code.ts'
import { inTenant } from '../../src/db/client.ts'
import { testApp } from '../setup/app.ts'
import { ANA, at, caller } from '../setup/changes.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const REFUSED = { refused: 'not_proven' }

/** Ana, who has booked ten o'clock, and whoever calls the same owner later. */
async function booked() {
  const ana = await caller(test, 'google')
  t.match((await ana.book(at(10))).result, /^You are booked/)
  const code = await ana.code()
  const wrong = code === '000000' ? '000001' : '000000'
  return { ana, code, wrong, later: (claim: object) => caller(test, 'google', { owner: ana.owner, ...claim }) }
}

t.test('a code is six digits of one appointment, whatever is said around them', async (t) => {
  const one = { clerkUserId: 'user_a', appointmentId: crypto.randomUUID() }
  const code = confirmationCode(test.deps, one)
  t.match(code, /^\d{6}$/)
  t.equal(confirmationCode(test.deps, one), code)
  t.ok(codeFits(test.deps, one, ` ${code.slice(0, 3)}-${code.slice(3)}. `))
  for (const other of ['', code.slice(1), `${code}0`, `0${code}`, '%', '______']) t.notOk(codeFits(test.deps, one, other), other)
  const codes = Array.from({ length: 200 }, () => confirmationCode(test.deps, { ...one, appointmentId: crypto.randomUUID() }))
  t.ok(new Set(codes).size > 190 && codes.every((one) => /^\d{6}$/.test(one)))
  t.not(confirmationCode(test.deps, { ...one, clerkUserId: 'user_b' }), code)
})

t.test('booked in this very call, or the number and the code: nothing else proves an appointment', async (t) => {
  const { ana, code, wrong, later } = await booked()
  t.has(await ana.find(), { kind: 'found', booking: { startsAt: at(10) } }, 'in the call itself')
  const again = await later({ code })
  t.has(await again.find(), { kind: 'found', booking: { startsAt: at(10) } }, 'number and code')
  const others = [
    { code: null },
    { code: wrong },
    { code: '' },
    { code, callerNumber: '+13125550199' },
    { code, callerNumber: null },
    { code, isBelieved: false },
    { code: null, isBelieved: false, vapiCallId: ana.who.vapiCallId },
    { code: null, vapiCallId: null, callerNumber: null },
    { code: null, at: at(10).toISOString() },
  ]
  for (const claim of others) {
    const stranger = await later(claim)
    t.match(await stranger.find(), REFUSED, JSON.stringify(claim))
    t.match(await stranger.move(at(14)), REFUSED)
    t.match(await stranger.cancel(), REFUSED)
    t.match(await stranger.undo(), { refused: claim.isBelieved === false || claim.vapiCallId === null ? 'not_proven' : 'nothing_changed' })
  }
  t.has(await ana.rows(), [{ status: 'confirmed', startsAt: at(10) }])
  t.equal(ana.live().length, 1)
})

t.test('the number that somebody left is as good as the one that she called from, and needs the code all the same', async (t) => {
  const { ana, code, later } = await booked()
  await inTenant(test.deps.db, ana.owner.clerkUserId, (trx) => trx.updateTable('bookings').set({ customerPhone: '+13125550177' }).execute())
  for (const callerNumber of ['+13125550177', ANA]) {
    t.match(await (await later({ code, callerNumber })).find(), { kind: 'found' })
    t.match(await (await later({ callerNumber })).find(), REFUSED)
  }
})

t.test('somebody else’s tenant, what has begun and what is off cannot be proven', async (t) => {
  const { ana, code, later } = await booked()
  const elsewhere = await caller(test, 'google', { code })
  t.match(await elsewhere.find(), REFUSED)
  test.setNow(at(10))
  t.match(await (await later({ code })).find(), REFUSED, 'it begins now')
  t.match(await ana.find(), REFUSED)
  test.setNow(new Date('2026-11-29T23:00:00Z'))
  await ana.cancel()
  t.match(await (await later({ code })).find(), REFUSED)
  t.match(await (await later({ code })).cancel(), REFUSED)
  t.match(await ana.find(), REFUSED)
})

t.test('five wrong codes in a call lock it, however many are said at once', async (t) => {
  const { code, wrong, later } = await booked()
  const guesser = await later({})
  const guesses = await Promise.all(Array.from({ length: 20 }, (_, index) => guesser.find({ code: index === 19 ? code : wrong })))
  t.ok(guesses.filter((one) => 'kind' in one).length <= 1)
  t.match(await guesser.find({ code }), REFUSED, 'the right one comes too late')
  t.match(await guesser.move(at(14), { code }), REFUSED)
  t.match(await (await later({ code })).find(), { kind: 'found' }, 'whoever has it is not kept out in another call')
})

t.test('four wrong codes do not, nor does the same function call delivered again', async (t) => {
  const { code, wrong, later } = await booked()
  const clumsy = await later({})
  for (let guess = 0; guess < 4; guess++) t.match(await clumsy.find({ code: wrong }), REFUSED)
  await Promise.all(Array.from({ length: 20 }, () => clumsy.find({ code: wrong }, 'the fourth')))
  t.match(await clumsy.find({ code }), REFUSED, 'that was the fifth')
  t.match(await (await later({ code })).find(), { kind: 'found' }, 'in another call she may try again')
})

t.test('ten wrong codes in a day lock an appointment, in whatever calls, and no other one', async (t) => {
  const { ana, code, wrong, later } = await booked()
  const other = await later({ callerNumber: '+13125550199' })
  await other.book(at(11))
  for (let guess = 0; guess < 10; guess++) t.match(await (await later({ code: wrong })).find(), REFUSED)
  t.match(await (await later({ code })).find(), REFUSED)
  t.match(await ana.find(), { kind: 'found' }, 'who booked it in this call needs no code')
  const rows = await ana.rows()
  const othersCode = confirmationCode(test.deps, { clerkUserId: ana.owner.clerkUserId, appointmentId: rows[1]?.appointmentId ?? '' })
  t.match(await (await later({ callerNumber: '+13125550199', code: othersCode })).find(), { kind: 'found' })
  await inTenant(test.deps.db, ana.owner.clerkUserId, (trx) =>
    trx.updateTable('wrongCodes').set({ guessedAt: sql<Date>`now() - interval '25 hours'` }).execute(),
  )
  t.match(await (await later({ code })).find(), { kind: 'found' }, 'the day after')
})

t.test('a guess is kept whether or not there is an appointment, so that neither takes longer', async (t) => {
  const { ana, wrong, later } = await booked()
  await (await later({ code: wrong })).find()
  await (await later({ code: wrong, callerNumber: '+13125550188' })).find()
  const kept = await inTenant(test.deps.db, ana.owner.clerkUserId, (trx) => trx.selectFrom('wrongCodes').select('appointmentIds').execute())
  t.same(kept.map(({ appointmentIds }) => appointmentIds.length).sort(), [0, 1])
})

t.test('a business that asks for no code is content with the number; of several the time says which', async (t) => {
  const { ana, later } = await booked()
  await inTenant(test.deps.db, ana.owner.clerkUserId, (trx) => trx.updateTable('businesses').set({ changeProof: 'number' }).execute())
  t.has(await (await later({})).find(), { kind: 'found', booking: { startsAt: at(10) } })
  t.match(await (await later({ callerNumber: '+13125550199' })).find(), REFUSED)
  t.match(await (await later({ callerNumber: null })).find(), REFUSED)
  t.match(await (await later({ isBelieved: false })).find(), REFUSED)
  await ana.book(at(12))
  const again = await later({})
  t.has(await again.find(), { kind: 'which', bookings: [{ startsAt: at(10) }, { startsAt: at(12) }] })
  t.match(await again.cancel(), { kind: 'which' })
  t.equal(ana.live().length, 2, 'nothing was done')
  t.match(await again.find({ at: at(9).toISOString() }), { kind: 'which' })
  t.has(await again.cancel({ at: at(12).toISOString() }), { kind: 'cancelled', booking: { startsAt: at(12) } })
  t.has(ana.live(), [{ startsAt: at(10) }], 'one call, one appointment')
})

t.test('no more than three appointments to come are booked from one number, whichever numbers are left', async (t) => {
  const strict = await testApp(t, { LIMIT_BOOKINGS_PER_NUMBER: '3' })
  const owner = await strict.owner({ noticeMinutes: 60 })
  for (const hour of [9, 10, 11, 12]) {
    const left = { start_time: `2026-12-01T${String(hour).padStart(2, '0')}:00`, name: 'Ana', attendee_phone: `+131255501${hour + 10}` }
    const answer = await owner.call('set_appointment', left, { callId: `call-${hour}`, number: ANA })
    t.match(answer, hour < 12 ? { result: /^You are booked/ } : { error: /any more appointments/ })
  }
})
