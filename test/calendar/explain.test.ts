import t from 'tap'
import { type ConnectedOwner, NOW, type Owner, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { allow } from '../setup/rules.ts'
import { words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000', PROVIDER_TIMEOUT_MS: '400', TOOL_CALL_TIMEOUT_MS: '2500' })
t.afterEach(() => {
  test.setNow(NOW)
  test.world.google.faults.clear()
  test.world.microsoft.faults.clear()
})

interface Told {
  code: string
  text: string
  rule: { name: string; value: string | number } | null
  booking_id: string | null
  calendar: { connection_id: string; calendar_email: string; name: string | null } | null
  subject: string | null
  start_time: string | null
}

/** @param at local time in Chicago */
async function explain(owner: Owner, at: string, minutes?: number) {
  const query = new URLSearchParams({ at: `${at}:00-06:00`, ...(minutes === undefined ? {} : { minutes: String(minutes) }) })
  const reply = await test.app.inject({ url: `/calendar/explain?${query}`, headers: owner.headers() })
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`)
  const { reasons, is_offered, minutes: length }: { reasons: Told[]; is_offered: boolean; minutes: number } = reply.json()
  return { reasons, is_offered, length, codes: reasons.map(({ code }) => code) }
}
const at = (time: string) => new Date(`2026-12-01T${time}:00-06:00`)

for (const vendor of ['google', 'microsoft'] as const) {
  const event = (owner: ConnectedOwner, subject: string, from: string, to: string, more: object = {}) =>
    test.world[vendor].addEvent(owner.calendarEmail, { subject, startsAt: at(from), endsAt: at(to), ...more })

  t.test(`${vendor}: every rule that stands against a time is told, with its value`, async (t) => {
    const owner = await test.owner({ vendor })
    t.same(await explain(owner, '2026-12-01T10:00'), { reasons: [], is_offered: true, length: 30, codes: [] })
    t.match((await explain(owner, '2026-11-29T16:00')).codes, ['past', 'closed'])
    const tomorrow = await explain(owner, '2026-11-30T10:10')
    t.match(tomorrow.reasons, [
      {
        code: 'too_soon',
        rule: { name: 'notice_minutes', value: 1440 },
        text: /^Callers book 24 hours ahead at least, so the earliest is Monday, November 30 at 05:00 PM\.$/,
      },
      { code: 'off_grid', rule: { name: 'step_minutes', value: 30 }, text: /every 30 minutes, counted from each opening/ },
    ])
    t.match((await explain(owner, '2027-02-01T10:00')).reasons, [
      { code: 'too_far', rule: { name: 'horizon_days', value: 60 }, text: /up to Thursday, January 28\.$/ },
    ])
    t.match((await explain(owner, '2026-12-01T16:30', 60)).reasons, [
      { code: 'closed', rule: { name: 'opening_hours', value: '09:00-17:00' }, text: /Outside the hours of that day, 09:00-17:00/ },
    ])
    t.match((await explain(owner, '2026-12-05T10:00')).reasons, [{ code: 'closed', text: /^Closed on that day\.$/ }])
    await allow(test, owner, { dateOverrides: [{ from: '2026-12-24', to: '2026-12-26', hours: [] }] })
    t.match((await explain(owner, '2026-12-24T10:00')).reasons, [
      { code: 'closed', rule: { name: 'date_overrides', value: '' }, text: /^Closed on that day by a date override\.$/ },
    ])
  })

  t.test(`${vendor}: an event is told by its calendar and its subject, what is free or declined is not`, async (t) => {
    const owner = await test.owner({ vendor })
    event(owner, 'Dentist\u202E', '10:15', '11:00')
    event(owner, 'Reminder', '10:00', '11:00', { showAs: 'free' })
    event(owner, 'No', '10:00', '11:00', { declined: true })
    const { reasons } = await explain(owner, '2026-12-01T10:00')
    t.equal(reasons.length, 1, JSON.stringify(reasons))
    t.match(reasons, [
      {
        code: 'event',
        subject: 'Dentist',
        calendar: { calendar_email: owner.calendarEmail, name: /./ },
        start_time: '2026-12-01T10:15:00-06:00',
        text: `An event in the calendar of ${owner.calendarEmail} takes that time: Dentist.`,
        rule: null,
      },
    ])
  })

  t.test(`${vendor}: an appointment is told once, as ours; what is only too near is told as a buffer`, async (t) => {
    const owner = await test.owner({ vendor })
    t.match(words(await owner.call('book_appointment', { start_time: '2026-12-01T10:00', attendee_name: 'Kim Lee' })), /^You are booked/)
    const [row] = await watch(test, owner).rows()
    t.same((await explain(owner, '2026-12-01T10:00')).codes, ['booking'])
    t.match((await explain(owner, '2026-12-01T10:00')).reasons, [
      { code: 'booking', booking_id: row?.id, subject: /Kim Lee/, calendar: null },
    ])
    await allow(test, owner, { bufferBeforeMinutes: 10, bufferAfterMinutes: 20 })
    event(owner, 'Lunch', '12:00', '13:00')
    t.match((await explain(owner, '2026-12-01T11:30')).reasons, [{ code: 'buffer', subject: 'Lunch', text: /^Too near to Lunch/ }])
    t.match((await explain(owner, '2026-12-01T10:30')).reasons, [{ code: 'buffer', booking_id: row?.id }])
    t.match((await explain(owner, '2026-12-01T11:00')).is_offered, true)
    await allow(test, owner, { dailyCap: 1 })
    t.match((await explain(owner, '2026-12-01T11:30')).reasons, [
      { code: 'cap', rule: { name: 'daily_cap', value: 1 } },
      { code: 'buffer' },
    ])
  })

  t.test(`${vendor}: what it says is what callers are offered`, async (t) => {
    const owner = await test.owner({ vendor })
    await allow(test, owner, { bufferAfterMinutes: 15, stepMinutes: 45, openingHours: { tuesday: [['09:00', '14:00']] } })
    event(owner, 'x', '10:50', '11:20')
    let offers = 0
    for (let minutes = 9 * 60; minutes < 14 * 60; minutes += 15) {
      const time = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
      const said = await owner.call('get_availability', { when: `2026-12-01T${time}` }, { callId: time })
      const isFree = /is free/.test(said.result ?? '')
      offers += Number(isFree)
      t.equal((await explain(owner, `2026-12-01T${time}`)).is_offered, isFree, `${time} ${words(said)}`)
    }
    t.ok(offers >= 3)
  })

  t.test(`${vendor}: a calendar that cannot be read is a reason, and the others are told all the same`, async (t) => {
    const owner = await test.owner({ vendor })
    event(owner, 'Dentist', '10:00', '11:00')
    const other = vendor === 'google' ? 'microsoft' : 'google'
    test.world[other].addPerson({ name: 'Dana', email: owner.calendarEmail, timeZone: 'America/Chicago' })
    const start = other === 'google' ? '/calendar/google/auth/start?role=busy' : '/calendar/auth/start?role=busy'
    const started = await test.app.inject({ url: start, headers: owner.headers() })
    const callback = await test.world[other].signIn(String(started.headers.location), owner.calendarEmail)
    await test.app.inject({ url: callback.pathname + callback.search })
    t.same((await explain(owner, '2026-12-01T10:00')).codes, ['event'])
    test.world[other].faults.add({ kind: 'status', status: 500, path: /freeBusy|calendarView/, times: Number.POSITIVE_INFINITY })
    t.match((await explain(owner, '2026-12-01T10:00')).reasons, [
      { code: 'provider_unavailable', calendar: { calendar_email: owner.calendarEmail } },
      { code: 'event', subject: 'Dentist' },
    ])
    t.same((await explain(owner, '2026-12-01T12:00')).codes, ['provider_unavailable'])
  })
}

t.test('where a calendar shows only that its owner is busy, the event is told without a name', async (t) => {
  const owner = await test.owner()
  test.world.google.addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt: at('10:00'), endsAt: at('11:00') })
  test.world.google.faults.add({ kind: 'status', status: 403, method: 'GET', path: /\/events(\?|$)/ })
  t.match((await explain(owner, '2026-12-01T10:00')).reasons, [
    { code: 'event', subject: null, start_time: '2026-12-01T10:00:00-06:00', text: /busy, with no more to see/ },
  ])
})

t.test('what an event type of Cal.com does not take is told as that, and one that is gone as the reason for nothing', async (t) => {
  const owner = await test.owner({ vendor: 'calcom' })
  const { calcom } = test.world
  t.match(await explain(owner, '2026-12-01T10:00'), { reasons: [], is_offered: true })
  t.same((await explain(owner, '2026-12-01T10:10')).codes, ['not_offered'])
  t.match(await explain(owner, '2026-12-01T10:00', 75), {
    is_offered: false,
    reasons: [{ code: 'length_not_offered', calendar: null, text: /length/ }],
  })
  calcom.faults.add({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
  t.same((await explain(owner, '2026-12-01T10:00')).codes, ['provider_unavailable'], 'one calendar, one reason')
  calcom.faults.clear()
  for (const { id } of calcom.eventTypes(owner.calendarEmail)) calcom.removeEventType(owner.calendarEmail, id)
  t.match(await explain(owner, '2026-12-01T10:00'), {
    is_offered: false,
    reasons: [{ code: 'calendar_missing', calendar: { calendar_email: owner.calendarEmail } }],
  })
})

t.test('without a calendar nothing is offered, and that is said', async (t) => {
  const user = test.user()
  t.match((await explain(user, '2026-12-01T10:00')).reasons, [{ code: 'calendar_not_connected', calendar: null }])
})

t.test('of the hour that the clock shows twice the second is not offered', async (t) => {
  test.setNow(new Date('2026-10-30T12:00:00Z'))
  const owner = await test.owner({ openingHours: { sunday: [['00:00', '04:00']] } })
  const ask = async (time: string) => {
    const reply = await test.app.inject({ url: `/calendar/explain?at=${time}`, headers: owner.headers() })
    return reply.json().reasons.map(({ code }: Told) => code)
  }
  t.same(await ask('2026-11-01T06:30:00Z'), [])
  t.same(await ask('2026-11-01T07:30:00Z'), ['repeated_hour'])
})

t.test('it is the signed-in owner who hears it, of her own calendar, and a time must be one', async (t) => {
  const [mine, hers] = [await test.owner(), await test.owner()]
  test.world.google.addEvent(hers.calendarEmail, { subject: 'Secret', startsAt: at('10:00'), endsAt: at('11:00') })
  t.ok((await explain(mine, '2026-12-01T10:00')).is_offered)
  t.equal((await test.app.inject({ url: '/calendar/explain?at=2026-12-01T10:00:00Z' })).statusCode, 401)
  for (const query of [
    '',
    'at=',
    'at=tomorrow',
    'at=2026-12-01T10:00:00',
    'at=1999-12-31T10:00:00Z',
    'at=9999-12-31T10:00:00Z',
    'at=2026-12-01T10:00:00Z&minutes=0',
  ])
    t.equal((await test.app.inject({ url: `/calendar/explain?${query}`, headers: mine.headers() })).statusCode, 400, query)
  const unencoded = await test.app.inject({ url: '/calendar/explain?at=2026-12-01T16:00:00+01:00', headers: mine.headers() })
  t.equal(unencoded.statusCode, 200, 'the plus that a browser leaves as it is')
})
