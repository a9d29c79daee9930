import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { isDayFull } from '../../src/bookings/day-cap.ts'
import { diaryOf } from '../../src/calendar/access.ts'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, NOW, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { allow } from '../setup/rules.ts'
import { words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000', LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
t.afterEach(() => test.setNow(NOW))

let calls = 0
const book = async (owner: ConnectedOwner, start_time: string, more: object = {}) => {
  calls += 1
  return words(await owner.call('book_appointment', { start_time, ...more }, { callId: `call-${calls}` }))
}
const offered = async (owner: ConnectedOwner, date: string) => words(await owner.call('get_availability', { date }))
const post = async (owner: ConnectedOwner, start_time: string, end_time: string) => {
  const payload = { subject: 'Own', start_time, end_time }
  return (await test.app.inject({ method: 'POST', url: '/calendar/events', headers: owner.headers(), payload })).statusCode
}
const at = (time: string) => new Date(`2026-12-01T${time}:00-06:00`)

for (const vendor of ['google', 'microsoft'] as const) {
  const event = (owner: ConnectedOwner, from: string, to: string, more: object = {}) =>
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt: at(from), endsAt: at(to), ...more })

  t.test(`${vendor}: on a date with other hours those count, to offer and to book, and a closed one is closed`, async (t) => {
    const owner = await test.owner({ vendor })
    await allow(test, owner, {
      dateOverrides: [
        { from: '2026-12-01', to: '2026-12-03', hours: [] },
        { from: '2026-12-02', to: '2026-12-02', hours: [['18:00', '19:00']] },
      ],
    })
    t.match(await offered(owner, '2026-12-01'), /^We are closed on Tuesday the first of December\./)
    t.match(await book(owner, '2026-12-01T10:00'), /^We are closed on Tuesday/)
    t.match(await offered(owner, '2026-12-02'), /at six or six thirty in the evening\. That is all I have that day\./)
    t.match(await book(owner, '2026-12-02T10:00'), /we are open from six in the evening to seven in the evening/)
    t.match(await book(owner, '2026-12-02T18:30'), /^You are booked/)
    t.match(await book(owner, '2026-12-04T10:00'), /^You are booked/, 'the day after is as always')
  })

  t.test(`${vendor}: a buffer keeps events and appointments apart, and the database knows it`, async (t) => {
    const owner = await test.owner({ vendor })
    await allow(test, owner, { bufferBeforeMinutes: 15, bufferAfterMinutes: 30, openingHours: { tuesday: [['09:00', '15:00']] } })
    event(owner, '11:15', '11:30')
    t.match(await book(owner, '2026-12-01T10:30'), /taken/, 'ends fifteen minutes before the event, of thirty')
    t.match(await book(owner, '2026-12-01T11:30'), /taken/, 'begins where the event ends')
    t.match(await book(owner, '2026-12-01T12:00'), /^You are booked/)
    t.match(await book(owner, '2026-12-01T13:00'), /taken/, 'the buffers of both appointments stand between them')
    t.match(await book(owner, '2026-12-01T13:30'), /^You are booked/)
    t.match(await offered(owner, '2026-12-01'), /at nine, nine thirty or ten in the morning\. That is all I have that day\./)
    t.match(await book(owner, '2026-12-01T10:00'), /^You are booked/)
    t.match(await offered(owner, '2026-12-01'), /nothing free on Tuesday/, 'what is left is shorter than a slot with its buffers')
    const ranges = await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx.selectFrom('bookings').select('during').orderBy('startsAt').execute(),
    )
    t.match(ranges[0]?.during, /15:45:00.*17:00:00/, 'of ten in Chicago')
    t.equal(await post(owner, '2026-12-01T11:30:00-06:00', '2026-12-01T11:50:00-06:00'), 409, "the owner's own does not cut into a buffer")
    t.equal(await post(owner, '2026-12-01T14:15:00-06:00', '2026-12-01T14:20:00-06:00'), 409, 'nor into the one after')
    t.equal(
      await post(owner, '2026-12-01T14:30:00-06:00', '2026-12-01T14:45:00-06:00'),
      201,
      'right after it she may, without any of her own',
    )
    t.equal(await post(owner, '2026-12-01T14:45:00-06:00', '2026-12-01T15:00:00-06:00'), 201)
  })

  t.test(`${vendor}: what lies just outside the days that can be booked counts to their first and their last slot`, async (t) => {
    const owner = await test.owner({ vendor })
    const allDay = [['00:00', '24:00']]
    await allow(test, owner, {
      ...{ noticeMinutes: 0, horizonDays: 1, bufferBeforeMinutes: 60, bufferAfterMinutes: 60 },
      openingHours: { sunday: allDay, monday: allDay },
    })
    const between = (startsAt: string, endsAt: string) =>
      test.world[vendor].addEvent(owner.calendarEmail, { subject: 'x', startsAt: new Date(startsAt), endsAt: new Date(endsAt) })
    between('2026-11-29T22:40:00Z', '2026-11-29T22:45:00Z') // over by now, five on Sunday
    between('2026-12-01T06:15:00Z', '2026-12-01T06:30:00Z') // after midnight on Tuesday
    const isFree = async (when: string) => / is free/.test(words(await owner.call('get_availability', { when })))
    for (const [time, free] of [
      ['2026-11-29T17:30', false],
      ['2026-11-29T18:00', true],
      ['2026-11-30T22:30', true],
      ['2026-11-30T23:00', false],
    ] as const) {
      t.equal(await isFree(time), free, time)
      t.match(await book(owner, time), free ? /^You are booked/ : /taken/)
    }
  })

  t.test(`${vendor}: callers have at most as many appointments on a day as its cap, however many ask at once`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live } = watch(test, owner)
    await allow(test, owner, { dailyCap: 2 })
    t.equal(await post(owner, '2026-12-01T15:00:00-06:00', '2026-12-01T16:00:00-06:00'), 201, "the owner's own does not count")
    const answers = await Promise.all(['09:00', '10:00', '11:00', '12:00', '13:00'].map((time) => book(owner, `2026-12-01T${time}`)))
    t.equal(answers.filter((answer) => answer.startsWith('You are booked')).length, 2)
    for (const answer of answers)
      t.match(answer, /^You are booked|^I have no more appointments on Tuesday the first of December\. The nearest/)
    t.equal(live().length, 3)
    t.match(await offered(owner, '2026-12-01'), /nothing free on Tuesday/)
    t.match(await book(owner, '2026-12-02T09:00'), /^You are booked/, 'another day has its own')
    const [first] = live().filter(({ subject }) => subject !== 'Own')
    await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx
        .updateTable('bookings')
        .set({ status: 'cancelled' })
        .where('providerEventId', '=', first?.id ?? '')
        .execute(),
    )
    test.world[vendor].deleteEvent(owner.calendarEmail, first?.id ?? '')
    t.match(await offered(owner, '2026-12-01'), /^I have Tuesday/, 'one that is cancelled leaves its place')
    t.equal(await post(owner, '2026-12-01T16:00:00-06:00', '2026-12-01T17:00:00-06:00'), 201, 'and no cap binds the owner')
  })

  t.test(`${vendor}: whoever asks while another takes the last place of a day waits, and hears that it is gone`, async (t) => {
    const owner = await test.owner({ vendor })
    await allow(test, owner, { dailyCap: 1 })
    const diary = await diaryOf(test.deps, owner.clerkUserId)
    const decided = Promise.withResolvers<void>()
    const other = inTenant(test.deps.db, owner.clerkUserId, async (trx) => {
      t.equal(await isDayFull(trx, diary, at('09:00')), false)
      const [startsAt, endsAt] = [at('09:00'), at('09:30')]
      const times = { startsAt, endsAt, during: `[${startsAt.toISOString()},${endsAt.toISOString()})`, timeZone: 'UTC', leasedUntil: NOW }
      const booking = { clerkUserId: owner.clerkUserId, appointmentId: crypto.randomUUID(), status: 'confirmed', subject: 'x', ...times }
      await trx.insertInto('bookings').values(booking).execute()
      await decided.promise
    })
    const answer = book(owner, '2026-12-01T14:00')
    await delay(250)
    decided.resolve()
    await other
    t.match(await answer, /^I have no more appointments on Tuesday/)
  })

  t.test(`${vendor}: the same function call delivered twice under a cap of one is booked, and not refused by itself`, async (t) => {
    const owner = await test.owner({ vendor })
    await allow(test, owner, { dailyCap: 1 })
    const call = () => owner.call('book_appointment', { start_time: '2026-12-01T09:00' }, { callId: 'c', toolCallId: 'same' })
    const [one, other] = await Promise.all([call(), call()])
    t.match(one?.result, /^You are booked/)
    t.same(one, other)
  })

  t.test(`${vendor}: starts lie as far apart as the step says, from the opening or from the full hour, whatever the length`, async (t) => {
    const owner = await test.owner({ vendor })
    await allow(test, owner, { stepMinutes: 60, slotMinutes: 20, openingHours: { tuesday: [['09:15', '12:00']] } })
    t.match(await offered(owner, '2026-12-01'), /at nine fifteen, ten fifteen or eleven fifteen in the morning\. That is all/)
    await allow(test, owner, { startsFrom: 'hour' })
    t.match(await offered(owner, '2026-12-01'), /at ten or eleven in the morning\. That is all/)
    t.match(await book(owner, '2026-12-01T10:15'), /cannot start at exactly that time/)
    t.match(await book(owner, '2026-12-01T11:00'), /^You are booked/)
    const [event] = watch(test, owner).live()
    t.equal(Number(event?.endsAt) - Number(event?.startsAt), 20 * 60_000)
  })

  t.test(`${vendor}: what morning means, the business says`, async (t) => {
    const owner = await test.owner({ vendor })
    const words = {
      morning: ['09:00', '10:00'],
      afternoon: ['10:00', '17:00'],
      evening: ['17:00', '24:00'],
      lunchtime: ['12:00', '13:00'],
      after_work: ['17:00', '24:00'],
    }
    await allow(test, owner, { dayWindows: words })
    t.match(
      (await owner.call('get_availability', { when: 'Tuesday morning' })).result,
      /at nine or nine thirty in the morning\. That is all I have that morning/,
    )
  })
}

t.test('microsoft: which kinds of events take time, the business says; what is simply busy always does', async (t) => {
  const owner = await test.owner({ vendor: 'microsoft' })
  const kinds = ['tentative', 'oof', 'workingElsewhere', 'busy'] as const
  kinds.forEach((showAs, index) => {
    const time = { startsAt: at(`${index + 10}:00`), endsAt: at(`${index + 10}:30`) }
    test.world.microsoft.addEvent(owner.calendarEmail, { subject: 'x', showAs, ...time })
  })
  test.world.microsoft.addEvent(owner.calendarEmail, { subject: 'x', allDay: { from: '2026-12-02', to: '2026-12-03' } })
  const isOffered = async (time: string): Promise<boolean> => {
    const reply = await test.app.inject({ url: `/calendar/explain?at=2026-12-${time}:00-06:00`, headers: owner.headers() })
    return reply.json().is_offered
  }
  const offers = () => Promise.all(['01T10:00', '01T11:00', '01T12:00', '01T13:00', '02T10:00'].map(isOffered))
  t.same(await offers(), [false, false, true, false, false])
  await allow(test, owner, { tentativeBlocks: false, outOfOfficeBlocks: false, workingElsewhereBlocks: true, allDayBlocks: false })
  t.same(await offers(), [true, true, false, false, true])
  t.match(await book(owner, '2026-12-01T10:00'), /^You are booked/, 'what is offered is booked')
  t.match(await book(owner, '2026-12-02T10:00'), /^You are booked/)
  t.match(await book(owner, '2026-12-01T12:00'), /taken/)
})

t.test('rules that make no sense are refused by the database', async (t) => {
  const owner = await test.owner()
  const nonsense = [
    { stepMinutes: 0 },
    { bufferBeforeMinutes: -1 },
    { bufferAfterMinutes: 481 },
    { dailyCap: 0 },
    { startsFrom: 'noon' },
    ...[
      { mon: [] },
      { monday: {} },
      { monday: [['09:00']] },
      { monday: [['09:00', '9:30']] },
      { monday: [['10:00', '09:00']] },
      { monday: [['09:00', '09:00']] },
    ].map((openingHours) => ({ openingHours })),
    ...[{ monday: [[9, 17]] }, { monday: [['24:00', '24:00']] }, { monday: [['09:00', '24:30']] }, []].map((openingHours) => ({
      openingHours,
    })),
    ...[
      { from: '2026-02-30', to: '2026-03-01', hours: [] },
      { from: '2026-12-02', to: '2026-12-01', hours: [] },
      { from: '2026-12-01', hours: [] },
    ].map((one) => ({
      dateOverrides: [one],
    })),
    ...[{ from: '2026-12-01', to: '2026-12-01' }, { from: '2026-12-01', to: '2026-12-01', hours: [['x', 'y']] }, 'x'].map((one) => ({
      dateOverrides: [one],
    })),
    { dayWindows: { morning: ['00:00', '12:00'] } },
    {
      dayWindows: {
        morning: ['00:00', '12:00'],
        afternoon: ['12:00', '17:00'],
        evening: ['17:00', '24:00'],
        lunchtime: ['13:00', '12:00'],
        after_work: ['17:00', '24:00'],
      },
    },
  ]
  for (const rules of nonsense) await t.rejects(allow(test, owner, rules), { code: '23514' }, JSON.stringify(rules))
  await allow(test, owner, {
    openingHours: {},
    dateOverrides: [{ from: '2028-02-29', to: '2028-02-29', hours: [['00:00', '24:00']] }],
    dailyCap: null,
  })
  t.match(await offered(owner, '2026-12-01'), /nothing free up to .*Shall I take a message/, 'a business may have no hours at all')
})
