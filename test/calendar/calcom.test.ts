import t from 'tap'
import * as z from 'zod'
import { type ConnectedOwner, type Owner, testApp } from '../setup/app.ts'
import { say, words } from '../setup/voice.ts'
import { assistantRequest, functionCall, toolCalls } from '../world/vapi/messages.ts'

// The addresses of a frontend that was made for Cal.com and keeps several businesses: whatever calendar is connected answers there.
const SECRET = 'installation-secret'
const test = await testApp(t, {
  LIMIT_REST_PER_MINUTE: '10000',
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  VAPI_WEBHOOK_SECRET: SECRET,
  CORS_PREVIEW_PATTERN: 'https://app-*-team.vercel.app',
})
t.beforeEach(() => test.afresh())

const NOBODYS = '00000000-0000-4000-8000-000000000000'
const Free = z.array(z.object({ start: z.string(), end: z.string(), formatted: z.string() }))

async function send(owner: Owner, method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object, headers: Record<string, string> = {}) {
  const reply = await test.app.inject({ method, url, headers: { ...owner.headers(), ...headers }, ...(payload ? { payload } : {}) })
  return { status: reply.statusCode, body: reply.json() }
}

async function firstBusiness(owner: Owner): Promise<string> {
  return (await send(owner, 'GET', '/businesses')).body.businesses[0].id
}

/** A second business, three zones away, which is open on other days and for longer appointments. */
async function inNewYork(owner: Owner): Promise<string> {
  const opening_hours = { saturday: [['10:00', '14:00']], sunday: [['10:00', '14:00']] }
  const more = { time_zone: 'America/New_York', opening_hours, slot_minutes: 60 }
  return (await send(owner, 'POST', '/businesses', { name: 'Hudson Lofts', ...more })).body.id
}

function availability(owner: Owner, query: Record<string, string>) {
  return send(owner, 'GET', `/api/calcom/availability?${new URLSearchParams(query)}`)
}

function book(owner: Owner, payload: object, headers: Record<string, string> = {}) {
  return send(owner, 'POST', '/api/calcom/book', { name: 'Ana Ruiz', email: 'ana@example.com', ...payload }, headers)
}

for (const vendor of ['google', 'microsoft', 'calcom'] as const) {
  const addEvent = (owner: ConnectedOwner, startsAt: string, endsAt: string) =>
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Away', startsAt: new Date(startsAt), endsAt: new Date(endsAt) })

  t.test(`${vendor}: each business has its own hours, zone and length, and all that is listed can be booked`, async (t) => {
    const owner = await test.owner({ vendor })
    const [chicago, newYork] = [await firstBusiness(owner), await inNewYork(owner)]
    addEvent(owner, '2026-12-01T19:00:00Z', '2026-12-01T20:00:00Z')
    const afternoon = await availability(owner, { businessId: chicago, date: '2026-12-01', timePreference: 'afternoon' })
    t.match(afternoon, {
      status: 200,
      body: { success: true, businessId: chicago, timeZone: 'America/Chicago', duration: 30, nextSlots: [] },
    })
    t.same(
      Free.parse(afternoon.body.slots).map(({ start }) => start.slice(0, 16)),
      ['12:00', '12:30', '14:00', '14:30', '15:00', '15:30', '16:00', '16:30'].map((time) => `2026-12-01T${time}`),
    )
    const closed = await availability(owner, { businessId: newYork, date: '2026-12-01' })
    t.same(closed.body.slots, [])
    t.match(closed.body, { timeZone: 'America/New_York', duration: 60, nextSlots: [{ start: '2026-12-05T10:00:00-05:00' }] })
    const saturday = Free.parse((await availability(owner, { businessId: newYork, date: '2026-12-05' })).body.slots)
    t.same(saturday[0], {
      start: '2026-12-05T10:00:00-05:00',
      end: '2026-12-05T11:00:00-05:00',
      formatted: 'Saturday, December 05 at 10:00 AM',
    })
    for (const { start, end, formatted } of saturday) {
      const booked = await book(owner, { businessId: newYork, start })
      t.match(booked, {
        status: 201,
        body: { success: true, formatted, booking: { start_time: start, end_time: end, time_zone: 'America/New_York' } },
      })
    }
    t.same((await availability(owner, { businessId: newYork, date: '2026-12-05' })).body.slots, [])
    t.equal(saturday.length, 4)
    const there = { businessId: chicago, date: '2026-12-05T15:00:00Z' }
    t.same((await availability(owner, there)).body.slots, [], 'and what is booked at one takes the time of the other')
  })

  t.test(`${vendor}: a customer is booked once, invited, and kept with her number`, async (t) => {
    const owner = await test.owner({ vendor })
    const businessId = await firstBusiness(owner)
    const wish = { businessId, phone: '(312) 555-0142', start: '2026-12-01T15:00:00.000Z', notes: 'First visit', timeZone: 'Europe/Berlin' }
    const first = await book(owner, wish)
    t.match(first, {
      status: 201,
      body: {
        success: true,
        message: 'Booked for Tuesday, December 01 at 04:00 PM.',
        booking: {
          status: 'confirmed',
          subject: 'Appointment, Ana Ruiz',
          start_time: '2026-12-01T09:00:00-06:00',
          end_time: '2026-12-01T09:30:00-06:00',
          notes: 'First visit',
          customer: { name: 'Ana Ruiz', email: 'ana@example.com', phone: '+13125550142' },
          booked_by: 'owner',
        },
      },
    })
    t.same(await book(owner, wish), first, 'a second click')
    const later = { ...wish, start: '2026-12-01T16:00:00.000Z' }
    const key = { 'idempotency-key': 'ana-1' }
    const once = await book(owner, later, key)
    t.same(await book(owner, later, key), once)
    t.match(await book(owner, { ...later, phone: '+13125550143' }, key), { status: 409, body: { code: 'repeat_differs' } })
    const [event, ...others] = test.world[vendor].events(owner.calendarEmail)
    t.equal(others.length, 1)
    t.match(event, { attendees: [{ email: 'ana@example.com' }] })
    const [listed] = (await send(owner, 'GET', '/calendar/events')).body.events
    t.match(listed.body, /First visit\nPhone: \+13125550142$/)
    const at = (start: string, more: object = {}) => book(owner, { businessId, start, ...more })
    t.match(await at('2026-12-01T09:15:00-06:00'), { status: 409, body: { code: 'slot_taken' } })
    t.match(await at('2026-11-01T09:15:00-06:00'), { status: 400, body: { code: 'time_past' } })
    t.match(await at('2026-12-02T09:15:00-06:00', { phone: '12' }), { status: 400, body: { code: 'bad_phone' } })
    t.match(await at('2026-12-02T09:00:00-06:00', { phone: ' ', duration: 60 }), {
      status: 201,
      body: { booking: { end_time: '2026-12-02T10:00:00-06:00', customer: { phone: null } } },
    })
    for (const wrong of [{ name: ' ' }, { email: 'ana' }, { email: undefined }, { start: '2026-12-02T09:15' }, { timeZone: 'Berlin' }])
      t.match(await at('2026-12-03T10:00:00Z', wrong), { status: 400, body: { code: 'invalid_request' } }, JSON.stringify(wrong))
  })

  t.test(
    `${vendor}: an assistant of older days checks and books at /api/vapi-webhook, for the business whose number was dialled`,
    async (t) => {
      const owner = await test.owner({ vendor })
      const business = await inNewYork(owner)
      const phoneNumber = `+1212555${{ google: '0111', microsoft: '0112', calcom: '0113' }[vendor]}`
      await send(owner, 'PATCH', `/businesses/${business}`, { phone_number: phoneNumber })
      const proof = { path: '/api/vapi-webhook', headers: { 'x-vapi-secret': SECRET } }
      const callId = crypto.randomUUID()
      const opened = await say(test, assistantRequest({ phoneNumber, callId }), proof)
      t.match(opened, {
        status: 200,
        json: { assistantId: owner.assistantId, assistantOverrides: { variableValues: { business_name: 'Hudson Lofts' } } },
      })
      const own = { path: '/api/vapi-webhook', headers: { 'x-vapi-secret': owner.secret } }
      const inCall = { assistantId: owner.assistantId, phoneNumber, callId }
      const asked = { name: 'checkAvailability', arguments: { date: '2026-12-05', timePreference: 'morning' } }
      t.match(words((await say(test, toolCalls([asked], inCall), own)).results[0]), /ten or eleven in the morning/)
      const wish = {
        name: 'Ana Ruiz',
        email: 'ana@example.com',
        phone: '+13125550142',
        dateTime: '2026-12-05T10:00:00.000Z',
        notes: 'Lofts',
      }
      t.match(
        words((await say(test, functionCall('createBooking', wish, inCall), own)).json),
        /Saturday the fifth of December at ten in the morning/,
      )
      t.match((await send(owner, 'GET', '/bookings')).body.bookings, [{ start_time: '2026-12-05T10:00:00-05:00', notes: 'Lofts' }])
      const wrong = { path: '/api/vapi-webhook', headers: { 'x-vapi-secret': 'x' } }
      t.match(await say(test, toolCalls([asked], inCall), wrong), { status: 401, json: {} })
    },
  )
}

t.test("another user's business is nobody's, and what is no id is none", async (t) => {
  const [owner, other] = [await test.owner(), await test.owner()]
  const [foreign] = [await firstBusiness(other)]
  for (const businessId of [foreign, NOBODYS, 'x']) {
    t.match(await availability(owner, { businessId, date: '2026-12-01' }), { status: 404, body: { code: 'not_found' } })
    t.match(await book(owner, { businessId, start: '2026-12-01T15:00:00Z' }), { status: 404, body: { code: 'not_found' } })
    t.match(await send(owner, 'GET', `/api/calcom/connect?businessId=${businessId}`), { status: 404, body: { code: 'not_found' } })
  }
  t.same(test.world.google.events(other.calendarEmail), [])
  for (const query of [{ date: '2026-12-01' }, { businessId: foreign }, { businessId: foreign, date: 'tomorrow' }])
    t.match(await availability(other, query), { status: 400, body: { code: 'invalid_request' } }, JSON.stringify(query))
  const anywhen = await availability(other, { businessId: foreign, date: '2026-12-01', timePreference: 'any' })
  t.equal(anywhen.body.slots.length, 16)
  t.match(await availability(other, { businessId: foreign, date: '2026-12-01', timePreference: 'night' }), { status: 400 })
})

t.test('what a form was sent with and nobody filled in is as if it were not there', async (t) => {
  const owner = await test.owner()
  const businessId = await firstBusiness(owner)
  const open = { businessId, date: '2026-12-01', timePreference: '', duration: '' }
  t.equal((await availability(owner, open)).body.slots.length, 16)
  const unencoded = `/api/calcom/availability?businessId=${businessId}&date=2026-12-01T20:00:00+00:00`
  const rest = Free.parse((await send(owner, 'GET', unencoded)).body.slots)
  t.equal(rest[0]?.start, '2026-12-01T14:00:00-06:00', 'the plus of an offset may arrive as a space')
  const empty = [
    { phone: null, notes: null, duration: null, timeZone: null },
    { phone: '', notes: '', duration: '', timeZone: '' },
  ]
  for (const [index, nothing] of empty.entries()) {
    const booked = await book(owner, { businessId, email: ' ana@example.com ', start: `2026-12-02T1${index}:00:00-06:00`, ...nothing })
    t.match(booked, {
      status: 201,
      body: { booking: { end_time: `2026-12-02T1${index}:30:00-06:00`, notes: null, customer: { email: 'ana@example.com', phone: null } } },
    })
  }
  for (const field of ['name', 'email', 'start'])
    t.match(await book(owner, { businessId, start: '2026-12-03T10:00:00-06:00', [field]: null }), { status: 400 }, field)
})

t.test('without a calendar nothing is free and nothing is booked', async (t) => {
  const user = test.user()
  const businessId = await firstBusiness(user)
  const code = 'calendar_not_connected'
  t.match(await availability(user, { businessId, date: '2026-12-01' }), { status: 409, body: { code } })
  t.match(await book(user, { businessId, start: '2026-12-01T15:00:00Z' }), { status: 409, body: { code } })
})

/** The browser comes back from Cal.com to us. @returns where it ends, and what that page reads there */
async function comeBack(callback: URL) {
  const reply = await test.app.inject({ url: callback.pathname + callback.search })
  const end = new URL(String(reply.headers.location))
  return { status: reply.statusCode, page: end.origin + end.pathname, query: Object.fromEntries(end.searchParams) }
}

function host(): string {
  const email = `host-${crypto.randomUUID().slice(0, 8)}@example.com`
  return test.world.calcom.addPerson({ name: 'Dana Reyes', email, timeZone: 'America/Chicago' }).email
}

async function connected(owner: Owner): Promise<string> {
  const email = host()
  const begun = await test.app.inject({ url: '/api/calcom/connect', headers: owner.headers() })
  const end = await comeBack(await test.world.calcom.signIn(String(begun.headers.location), email))
  if (end.query.success !== 'calcom_connected') throw new Error(JSON.stringify(end))
  return email
}

const DASHBOARD = 'http://localhost:3000/dashboard'

t.test('Cal.com is connected for one of her businesses, and the browser ends at the dashboard', async (t) => {
  const [user, email] = [test.user(), host()]
  const businessId = await firstBusiness(user)
  const begun = await test.app.inject({ url: `/api/calcom/connect?businessId=${businessId}`, headers: user.headers() })
  t.equal(begun.statusCode, 307)
  const page = new URL(String(begun.headers.location))
  t.equal(page.searchParams.get('redirect_uri'), 'http://localhost:8000/api/calcom/oauth')
  const denied = await comeBack(await test.world.calcom.signIn(page, email, { deny: true }))
  t.match(denied, { status: 302, page: DASHBOARD, query: { error: /^The calendar was not connected, because access was not allowed\. / } })
  t.match(await comeBack(await test.world.calcom.signIn(page, email)), { page: DASHBOARD, query: { error: /already used or has expired/ } })
  t.match((await send(user, 'GET', '/api/calendar/status')).body, { connected: false })

  const asked = await send(user, 'GET', '/api/calcom/connect', undefined, { accept: 'application/json' })
  const callback = await test.world.calcom.signIn(asked.body.authorization_url, email)
  t.same(await comeBack(callback), { status: 302, page: DASHBOARD, query: { success: 'calcom_connected' } })
  const status = { connected: true, provider: 'calcom', calendar_email: email, verified: true, error: null }
  t.match((await send(user, 'GET', '/api/calendar/status')).body, status)
  t.match((await send(user, 'GET', '/calendar/calcom/auth/status')).body, { authorized: true, provider: 'calcom', calendar_email: email })
  t.match((await send(user, 'GET', '/calendar/auth/status')).body, { authorized: true, provider: 'calcom' })
})

t.test('whoever began on a preview of the frontend ends at its dashboard, and what the vendor sent is never shown', async (t) => {
  const [user, preview] = [test.user(), 'https://app-x1-team.vercel.app']
  const begin = (origin: string) =>
    test.app.inject({ url: `/api/calcom/connect?${new URLSearchParams({ redirect_url: origin })}`, headers: user.headers() })
  for (const strange of [`${preview}/`, `${preview}.evil.example`, 'http://app-x1-team.vercel.app', 'https://evil.example'])
    t.equal((await begin(strange)).statusCode, 400, strange)
  const signIn = async (choice?: { deny: boolean }) =>
    test.world.calcom.signIn(String((await begin(preview)).headers.location), host(), choice)
  const denied = await signIn({ deny: true })
  denied.searchParams.set('error_description', 'click-here')
  const page = `${preview}/dashboard`
  t.match(await comeBack(denied), { page, query: { error: /access was not allowed/, success: undefined } })
  const odd = await signIn()
  odd.searchParams.set('error', '<b>click-here</b>')
  const refused = await comeBack(odd)
  t.same([refused.page, Object.keys(refused.query)], [page, ['error']])
  t.notMatch(JSON.stringify(refused), /click-here/)
  t.same(await comeBack(await signIn()), { status: 302, page, query: { success: 'calcom_connected' } })
})

t.test('Cal.com is connected by every other way in, too', async (t) => {
  const [byTicket, byPage, byName] = [test.user(), test.user(), test.user()]
  const { body } = await send(byTicket, 'POST', '/calendar/calcom/auth/ticket')
  const link = new URL(body.url)
  t.equal(link.origin + link.pathname, 'http://localhost:8000/calendar/calcom/auth/connect')
  const opened = await test.app.inject({ url: link.pathname + link.search })
  t.equal(opened.statusCode, 307)
  t.match((await comeBack(await test.world.calcom.signIn(String(opened.headers.location), host()))).query, { success: 'calcom_connected' })
  const started = await test.app.inject({ url: '/calendar/auth/start?provider=calcom', headers: byName.headers() })
  t.match((await comeBack(await test.world.calcom.signIn(String(started.headers.location), host()))).query, { success: 'calcom_connected' })
  const begun = await test.app.inject({ url: '/calendar/calcom/auth/start', headers: byPage.headers() })
  const { searchParams } = await test.world.calcom.signIn(String(begun.headers.location), host())
  const handedOn = await send(byPage, 'POST', '/api/calendar/callback', Object.fromEntries(searchParams))
  t.same(handedOn, { status: 200, body: { success: true, message: 'Cal.com is connected.', provider: 'calcom' } })
  t.same((await send(byPage, 'GET', '/calendar/connections')).body.connections.length, 1)
  for (const user of [byTicket, byName]) {
    const gone = await test.app.inject({ method: 'DELETE', url: '/api/calendar/disconnect', headers: user.headers() })
    t.same(gone.json(), { success: true, message: 'Cal.com disconnected.' })
  }
  const strange = await comeBack(new URL('http://localhost:8000/api/calcom/oauth?code=x&state=x'))
  t.match(strange, { page: DASHBOARD, query: { error: /already used or has expired/ } })
})

t.test('at Cal.com free are the times that it offers, within the opening hours, and all of them can be booked', async (t) => {
  const user = test.user()
  const [email, businessId] = [await connected(user), await firstBusiness(user)]
  test.world.calcom.addEvent(email, {
    subject: 'Away',
    startsAt: new Date('2026-12-01T16:00:00Z'),
    endsAt: new Date('2026-12-01T22:00:00Z'),
  })
  const query = { businessId, date: '2026-12-01' }
  const listed = Free.parse((await availability(user, query)).body.slots)
  t.same(
    listed.map(({ start }) => start.slice(11, 16)),
    ['09:00', '09:30', '16:00', '16:30'],
  )
  const meetings = (await send(user, 'POST', '/api/calendar/available-slots', { start_date: '2026-12-01', days: 1 })).body
  t.same(meetings.slots, listed, 'whichever way she asks')
  const [first, second, third, fourth] = listed.map(({ start }) => start)
  t.match((await book(user, { businessId, start: first, phone: '+13125550142', notes: 'First visit' })).status, 201)
  t.match((await book(user, { businessId, start: second })).status, 201)
  const meeting = { title: 'Demo', attendee_email: 'john@example.com' }
  t.match(await send(user, 'POST', '/api/calendar/schedule-meeting', { ...meeting, start_time: third }), { status: 201 })
  t.match(await send(user, 'POST', '/api/calendar/schedule-meeting', { title: 'For herself', start_time: fourth }), { status: 201 })
  t.equal(test.world.calcom.events(email).filter(({ status }) => status !== 'cancelled').length, 5)
  t.same((await availability(user, query)).body.slots, [])
  t.match(await book(user, { businessId, start: first, name: 'Ben' }), { status: 409, body: { code: 'slot_taken' } })
  const tooLong = { businessId, start: '2026-12-02T15:00:00Z', duration: 45 }
  t.match(await book(user, tooLong), { status: 409, body: { code: 'length_not_offered' } })
  t.match(await availability(user, { ...query, duration: '45' }), { status: 409, body: { code: 'length_not_offered' } })
  t.match((await send(user, 'POST', '/api/calendar/next-available')).body, { duration: 30, next: { start: '2026-11-30T09:00:00-06:00' } })
})
