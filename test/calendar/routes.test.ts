import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, connect, NOW, type Owner, testApp } from '../setup/app.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000', PROVIDER_TIMEOUT_MS: '300', TOOL_CALL_TIMEOUT_MS: '2500' })
t.afterEach(() => {
  test.setNow(NOW)
  test.world.google.faults.clear()
  test.world.microsoft.faults.clear()
})
const local = (time: string, timeZone: string) => new Date(Temporal.PlainDateTime.from(time).toZonedDateTime(timeZone).epochMilliseconds)

interface Event {
  subject: string
  start_time: string
  end_time: string
  is_all_day: boolean
  location: string
  attendees: { name: string }[]
  body: string
}
interface Slot {
  start_time: string
  end_time: string
  formatted_time: string
  day: string
}

async function get(owner: Owner, path: string) {
  const reply = await test.app.inject({ url: path, headers: owner.headers() })
  const { code, message, events = [], available_slots: slots = [], user_email: email } = reply.json()
  const found: { events: Event[]; slots: Slot[] } = { events, slots }
  return { status: reply.statusCode, code, message, email, ...found }
}

/** Her own zone, other than her calendar's and the machine's. */
function moveTo(owner: Owner, timeZone: string) {
  return inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('users').set({ timeZone }).execute())
}

/** Her calendar of now becomes one whose busy times count, and a new one the destination. */
async function connectAnother(owner: ConnectedOwner, vendor: 'google' | 'microsoft'): Promise<string> {
  await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('oauthTokens').set({ role: 'busy' }).execute())
  const email = `second-${crypto.randomUUID().slice(0, 8)}@example.com`
  test.world[vendor].addPerson({ name: 'Dana', email, timeZone: 'America/Chicago' })
  await connect(test, owner, vendor, email)
  return email
}

for (const vendor of ['google', 'microsoft'] as const) {
  const add = (owner: ConnectedOwner, subject: string, from: string, to: string, timeZone = 'America/Chicago', more: object = {}) =>
    test.world[vendor].addEvent(owner.calendarEmail, { subject, startsAt: local(from, timeZone), endsAt: local(to, timeZone), ...more })

  t.test(`${vendor}: today is the owner's own day, and times have her offset, wherever calendar and server are`, async (t) => {
    const owner = await test.owner({ vendor, timeZone: 'Europe/Berlin' })
    await moveTo(owner, 'Pacific/Auckland') // where the thirtieth has begun at eleven in the morning of UTC
    add(owner, 'last night', '2026-11-29T23:00', '2026-11-30T00:00', 'Pacific/Auckland')
    add(owner, 'this morning', '2026-11-30T00:15', '2026-11-30T01:00', 'Pacific/Auckland')
    add(owner, 'tomorrow', '2026-12-01T09:00', '2026-12-01T10:00', 'Pacific/Auckland')
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Holiday', allDay: { from: '2026-11-30', to: '2026-12-01' } })
    const today = await get(owner, '/calendar/events?days_ahead=1')
    t.match(today.events, [
      { subject: 'this morning', start_time: '2026-11-30T00:15:00+13:00' },
      { subject: 'Holiday', start_time: '2026-11-30T12:00:00+13:00', end_time: '2026-12-01T12:00:00+13:00', is_all_day: true },
    ])
    t.equal((await get(owner, '/calendar/events?days_ahead=2')).events.length, 3)
    const { slots } = await get(owner, '/calendar/availability?days_ahead=2')
    t.match(slots[0], { start_time: '2026-12-01T12:00:00+13:00', formatted_time: 'Tuesday, December 01 at 12:00 PM' }, 'after the holiday')
    t.equal(slots.length, 10)
  })

  t.test(`${vendor}: a calendar with many pages is listed whole, each time of a series once`, async (t) => {
    const owner = await test.owner({ vendor })
    test.world[vendor].setPageSize(3)
    add(owner, 'stand-up', '2026-11-30T09:00', '2026-11-30T09:15', 'America/Chicago', { recurrence: { every: 'day', count: 60 } })
    const { events } = await get(owner, '/calendar/events?days_ahead=30')
    test.world[vendor].setPageSize(1000)
    t.equal(events.length, 29)
    t.match(events.at(-1), { start_time: '2026-12-28T09:00:00-06:00' })
  })

  t.test(`${vendor}: a calendar full of long notes is listed whole`, async (t) => {
    const owner = await test.owner({ vendor })
    const count = 120
    for (let half = 0; half < count; half += 1) {
      const startsAt = new Date(Date.parse('2026-12-01T15:00:00Z') + half * 30 * 60_000)
      const endsAt = new Date(startsAt.getTime() + 30 * 60_000)
      // More than a mebibyte for every hundred.
      test.world[vendor].addEvent(owner.calendarEmail, { subject: `Viewing ${half}`, startsAt, endsAt, description: '\u044f'.repeat(8000) })
    }
    const { events } = await get(owner, '/calendar/events?days_ahead=14')
    t.same(
      events.map((event) => event.subject),
      Array.from({ length: count }, (_, half) => `Viewing ${half}`),
    )
    t.equal(events.at(-1)?.body.length, 8000)
  })

  t.test(`${vendor}: what others wrote comes without hidden characters and with an end`, async (t) => {
    const owner = await test.owner({ vendor })
    add(owner, `evil\u202E\ntitle ${'x'.repeat(5000)}`, '2026-12-01T09:00', '2026-12-01T10:00', 'America/Chicago', {
      location: 'here\u0007\nthere',
      description: `a\r\n\r\n\r\nb\u202E ${'y'.repeat(50_000)}`,
      attendees: [{ name: 'Kim\u2066', email: 'kim@example.com\u202E\n' }],
    })
    const [event] = (await get(owner, '/calendar/events')).events
    t.match(event, {
      subject: /^evil title x+$/,
      location: 'here there',
      body: /^a\n\nb y+$/,
      attendees: [{ name: 'Kim', email: /^kim@example\.com$/ }],
    })
    t.ok(event && event.subject.length <= 300 && event.body.length <= 8000)
  })

  t.test(`${vendor}: free are the half hours that no connected calendar and no booking of ours takes`, async (t) => {
    const owner = await test.owner({ vendor })
    await owner.call('book_appointment', { start_time: '2026-12-01T09:00' })
    add(owner, 'x', '2026-11-30T09:10', '2026-11-30T09:40')
    const other = vendor === 'google' ? 'microsoft' : 'google'
    const second = await connectAnother(owner, other)
    test.world[other].addEvent(second, {
      subject: 'x',
      startsAt: local('2026-11-30T10:30', 'America/Chicago'),
      endsAt: local('2026-11-30T16:00', 'America/Chicago'),
    })
    const path = '/calendar/availability?days_ahead=3&start_hour=9&end_hour=17'
    const { slots } = await get(owner, path)
    t.same(slots.map(({ start_time }) => start_time.slice(0, 16)).slice(0, 5), [
      '2026-11-30T10:00',
      '2026-11-30T16:00',
      '2026-11-30T16:30',
      '2026-12-01T09:30',
      '2026-12-01T10:00',
    ])
    test.world[vendor].faults.add({ kind: 'status', status: 500, path: /freeBusy|calendarView/, times: 2 })
    t.match(await get(owner, path), { status: 502, slots: [] }, 'a calendar that cannot be read is not free')
    t.match((await get(owner, '/calendar/events')).events, [{ subject: 'x' }], 'entries are those of the destination')
  })

  t.test(`${vendor}: an access token refused early is renewed, and a consent that was withdrawn asks to connect again`, async (t) => {
    const owner = await test.owner({ vendor })
    test.world[vendor].expireAccessTokens(owner.calendarEmail)
    t.equal((await get(owner, '/calendar/events')).status, 200)
    test.world[vendor].expireAccessTokens(owner.calendarEmail)
    test.world[vendor].revokeGrants(owner.calendarEmail)
    for (const path of ['/calendar/events', '/calendar/availability'])
      t.match(await get(owner, path), { status: 409, code: 'consent_revoked', message: /Connect it again/ })
  })
}

t.test('the hours are on the wall of the owner, in the night of a clock change too', async (t) => {
  for (const [timeZone, day, halfHours, doubled] of [
    ['Asia/Jerusalem', '2027-03-26', 46, 0], // a Friday: from two to three there is nothing
    ['Africa/Cairo', '2026-10-29', 50, 2], // a Thursday: the hour before midnight comes twice
    ['America/Chicago', '2026-12-01', 48, 0],
  ] as const) {
    const owner = await test.owner({ timeZone })
    test.setNow(local(`${day}T00:00`, timeZone))
    const { slots } = await get(owner, '/calendar/availability?days_ahead=1&start_hour=0&end_hour=24')
    t.equal(slots.length, halfHours, timeZone)
    t.ok(
      slots.every(({ start_time }, index) => index === 0 || slots[index - 1]?.end_time === start_time),
      'one after the other',
    )
    t.equal(slots.length - new Set(slots.map(({ formatted_time }) => formatted_time)).size, doubled)
    const last = slots.at(-1)
    const wish = { subject: 'x', start_time: last?.start_time, end_time: last?.end_time }
    const reply = await test.app.inject({ method: 'POST', url: '/calendar/events', headers: owner.headers(), payload: wish })
    t.match(reply.json(), { event: { start_time: last?.start_time } }, 'what is listed can be booked')
  }
  const owner = await test.owner({ timeZone: 'Asia/Jerusalem' })
  test.setNow(local('2027-03-26T00:00', 'Asia/Jerusalem'))
  const { slots } = await get(owner, '/calendar/availability?days_ahead=1&start_hour=2&end_hour=4')
  t.same(
    slots.map(({ formatted_time }) => formatted_time),
    ['Friday, March 26 at 03:00 AM', 'Friday, March 26 at 03:30 AM'],
  )
})

t.test('free times lie ahead, on working days, within the hours that are asked for', async (t) => {
  const owner = await test.owner()
  const starts = async (query: string) =>
    (await get(owner, `/calendar/availability?${query}`)).slots.map((slot) => slot.start_time.slice(0, 16))
  t.same(await starts('days_ahead=1'), [], 'today is a Sunday')
  t.equal((await starts('')).length, 5 * 16, 'seven days, nine to five')
  t.equal((await starts('days_ahead=365&start_hour=0&end_hour=24')).length, 260 * 48)
  t.same(await starts('days_ahead=2&start_hour=16&end_hour=17'), ['2026-11-30T16:00', '2026-11-30T16:30'])
  t.same(await starts('days_ahead=2&start_hour=23&end_hour=24'), ['2026-11-30T23:00', '2026-11-30T23:30'])
  test.setNow(local('2026-12-01T16:00', 'America/Chicago'))
  t.same(await starts('days_ahead=1'), ['2026-12-01T16:00', '2026-12-01T16:30'])
  test.setNow(local('2026-12-01T16:01', 'America/Chicago'))
  t.same(await starts('days_ahead=1'), ['2026-12-01T16:30'])
})

t.test('bounds are refused with a sentence that names what does not fit', async (t) => {
  const owner = await test.owner()
  for (const [path, name] of [
    ['events?days_ahead=0', 'days_ahead'],
    ['events?days_ahead=366', 'days_ahead'],
    ['events?days_ahead=1.5', 'days_ahead'],
    ['events?days_ahead=soon', 'days_ahead'],
    ['events?days_ahead=1&days_ahead=2', 'days_ahead'],
    ['events/list?days_ahead=0', 'days_ahead'],
    ['availability?days_ahead=-1', 'days_ahead'],
    ['availability?start_hour=24', 'start_hour'],
    ['availability?end_hour=0', 'end_hour'],
    ['availability?end_hour=25', 'end_hour'],
    ['availability?start_hour=17&end_hour=9', 'end_hour: must be later than start_hour'],
    ['availability?start_hour=17', 'end_hour: must be later than start_hour'],
  ] as const) {
    const { status, code, message } = await get(owner, `/calendar/${path}`)
    t.match({ status, code }, { status: 400, code: 'invalid_request' }, path)
    t.match(message, name)
  }
})

t.test('the e-mail beside the free times is never empty', async (t) => {
  const owner = await test.owner()
  for (const email of [null, '']) {
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('users').set({ email }).execute())
    t.equal((await get(owner, '/calendar/availability')).email, owner.calendarEmail)
  }
})
