import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { account, both, follow, grants, otherThan, outcome, start, status, stored } from '../oauth/setup.ts'
import { type ConnectedOwner, NOW, type Owner, testApp } from '../setup/app.ts'

// The addresses of a frontend that shows one calendar integration per user, and books meetings in it.
const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })
t.beforeEach(() => test.afresh())

interface Slot {
  start: string
  end: string
  formatted: string
}

async function ask(owner: Owner, method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object, headers: Record<string, string> = {}) {
  const url = `/api/calendar/${path}`
  const reply = await test.app.inject({ method, url, headers: { ...owner.headers(), ...headers }, ...(payload ? { payload } : {}) })
  return { status: reply.statusCode, body: reply.json() }
}

async function slots(owner: Owner, asked: object): Promise<Slot[]> {
  const { status, body } = await ask(owner, 'POST', 'available-slots', asked)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.slots
}

const starts = (list: Slot[]) => list.map(({ start }) => start)

function changeRules(owner: Owner, values: object) {
  return inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('businesses').set(values).execute())
}

/** What the vendor sent the browser back with. */
function sentBack(callback: URL) {
  const { code = '', state = '' } = Object.fromEntries(callback.searchParams)
  return { code, state }
}

for (const vendor of both) {
  const owned = () => test.owner({ vendor: vendor.id })
  const addEvent = (owner: ConnectedOwner, startsAt: string, endsAt: string) =>
    test.world[vendor.id].addEvent(owner.calendarEmail, { subject: 'Away', startsAt: new Date(startsAt), endsAt: new Date(endsAt) })

  t.test(`${vendor.label}: a page that was sent code and state connects the calendar with them, once`, async (t) => {
    const [user, email] = [test.user(), account(test, vendor)]
    t.match(await ask(user, 'GET', 'status'), { status: 200, body: { connected: false, provider: null, scopes: [], error: null } })
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor), email)
    const body = { success: true, message: `${vendor.label} is connected.`, provider: vendor.id }
    t.same(await ask(user, 'POST', 'callback', sentBack(callback)), { status: 200, body })
    const seen = await ask(user, 'GET', 'status')
    t.match(seen.body, { connected: true, provider: vendor.id, calendar_email: email, calendar_id: String, verified: true, error: null })
    t.ok(seen.body.scopes.some((scope: string) => /calendar/i.test(scope)))
    t.ok(Date.parse(seen.body.expires_at) > Date.now() && Date.parse(seen.body.last_checked_at) <= Date.now())
    t.match((await status(test, user)).body, { authorized: true, provider: vendor.id }, 'and every other page sees it')
    t.match(await ask(user, 'POST', 'callback', sentBack(callback)), { status: 400, body: { code: 'flow_expired' } })
    t.equal(outcome(await follow(test, callback)).auth, 'error', 'nor does the browser get in with it again')
    t.equal(grants(test.world[vendor.id].ledger, 'authorization_code').length, 1)
  })

  t.test(`${vendor.label}: another user's state is refused as an unknown one is, and is used up`, async (t) => {
    const [user, thief, email] = [test.user(), test.user(), account(test, vendor)]
    const callback = await test.world[vendor.id].signIn(await start(test, user, vendor), email)
    const unknown = await ask(thief, 'POST', 'callback', { code: 'x', state: 'x' })
    t.match(unknown, { status: 400, body: { code: 'flow_expired' } })
    t.same(await ask(thief, 'POST', 'callback', sentBack(callback)), unknown)
    t.same(await ask(user, 'POST', 'callback', sentBack(callback)), unknown, 'her own sign-in has to begin again')
    for (const one of [user, thief]) t.same(await stored(test, one), [])
    t.same(grants(test.world[vendor.id].ledger, 'authorization_code'), [], 'no code was ever sent')
  })

  t.test(`${vendor.label}: what the browser's callback refuses, this one refuses`, async (t) => {
    const other = otherThan(vendor)
    const begun = async () => {
      const [user, email] = [test.user(), account(test, vendor)]
      return { user, sent: sentBack(await test.world[vendor.id].signIn(await start(test, user, vendor), email)) }
    }
    const refused = async (change: (sent: { code: string; state: string }) => object, code: string) => {
      const { user, sent } = await begun()
      t.match(await ask(user, 'POST', 'callback', change(sent)), { status: 400, body: { code } })
      t.same(await stored(test, user), [])
    }
    await refused(({ state }) => ({ state, error: 'access_denied' }), 'consent_denied')
    await refused(({ state }) => ({ state, error: 'server_error' }), 'code_refused')
    await refused((sent) => ({ ...sent, iss: test.world[other.id].url }), 'code_refused')
    await refused((sent) => ({ ...sent, code: `${sent.code}x` }), 'code_refused')
    await refused(({ state }) => ({ state }), 'invalid_request')
    await refused(({ code }) => ({ code }), 'invalid_request')
    const stolen = await begun()
    await refused((sent) => ({ ...sent, code: stolen.sent.code }), 'code_refused') // PKCE binds a code to its own sign-in
    const late = await begun()
    const createdAt = new Date(Date.now() - 601_000)
    await inTenant(test.deps.db, late.user.clerkUserId, (trx) => trx.updateTable('oauthFlows').set({ createdAt }).execute())
    t.match(await ask(late.user, 'POST', 'callback', late.sent), { status: 400, body: { code: 'flow_expired' } })
  })

  t.test(`${vendor.label}: a calendar that cannot be read says why, and one that is disconnected is gone`, async (t) => {
    const owner = await owned()
    await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('oauthTokens').set({ verifiedAt: null }).execute())
    test.world[vendor.id].faults.add({ kind: 'status', path: vendor.readPath, status: 500, times: Number.POSITIVE_INFINITY })
    t.match((await ask(owner, 'GET', 'status')).body, { connected: true, verified: false, error: /does not answer/ })
    test.world[vendor.id].faults.clear()
    const [other, nothing] = [otherThan(vendor).id, 'No calendar was connected.']
    t.match(await ask(owner, 'DELETE', `disconnect?provider=${other}`), { status: 200, body: { success: true } })
    t.match((await ask(owner, 'GET', 'status')).body, { connected: true }, "the other vendor's accounts alone are forgotten")
    t.same((await ask(owner, 'DELETE', 'disconnect')).body, { success: true, message: `${vendor.label} disconnected.` })
    t.same((await ask(owner, 'DELETE', 'disconnect')).body, { success: true, message: nothing })
    t.match((await ask(owner, 'GET', 'status')).body, { connected: false, provider: null, calendar_email: null, expires_at: null })
    t.same(await stored(test, owner), [])
    const meeting = { title: 'Demo', start_time: '2026-12-01T10:00:00-06:00' }
    for (const [path, asked] of [
      ['available-slots', { start_date: '2026-12-01' }],
      ['next-available', {}],
      ['schedule-meeting', meeting],
    ] as const)
      t.match(await ask(owner, 'POST', path, asked), { status: 409, body: { code: 'calendar_not_connected' } }, path)
  })

  t.test(`${vendor.label}: free times are those of the opening hours, and every one that is listed can be booked`, async (t) => {
    const owner = await owned()
    // What binds callers: of this nothing may keep the owner from her own Monday morning.
    await changeRules(owner, { bufferBeforeMinutes: 30, bufferAfterMinutes: 30, dailyCap: 1 })
    await owner.call('set_appointment', { start_time: '2026-12-01T12:00', attendee_name: 'Ana' })
    await changeRules(owner, { noticeMinutes: 48 * 60, horizonDays: 1 })
    addEvent(owner, '2026-11-30T16:00:00Z', '2026-11-30T17:00:00Z')
    const { body } = await ask(owner, 'POST', 'available-slots', { start_date: '2026-11-28', end_date: '2026-12-01', duration: 120 })
    t.match(body, { success: true, timezone: 'America/Chicago', duration: 120, total_slots: body.slots.length, next_slots: [] })
    const [monday, tuesday] = ['2026-11-30', '2026-12-01'].map((day) => starts(body.slots).filter((one) => one.startsWith(day)))
    t.equal(monday?.[0], '2026-11-30T11:00:00-06:00', 'two hours fit only after the event')
    t.equal(tuesday?.[0], '2026-12-01T09:00:00-06:00')
    t.equal(tuesday?.at(-1), '2026-12-01T15:00:00-06:00', 'and end with the opening hours')
    t.equal(body.total_slots, (monday?.length ?? 0) + (tuesday?.length ?? 0), 'no weekend')
    t.same(body.slots[0], {
      start: '2026-11-30T11:00:00-06:00',
      end: '2026-11-30T13:00:00-06:00',
      formatted: 'Monday, November 30 at 11:00 AM',
    })
    const listed = await slots(owner, { start_date: '2026-11-30', days: 2, duration: '60' })
    const hours = listed.filter(({ start }) => start.slice(14, 16) === '00')
    t.same(
      starts(hours).map((one) => one.slice(8, 13)),
      [...['30T09', '30T11', '30T12', '30T13', '30T14', '30T15', '30T16'], ...['01T09', '01T10', '01T13', '01T14', '01T15', '01T16']],
      'around the event, and around the appointment of a caller with its buffers',
    )
    for (const { start, end } of hours) {
      const booked = await ask(owner, 'POST', 'schedule-meeting', { title: 'Demo', start_time: start, duration: 60 })
      t.match(booked, { status: 201, body: { event: { start_time: start, end_time: end } } }, start)
    }
    t.same(await slots(owner, { start_date: '2026-11-30', days: 1 }), [], 'a day that is full of them has no other')
  })

  t.test(`${vendor.label}: a meeting is booked once, with its guest, and refused where the calendar is full`, async (t) => {
    const owner = await owned()
    const meeting = {
      title: 'Product demo\nwith John',
      start_time: '2026-12-01T16:00:00Z',
      duration: '60',
      attendee_email: ' john@example.com ',
      description: 'New dashboard',
    }
    const first = await ask(owner, 'POST', 'schedule-meeting', meeting)
    t.match(first, {
      status: 201,
      body: {
        status: 'success',
        success: true,
        event: {
          subject: 'Product demo with John',
          start_time: '2026-12-01T10:00:00-06:00',
          end_time: '2026-12-01T11:00:00-06:00',
          attendees: [{ email: 'john@example.com' }],
          body: 'New dashboard',
        },
      },
    })
    t.same(await ask(owner, 'POST', 'schedule-meeting', meeting), first, 'a second click')
    const keyed = { ...meeting, start_time: '2026-12-01T18:00:00Z' }
    const key = { 'idempotency-key': 'demo-1' }
    const once = await ask(owner, 'POST', 'schedule-meeting', keyed, key)
    t.same(await ask(owner, 'POST', 'schedule-meeting', keyed, key), once)
    const differing = await ask(owner, 'POST', 'schedule-meeting', { ...keyed, title: 'Other' }, key)
    t.match(differing, { status: 409, body: { code: 'repeat_differs' } })
    t.equal(test.world[vendor.id].events(owner.calendarEmail).length, 2)
    addEvent(owner, '2026-12-02T16:00:00Z', '2026-12-02T17:00:00Z')
    const at = (start_time: string, more: object = {}) => ask(owner, 'POST', 'schedule-meeting', { title: 'Demo', start_time, ...more })
    t.match(await at('2026-12-02T10:30:00-06:00'), { status: 409, body: { code: 'slot_taken' } })
    t.match(await at('2026-11-29T10:30:00-06:00'), { status: 400, body: { code: 'time_past' } })
    t.match(await at('2026-12-02T12:00:00-06:00', { end_time: '2026-12-02T12:00:00-06:00' }), { status: 400, body: { code: 'bad_time' } })
    t.match(await at('2026-12-02T12:00:00'), {
      status: 400,
      body: { code: 'invalid_request', message: /start_time: a time needs its offset/ },
    })
    for (const wrong of [{ title: ' ' }, { duration: 0 }, { duration: 'long' }, { attendee_email: 'john' }])
      t.match(await at('2026-12-02T12:00:00-06:00', wrong), { status: 400, body: { code: 'invalid_request' } }, JSON.stringify(wrong))
    const short = await at('2026-12-02T12:00:00-06:00', { duration: 60, end_time: '2026-12-02T12:15:00-06:00' })
    t.match(short.body.event, { end_time: '2026-12-02T12:15:00-06:00' }, 'the end that is named counts')
    t.match((await at('2026-12-05T20:00:00-06:00')).body.event, { end_time: '2026-12-05T20:30:00-06:00' }, 'any time of hers that is free')
  })

  t.test(`${vendor.label}: the next free time, however long it takes until then`, async (t) => {
    const owner = await owned()
    t.match((await ask(owner, 'POST', 'next-available')).body, {
      success: true,
      duration: 30,
      next: { start: '2026-11-30T09:00:00-06:00', end: '2026-11-30T09:30:00-06:00' },
    })
    addEvent(owner, '2026-11-30T00:00:00Z', '2026-12-21T15:15:00Z')
    const { body } = await ask(owner, 'POST', 'next-available', { duration: 45, timezone: 'Europe/Berlin' })
    t.same(body.next, {
      start: '2026-12-21T16:30:00+01:00',
      end: '2026-12-21T17:15:00+01:00',
      formatted: 'Monday, December 21 at 04:30 PM',
    })
    t.equal(body.slots.length, 5)
    t.same(body.slots[0], body.next)
    const none = await ask(owner, 'POST', 'available-slots', { start_date: '2026-12-01', duration: 45 })
    t.match(none.body, { total_slots: 0, slots: [], next_slots: [{ start: '2026-12-21T09:30:00-06:00' }] })
    addEvent(owner, '2026-12-21T00:00:00Z', '2027-12-01T00:00:00Z')
    t.match((await ask(owner, 'POST', 'next-available')).body, { success: true, next: null, slots: [] })
  })

  t.test(`${vendor.label}: a calendar that does not answer is no free calendar`, async (t) => {
    const owner = await owned()
    test.world[vendor.id].faults.add({ kind: 'status', path: vendor.readPath, status: 500, times: Number.POSITIVE_INFINITY })
    for (const [path, asked] of [
      ['available-slots', { start_date: '2026-12-01' }],
      ['next-available', { duration: 60 }],
    ] as const)
      t.match(await ask(owner, 'POST', path, asked), { status: 502, body: { code: 'provider_unavailable' } }, path)
  })
}

t.test('what a form was sent with and nobody filled in is as if it were not there', async (t) => {
  const owner = await test.owner()
  for (const nothing of [null, '']) {
    const asked = { start_date: '2026-12-01', end_date: nothing, days: nothing, duration: nothing, timezone: nothing }
    t.equal((await slots(owner, asked)).at(0)?.end, '2026-12-01T09:30:00-06:00')
    const next = await ask(owner, 'POST', 'next-available', { duration: nothing, timezone: nothing })
    t.match(next.body, { duration: 30, timezone: 'America/Chicago' })
    const meeting = { title: 'Demo', start_time: '2026-12-01T10:00:00-06:00', end_time: nothing, duration: nothing }
    const booked = await ask(owner, 'POST', 'schedule-meeting', { ...meeting, attendee_email: nothing, description: nothing })
    t.match(booked, { status: 201, body: { event: { end_time: '2026-12-01T10:30:00-06:00', attendees: [] } } })
  }
  t.match(await ask(owner, 'POST', 'available-slots', { start_date: null }), { status: 400, body: { code: 'invalid_request' } })
})

t.test('days are those of the zone that is named, else of the business; a midnight with a Z is its day', async (t) => {
  const owner = await test.owner()
  const first = async (asked: object) => starts(await slots(owner, asked)).at(0)
  const last = async (asked: object) => starts(await slots(owner, asked)).at(-1)
  t.equal(await first({ start_date: '2026-12-02', days: 1 }), '2026-12-02T09:00:00-06:00')
  t.equal(await last({ start_date: '2026-12-02', days: 1 }), '2026-12-02T16:30:00-06:00')
  t.equal(await first({ start_date: '2026-12-02T00:00:00.000Z', days: 1 }), '2026-12-02T09:00:00-06:00')
  t.equal(await first({ start_date: '2026-12-02T21:10:00Z', days: 1 }), '2026-12-02T15:30:00-06:00', 'from that moment on')
  t.equal(await last({ start_date: '2026-12-02', end_date: '2026-12-03T16:00:00Z' }), '2026-12-03T09:30:00-06:00', 'up to that moment')
  t.equal(await last({ start_date: '2026-12-02', end_date: '2026-12-03', days: 1 }), '2026-12-03T16:30:00-06:00', 'an end outweighs days')
  t.equal(await last({ start_date: '2026-12-01' }), '2026-12-07T16:30:00-06:00', 'as far as the business looks ahead')
  const there = { start_date: '2026-12-02', days: 1, timezone: 'Asia/Tokyo' }
  t.equal(await first(there), '2026-12-02T00:00:00+09:00', 'nine in the morning of the day before in Chicago')
  t.equal(await last(there), '2026-12-02T07:30:00+09:00')
  t.equal(await first({ start_date: '2027-06-01', days: 1 }), '2027-06-01T09:00:00-05:00', 'she looks further ahead than callers may')
  t.equal((await slots(owner, { start_date: '2026-10-10', days: 62 })).length, 9 * 16, 'nothing is free in the past')
  test.setNow(new Date('2026-12-02T20:40:00Z'))
  t.equal(await first({ start_date: '2026-12-02', days: 1 }), '2026-12-02T15:00:00-06:00', 'nor before now')
  test.setNow(NOW)
  for (const [wrong, code] of [
    [{ start_date: '2026-12-02', end_date: '2026-12-01' }, 'bad_days'],
    [{ start_date: '2026-12-02', end_date: '2027-03-01' }, 'bad_days'],
    [{ start_date: '2026-12-02', timezone: 'Chicago' }, 'invalid_request'],
    [{ start_date: '2026-12-02', timezone: '-06:00' }, 'invalid_request'],
    [{ start_date: '2026-02-30' }, 'invalid_request'],
    [{ start_date: '1999-12-02' }, 'invalid_request'],
    [{ start_date: '2026-12-02T10:00' }, 'invalid_request'],
    [{ start_date: '2026-12-02', duration: 1441 }, 'invalid_request'],
    [{ start_date: '2026-12-02', days: 0 }, 'invalid_request'],
    [{ start_date: '2026-12-02', days: 63 }, 'invalid_request'],
    [{}, 'invalid_request'],
  ] as const)
    t.match(await ask(owner, 'POST', 'available-slots', wrong), { status: 400, body: { code } }, JSON.stringify(wrong))
})
