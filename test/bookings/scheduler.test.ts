import t from 'tap'
import { type ConnectedOwner, connect, testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import { eachMatches } from '../setup/each-matches.ts'
import { bringJobsForward, runJobs } from '../setup/jobs.ts'
import { speakable, words } from '../setup/voice.ts'

/*
 * Cal.com says itself when it takes appointments, refuses what is taken, keeps nobody from booking twice, and makes another booking of what is
 * moved. What callers hear and what stands there is the same as everywhere.
 */
const test = await testApp(t, {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '500',
  PROVIDER_CREATE_TIMEOUT_MS: '600',
  TOOL_CALL_TIMEOUT_MS: '5000',
})
const { calcom, google } = test.world
const CREATE = { method: 'POST', path: /\/v2\/bookings$/ }
const ANA = { name: 'Ana Ruiz', email: 'ana@example.com', email_confirmed: true }
const TEN = { startsAt: new Date('2026-12-01T16:00:00Z'), endsAt: new Date('2026-12-01T16:30:00Z') }
const tenO = { start_time: '2026-12-01T10:00', ...ANA }

async function fresh() {
  calcom.faults.clear()
  const owner = await test.owner({ vendor: 'calcom' })
  const [eventType] = calcom.eventTypes(owner.calendarEmail)
  if (!eventType) throw new Error('she offers nothing')
  const change = (changes: Parameters<typeof calcom.changeEventType>[2]) =>
    calcom.changeEventType(owner.calendarEmail, eventType.id, changes)
  calcom.ledger.length = 0
  const posts = () => calcom.ledger.filter(({ method, path }) => method === CREATE.method && CREATE.path.test(path)).length
  const say = async (name: string, parameters: object, options: { callId?: string; number?: string; toolCallId?: string } = {}) =>
    words(await owner.call(name, parameters, { number: '+13125550142', ...options }))
  return { owner, change, eventType, posts, say, ...watch(test, owner) }
}

/** Google beside it: what stands there takes her time, too. */
async function withGoogle(owner: ConnectedOwner): Promise<string> {
  const email = `second-${crypto.randomUUID().slice(0, 8)}@example.com`
  google.addPerson({ name: 'Dana Reyes', email, timeZone: 'America/Chicago' })
  const started = await test.app.inject({ url: '/calendar/google/auth/start?role=busy', headers: owner.headers() })
  const callback = await google.signIn(String(started.headers.location), email)
  const returned = await test.app.inject({ url: callback.pathname + callback.search })
  if (!String(returned.headers.location).includes('success')) throw new Error(`not connected: ${returned.headers.location}`)
  return email
}

t.test('what Cal.com offers is offered, and booked there once, with the customer as its guest', async (t) => {
  const { say, live, statuses, posts } = await fresh()
  t.match(await say('get_availability', { when: 'Tuesday the first of December' }), /^I have Tuesday the first of December at/)
  const said = await say('book_appointment', tenO, { toolCallId: 'one' })
  t.match(said, /^You are booked for Tuesday the first of December at ten in the morning/)
  speakable(t, said)
  eachMatches(t, live(), [
    { ...TEN, subject: /and Ana Ruiz$/, attendees: [{ name: 'Ana Ruiz', email: 'ana@example.com' }], status: 'confirmed' },
  ])
  t.equal(await say('book_appointment', tenO, { toolCallId: 'one' }), said, 'delivered again it is told again')
  t.equal(posts(), 1)
  t.same(await statuses(), ['confirmed'])
  t.match(await say('book_appointment', tenO, { callId: 'another' }), /^That time is taken, sorry/)
})

t.test('what stands in Google, or was booked for it, overlaps nothing in Cal.com, and the other way round', async (t) => {
  const { owner, say, live } = await fresh()
  const second = await withGoogle(owner)
  google.addEvent(second, { subject: 'Surgeon', ...TEN })
  t.match(await say('book_appointment', tenO), /^That time is taken, sorry/)
  t.same(live(), [])
  t.match(await say('get_availability', { when: '2026-12-01T10:00' }), /^I do not have that time/)
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T10:30' }), /^You are booked/)
  t.has(live(), [{ startsAt: TEN.endsAt }])

  // From now on bookings go to Google, and Cal.com's own count as busy.
  const connections = await test.app.inject({ url: '/calendar/connections', headers: owner.headers() })
  const { id } = connections.json().connections.find((one: { provider: string }) => one.provider === 'google')
  const chosen = await test.app.inject({
    method: 'PATCH',
    url: `/calendar/connections/${id}`,
    headers: owner.headers(),
    payload: { role: 'destination' },
  })
  t.equal(chosen.statusCode, 200)
  calcom.book(owner.calendarEmail, { startsAt: new Date('2026-12-01T17:00:00Z'), name: 'Guest', email: 'guest@example.com' })
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T11:00' }, { callId: 'c2' }), /^That time is taken, sorry/)
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T10:30' }, { callId: 'c2' }), /^That time is taken, sorry/)
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T11:30' }, { callId: 'c2' }), /^You are booked/)
  t.has(google.events(second), [{ subject: 'Surgeon' }, { startsAt: new Date('2026-12-01T17:30:00Z') }])
})

t.test(
  "the copy of a booking that Cal.com writes into its host's Google calendar is no conflict, and whatever else stands there is",
  async (t) => {
    const { owner, say, notices } = await fresh()
    const second = await withGoogle(owner)
    const told = async () => (await notices()).filter(({ kind }) => kind === 'booking_conflict').length
    const look = async () => {
      await bringJobsForward(test, { of: owner.clerkUserId })
      await runJobs(test)
    }
    t.match(await say('book_appointment', tenO), /^You are booked/)
    google.addEvent(second, { subject: '30 Min Meeting between Dana and Ana Ruiz', ...TEN })
    await look()
    t.equal(await told(), 0)
    t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T10:30' }, { callId: 'c2' }), /^You are booked/)
    const copy = { startsAt: TEN.endsAt, endsAt: new Date('2026-12-01T17:00:00Z') }
    google.addEvent(second, { subject: '30 Min Meeting between Dana and Ana Ruiz', ...copy })
    await look()
    t.equal(await told(), 0, 'one beside the other')
    t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T13:00' }, { callId: 'c3' }), /^You are booked/)
    google.addEvent(second, {
      subject: 'Surgeon',
      startsAt: new Date('2026-12-01T19:00:00Z'),
      endsAt: new Date('2026-12-01T20:00:00Z'),
    })
    await look()
    t.equal(await told(), 1)
  },
)

t.test("Cal.com's grid, hours and lengths are those that hold", async (t) => {
  const { owner, change, say, live } = await fresh()
  change({ minutes: 45, lengths: [], slotInterval: null })
  const days = [1, 2, 3, 4, 5].map(() => [{ from: '09:15', to: '12:15' }])
  calcom.setSchedule(owner.calendarEmail, { days: [...days, [], []] })
  // What a connection takes is learnt whenever it is looked at.
  const listed = await test.app.inject({ url: '/calendar/connections', headers: owner.headers() })
  const { id, calendars } = listed.json().connections[0]
  const payload = { calendar_id: calendars[0].id }
  await test.app.inject({ method: 'PATCH', url: `/calendar/connections/${id}`, headers: owner.headers(), payload })
  t.match(await say('get_availability', { when: 'Tuesday the first of December' }), /nine fifteen/)
  t.match(
    await say('get_availability', { when: 'Tuesday the first of December', part_of_day: 'afternoon' }),
    /^I have nothing free on Tuesday the first of December in the afternoon/,
  )
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T10:15' }), /^I cannot book that time\./)
  t.match(
    await say('book_appointment', { ...tenO, start_time: '2026-12-01T10:00', duration: 60 }),
    /^I cannot book appointments of that length/,
  )
  t.match(await say('book_appointment', tenO), /^You are booked/)
  t.has(live(), [{ startsAt: TEN.startsAt, endsAt: new Date('2026-12-01T16:45:00Z') }])
})

t.test('a length that its owner has changed at Cal.com is learnt by the first caller who asks for the old one', async (t) => {
  const { change, say, live } = await fresh()
  t.match(await say('get_availability', { when: 'tomorrow' }), /^I have|^I have nothing/)
  change({ minutes: 45, lengths: [] })
  t.match(await say('get_next_available', {}), /^I cannot book appointments of that length/)
  t.match(await say('get_next_available', {}), /^The next|^I have/)
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T10:30' }), /^You are booked/)
  t.has(live(), [{ startsAt: TEN.endsAt, endsAt: new Date('2026-12-01T17:15:00Z') }])
})

t.test('an event type that demands an address has the caller asked for one, and then it is booked', async (t) => {
  const { say, live, change, statuses } = await fresh()
  const nameless = { start_time: '2026-12-01T10:00', name: 'Ana Ruiz' }
  t.match(await say('book_appointment', nameless, { toolCallId: 'first' }), /^For this appointment I need an e-mail address/)
  t.same(live(), [])
  t.match(await say('book_appointment', { ...nameless, email: 'ana at example dot com', email_confirmed: true }), /^You are booked/)
  eachMatches(t, live(), [{ attendees: [{ email: 'ana@example.com' }] }])
  t.same(await statuses(), ['failed', 'confirmed'])
  change({ emailRequired: false })
  t.match(await say('book_appointment', { ...nameless, start_time: '2026-12-02T10:00' }, { callId: 'c2' }), /^You are booked/)
  t.match(live().at(-1), { attendees: [{ name: 'Ana Ruiz' }] }, 'by the number of the call')
})

t.test('an appointment is moved and cancelled by its caller, whatever its booking is called by then', async (t) => {
  const { say, live, rows } = await fresh()
  t.match(await say('book_appointment', tenO), /^You are booked/)
  const [before] = await rows()
  t.match(
    await say('reschedule_appointment', { new_time: '2026-12-02T11:00' }),
    /^Your appointment is now on Wednesday the second of December at eleven/,
  )
  const [after] = await rows()
  t.not(after?.providerEventId, before?.providerEventId)
  t.has(live(), [{ id: after?.providerEventId, startsAt: new Date('2026-12-02T17:00:00Z') }])
  t.match(await say('get_availability', { when: '2026-12-01T10:00' }), /free/, 'its former time can be had again')
  t.match(await say('reschedule_appointment', { new_time: '2026-12-02T14:00', duration: 45 }), /^I cannot book appointments of that length/)
  t.match(await say('cancel_appointment', {}), /cancelled/i)
  t.same(live(), [])
})

t.test('a time that was taken at Cal.com since it was offered is not booked', async (t) => {
  const { owner, say, statuses } = await fresh()
  await say('get_availability', { when: 'Tuesday the first of December' })
  calcom.book(owner.calendarEmail, { startsAt: TEN.startsAt, name: 'Guest', email: 'guest@example.com' })
  t.match(await say('book_appointment', tenO), /^That time is taken, sorry/)
  t.same(await statuses(), ['failed'])
  // And one that is taken between the look and the booking.
  const { startsAt } = { startsAt: new Date('2026-12-01T17:00:00Z') }
  calcom.faults.each(({ method, path }) => {
    if (method === 'POST' && CREATE.path.test(path))
      calcom.book(owner.calendarEmail, { startsAt, name: 'Faster', email: 'faster@example.com' })
    return undefined
  })
  t.match(await say('book_appointment', { ...tenO, start_time: '2026-12-01T11:00' }), /^That time is taken, sorry/)
})

t.test('when the answer to a booking is lost, it is found and booked once', async (t) => {
  const { say, live, posts, statuses } = await fresh()
  calcom.faults.add({ ...CREATE, kind: 'lost' })
  t.match(await say('book_appointment', tenO), /^You are booked/)
  t.equal(live().length, 1)
  t.equal(posts(), 1)
  t.same(await statuses(), ['confirmed'])
})

t.test(
  'when Cal.com is silent, or nothing can be seen after a lost answer, the time is held, and one booking stands in the end',
  async (t) => {
    for (const fault of [{ kind: 'silent' } as const, { kind: 'lost' } as const]) {
      const { say, live, statuses, expireLeases } = await fresh()
      calcom.faults.add({ ...CREATE, ...fault, times: Number.POSITIVE_INFINITY })
      let isSent = false
      calcom.faults.each(({ method }) => {
        isSent ||= calcom.ledger.some((entry) => entry.method === 'POST' && CREATE.path.test(entry.path))
        return isSent && method === 'GET' ? { kind: 'status', status: 503 } : undefined
      })
      t.match(await say('book_appointment', tenO), /not confirmed yet/, fault.kind)
      t.same(await statuses(), ['held'])
      calcom.faults.clear()
      await expireLeases()
      t.equal(await settle(test), 1)
      t.same(await statuses(), ['confirmed'], fault.kind)
      t.equal(live().length, 1)
    }
  },
)

t.test('what its event type will never take is given free as soon as that is known, also after a crash', async (t) => {
  const { change, say, live, statuses, expireLeases, notices } = await fresh()
  calcom.faults.add({ ...CREATE, kind: 'silent', times: Number.POSITIVE_INFINITY })
  const { email, ...nameless } = tenO
  t.ok(email)
  t.match(await say('book_appointment', nameless), /not confirmed yet/)
  t.same(await statuses(), ['held'])
  calcom.faults.clear()
  change({ emailRequired: true })
  await expireLeases()
  t.equal(await settle(test), 1)
  t.same(await statuses(), ['failed'])
  t.same(live(), [])
  t.equal((await notices()).length, 1, 'the owner is told')
})

t.test('asked to wait, Cal.com is not asked on, and the caller hears so', async (t) => {
  const { say, live } = await fresh()
  calcom.faults.add({ kind: 'status', status: 429, retryAfter: 60, times: Number.POSITIVE_INFINITY })
  const said = await say('get_availability', { when: 'tomorrow' })
  t.match(said, /diary|busy|moment/)
  speakable(t, said)
  t.ok(calcom.ledger.length <= 3, `${calcom.ledger.length} requests, those that were on their way`)
  t.same(live(), [])
})

t.test(
  'an expired token is renewed once, its refresh token changes each time, and a lost one asks the owner to connect again',
  async (t) => {
    const { owner, say } = await fresh()
    const refreshes = () => calcom.ledger.filter(({ path }) => path.endsWith('/oauth2/token')).length
    for (const round of [1, 2, 3]) {
      calcom.expireAccessTokens(owner.calendarEmail)
      t.match(await say('get_next_available', {}, { callId: `c${round}` }), /^The next|^I have/)
      t.equal(refreshes(), round)
    }
    calcom.expireAccessTokens(owner.calendarEmail)
    calcom.revokeGrants(owner.calendarEmail)
    t.match(await say('get_next_available', {}, { callId: 'c9' }), /cannot see the diary/)
    const asked = calcom.ledger.length
    t.match(await say('get_next_available', {}, { callId: 'c9' }), /cannot see the diary/)
    t.equal(calcom.ledger.length, asked, 'nobody asks again')
    const status = await test.app.inject({ url: '/api/calendar/status', headers: owner.headers() })
    t.match(status.json(), { connected: false, provider: 'calcom' })
    const again = await connect(test, owner, 'calcom', owner.calendarEmail)
    t.equal(again.searchParams.get('success'), 'calcom_connected')
    t.match(await say('get_next_available', {}, { callId: 'c10' }), /^The next|^I have/)
  },
)

t.test('while its host has not agreed to a booking, nobody says that it is booked', async (t) => {
  const { owner, change, say, live, statuses, expireLeases } = await fresh()
  change({ confirmation: true }) // since it was connected
  t.match(await say('book_appointment', tenO), /not confirmed yet/)
  t.same(await statuses(), ['held'])
  calcom.confirm(owner.calendarEmail, live()[0]?.id ?? '')
  await expireLeases()
  t.equal(await settle(test), 1)
  t.same(await statuses(), ['confirmed'])
  await runJobs(test)
})

t.test('what its caller takes back before the host has agreed is taken away there, too', async (t) => {
  const { owner, change, say, live, rows } = await fresh()
  change({ confirmation: true })
  t.match(await say('book_appointment', tenO), /not confirmed yet/)
  eachMatches(t, live(), [{ status: 'tentative' }])
  t.match(await say('cancel_appointment', {}), /cancelled/i)
  await bringJobsForward(test, { of: owner.clerkUserId })
  await runJobs(test)
  t.same(live(), [])
  eachMatches(t, await rows(), [{ status: 'cancelled', toTell: null }])
})

t.test('an appointment of one of its further lengths is booked again as it was when its cancelling is taken back', async (t) => {
  const { owner, change, say, live, statuses } = await fresh()
  change({ lengths: [30, 15], slotInterval: 15 })
  await test.app.inject({ url: '/calendar/connections', headers: owner.headers() })
  const quarter = { ...tenO, duration: 15 }
  t.match(await say('book_appointment', quarter), /^You are booked/)
  t.match(await say('cancel_appointment', {}), /cancelled/i)
  t.same(live(), [])
  t.match(await say('book_appointment', quarter), /booked/)
  t.has(live(), [{ startsAt: TEN.startsAt, endsAt: new Date('2026-12-01T16:15:00Z') }])
  t.same(await statuses(), ['cancelled', 'confirmed'])
})

t.test('an event type that is gone from Cal.com offers nothing, and its owner sees why', async (t) => {
  const { owner, say, eventType } = await fresh()
  calcom.addEventType(owner.calendarEmail, { title: 'Another', slug: 'another', minutes: 30 })
  calcom.removeEventType(owner.calendarEmail, eventType.id)
  t.match(await say('get_availability', { when: 'tomorrow' }), /cannot see the whole diary/)
  const listed = await test.app.inject({ url: '/calendar/connections', headers: owner.headers() })
  t.match(listed.json().connections, [{ provider: 'calcom', calendars: [{ name: 'Another', can_write: true }] }])
  t.match(JSON.stringify(listed.json()), /not, or no longer, in the connected account/)
})
