import t, { type Test } from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const live = (owner: ConnectedOwner) => test.world[owner.vendor].events(owner.calendarEmail).filter((event) => event.status !== 'cancelled')
const occupying = (owner: ConnectedOwner) =>
  inTenant(test.deps.db, owner.clerkUserId, (trx) =>
    trx
      .selectFrom('bookings')
      .select(['startsAt', 'endsAt', 'status'])
      .where('status', 'in', ['held', 'confirmed'])
      .orderBy('startsAt')
      .execute(),
  )

/** In the database and at the vendor: the same appointments, none over another. */
async function consistent(t: Test, owner: ConnectedOwner, expected: number) {
  const ours = await occupying(owner)
  const theirs = live(owner).sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  t.equal(ours.length, expected)
  t.ok(ours.every((booking) => booking.status === 'confirmed'))
  t.same(
    theirs.map((event) => [event.startsAt, event.endsAt]),
    ours.map((booking) => [booking.startsAt, booking.endsAt]),
  )
  for (const [index, booking] of ours.entries()) t.ok(index === 0 || Number(ours[index - 1]?.endsAt) <= Number(booking.startsAt))
}

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: a function call that is delivered again books once and says the same`, async (t) => {
    const owner = await test.owner({ vendor })
    const wish = { start_time: '2026-12-01T09:00', name: 'Ana', property_address: '1 Elm Street' }
    const first = await owner.call('book_appointment', wish, { toolCallId: 'same' })
    t.match(first.result, 'You are booked')
    t.same(await owner.call('book_appointment', wish, { toolCallId: 'same' }), first)
    await consistent(t, owner, 1)
    const elsewhere = await owner.call(
      'book_appointment',
      { ...wish, start_time: '2026-12-02T09:00' },
      { toolCallId: 'same', callId: 'call-2' },
    )
    t.match(elsewhere.result, 'booked for Wednesday', 'ids mean something within their call only')
  })

  t.test(
    `${vendor}: a second appointment on the day of the first is asked about once, and only who booked the first hears of it`,
    async (t) => {
      const owner = await test.owner({ vendor })
      const book = (time: string, options: object, more: object = {}) =>
        owner.call('book_appointment', { start_time: time, ...more }, options)
      await book('2026-12-01T09:00', { toolCallId: 'one' })
      const asked = await book('2026-12-01T10:00', { toolCallId: 'two' })
      t.equal(
        asked.error,
        'You already have an appointment on Tuesday the first of December at nine in the morning. Shall I move that one, or book a second one?',
      )
      t.same(await book('2026-12-01T10:00', { toolCallId: 'two' }), asked, 'delivered again, asked again')
      await consistent(t, owner, 1)
      t.match((await book('2026-12-01T10:00', { toolCallId: 'three' })).result, 'You are booked', 'whoever says it again means it')
      t.match(
        (await book('2026-12-01T11:00', { toolCallId: 'four' }, { second: true })).result,
        'You are booked',
        'or says that she wants both',
      )
      t.match((await book('2026-12-02T09:00', { toolCallId: 'five' })).result, 'You are booked', 'another day is no question')
      const number = '+13125550142'
      await book('2026-12-03T09:00', { callId: 'call-2', number })
      t.match((await book('2026-12-03T10:00', { callId: 'call-3', number })).result, 'You are booked', 'of another call nothing is told')
      await owner.call('reschedule_appointment', { when: 'Friday at nine' }, { callId: 'call-3' })
      t.match((await book('2026-12-03T10:00', { callId: 'call-3' })).result, 'You are booked', 'what was moved away is there no more')
      await consistent(t, owner, 7)
    },
  )

  t.test(`${vendor}: twenty deliveries at once book once, and all hear the same`, async (t) => {
    const owner = await test.owner({ vendor })
    const wish = { start_time: '2026-12-01T09:00', name: 'Ana' }
    test.world[vendor].faults.add({ kind: 'slow', ms: 150, method: 'POST' }) // the first is still at it when the others come
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, () => owner.call('book_appointment', wish, { toolCallId: 'same' })))
    t.ok(performance.now() - startedAt < 8000)
    t.same([...new Set(answers.map(words))].length, 1, words(answers[0]))
    t.match(words(answers[0]), 'You are booked')
    await consistent(t, owner, 1)
  })

  t.test(`${vendor}: deliveries at once of a time that is taken are refused, and none slips in`, async (t) => {
    const owner = await test.owner({ vendor })
    const [startsAt, endsAt] = [new Date('2026-12-01T15:00:00Z'), new Date('2026-12-01T15:30:00Z')]
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'x', startsAt, endsAt })
    test.world[vendor].faults.add({ kind: 'slow', ms: 150, path: /freeBusy|calendarView/i })
    const again = () => owner.call('book_appointment', { start_time: '2026-12-01T09:00' }, { toolCallId: 'same' })
    const answers = await Promise.all([again(), again(), again(), again()])
    for (const answer of answers) t.match(answer.error, 'That time is taken')
    t.equal(live(owner).length, 1, 'what was there')
    t.same(await occupying(owner), [])
  })

  t.test(`${vendor}: the same wish under a new id is booked already; the same id with another wish does nothing`, async (t) => {
    const owner = await test.owner({ vendor })
    const wish = { start_time: '2026-12-01T09:00', name: 'Ana', property_address: '1 Elm', attendee_email: 'ana@example.com' }
    await owner.call('book_appointment', wish, { toolCallId: 'one' })
    t.match(
      (await owner.call('set_appointment', { ...wish, name: 'ANA' }, { toolCallId: 'two' })).result,
      /^You are already booked for Tuesday/,
    )
    const others = [
      { start_time: '2026-12-01T10:00' },
      { name: 'Bo' },
      { property_address: '2 Oak' },
      { attendee_email: 'bo@example.com' },
      { duration: 60 },
    ]
    for (const other of others) {
      const answer = await owner.call('book_appointment', { ...wish, ...other }, { toolCallId: 'one' })
      t.match(answer.error, 'I already have that request with other details', JSON.stringify(other))
    }
    await consistent(t, owner, 1)
    t.match(live(owner), [{ location: '1 Elm', attendees: [{ email: 'ana@example.com' }] }])
    const hook = await owner.call(
      'book_appointment',
      { start_time: '2026-12-01T11:00', second: true },
      { toolCallId: 'hook-function-call' },
    )
    t.match(hook.result, 'You are booked')
    const next = await owner.call(
      'book_appointment',
      { start_time: '2026-12-01T12:00', second: true },
      { toolCallId: 'hook-function-call' },
    )
    t.match(next.result, 'You are booked', 'the id that all hooks share identifies nothing')
    await consistent(t, owner, 3)
  })

  t.test(`${vendor}: of two callers who want one time, one gets it and the other hears of the next ones`, async (t) => {
    const owner = await test.owner({ vendor })
    const answers = await Promise.all(
      ['call-a', 'call-b'].map((callId) => owner.call('book_appointment', { start_time: '2026-12-01T09:00' }, { callId })),
    )
    t.equal(answers.filter((answer) => answer.result?.startsWith('You are booked')).length, 1)
    t.match(answers.find((answer) => answer.error)?.error, /^That time is taken.* nine thirty/)
    await consistent(t, owner, 1)
  })

  t.test(`${vendor}: thirty callers on six overlapping times never share one, and whoever hears "booked" is in the calendar`, async (t) => {
    const owner = await test.owner({ vendor })
    const starts = ['09:00', '09:30', '10:00', '10:30', '11:00', '11:30']
    const wishes = Array.from({ length: 30 }, (_, n) => ({
      start_time: `2026-12-01T${starts[n % 6]}`,
      duration: n % 3 === 0 ? 60 : 30,
      name: `Caller${n}`,
    }))
    const answers = await Promise.all(wishes.map((wish, n) => owner.call('book_appointment', wish, { callId: `call-${n}` })))
    const booked = wishes.filter((_, n) => answers[n]?.result?.startsWith('You are booked'))
    t.ok(booked.length >= 3, `${booked.length} were booked`)
    await consistent(t, owner, booked.length)
    for (const { name } of booked) t.equal(live(owner).filter((event) => event.subject.endsWith(`, ${name}`)).length, 1, name)
    for (const answer of answers) if (answer.error) t.match(answer.error, 'That time is taken')
  })
}

t.test('the same time again in one call is the same booking, whether or not a name is given by then', async (t) => {
  const owner = await test.owner()
  t.match((await owner.call('book_appointment', { start_time: '2026-12-01T09:00' })).result, 'You are booked')
  t.match((await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' })).result, 'You are already booked')
  await consistent(t, owner, 1)
})

t.test('outside a call nobody is taken for somebody else', async (t) => {
  const owner = await test.owner()
  const book = async () => {
    const call = { id: 'tool_1', type: 'function', function: { name: 'book_appointment', arguments: { start_time: '2026-12-01T09:00' } } }
    const payload = { message: { type: 'tool-calls', toolCallList: [call], assistant: { id: owner.assistantId } } }
    const reply = await test.app.inject({ method: 'POST', url: '/vapi/webhook', headers: { 'x-vapi-secret': owner.secret }, payload })
    return reply.json().results[0]
  }
  t.match((await book()).result, 'You are booked')
  t.match((await book()).error, 'That time is taken', 'a second caller does not hear that the time is hers')
  await consistent(t, owner, 1)
})

t.test('a wish under a second id stays the appointment that it was, also after the owner has moved that', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const wish = { start_time: '2026-12-01T09:00', name: 'Ana' }
  await owner.call('book_appointment', wish, { toolCallId: 'one' })
  const second = await owner.call('book_appointment', wish, { toolCallId: 'two' })
  t.match(words(second), 'already booked')
  const headers = owner.headers()
  const listed = await test.app.inject({ url: '/bookings', headers })
  const [booking] = listed.json().bookings
  const payload = { start_time: '2026-12-03T15:00:00Z' }
  t.equal((await test.app.inject({ method: 'PATCH', url: `/bookings/${booking.id}`, headers, payload })).statusCode, 200)
  t.same(await owner.call('book_appointment', wish, { toolCallId: 'two' }), second, 'delivered again it is told what it was told')
  t.equal(live(owner).length, 1, 'and nothing is booked anew')
})
