import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { calcomProvider } from '../../src/providers/calcom/index.ts'
import { type CalcomStandIn, startCalcom } from '../world/calcom/index.ts'
import { contract } from './contract.ts'
import { email, newBooking, newWorld, redirectUri, refOf, shown, span, type Vendor } from './setup.ts'

// Its own clock decides what has passed: all times of the tests are to come.
const now = () => new Date('2026-10-01T00:00:00Z')
let site: CalcomStandIn | undefined

const calcom: Vendor = {
  name: 'Cal.com',
  async start() {
    const standIn = await startCalcom({ redirectUri, now })
    site = standIn
    return {
      ...standIn,
      addPerson(person) {
        const added = standIn.addPerson(person)
        // They begin each quarter of an hour, so that what is not free can be seen.
        const [first] = standIn.eventTypes(person.email)
        if (first) standIn.changeEventType(person.email, first.id, { lengths: [30, 15], slotInterval: 15 })
        return added
      },
    }
  },
  provider: (standIn, options, secret = standIn.clientSecret) =>
    calcomProvider({ client: { id: standIn.clientId, secret }, redirectUri, appUrl: standIn.url, apiUrl: standIn.url }, options),
  neededScope: 'BOOKING_WRITE',
  allScopes: [],
  tokenPath: /\/oauth2\/token/,
  busyPath: /\/v2\/slots/,
  createPath: /\/v2\/bookings$/,
  cancelling: { method: 'POST', path: /\/cancel$/ },
  eventsPath: /\/v2\/bookings\?/,
  nextPage: /\/v2\/bookings\?.*skip=[1-9]/,
  endlessPage: () => ({ status: 'success', data: [], pagination: { hasNextPage: true } }),
  oddPages: [],
  eventZone: 'America/New_York',
  rotates: true,
  tokenSeconds: 1800,
  moving: { method: 'POST', path: /\/reschedule$/ },
  foreignCalendar: '1',
  isScheduler: true,
}

contract(calcom)

const week = span('2026-12-01T00:00:00Z', '2026-12-08T00:00:00Z')
const ten = span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z')

/** Cal.com with Dana, and the site itself, which can do more than a calendar. */
async function newSite(test: Test) {
  const world = await newWorld(test, calcom)
  if (!site) throw new Error('it was not started')
  const [first] = site.eventTypes(email)
  if (!first) throw new Error('Dana offers nothing')
  return { ...world, site, eventType: first, change: changeOf(site, first.id) }
}

function changeOf(of: CalcomStandIn, id: number) {
  return (changes: Parameters<CalcomStandIn['changeEventType']>[2]) => of.changeEventType(email, id, changes)
}

t.test('the consent page is asked for what is needed, with PKCE, and comes back to us', async (t) => {
  const { provider, site } = await newSite(t)
  const url = provider.authorizationUrl('s', 'c')
  t.equal(url.origin + url.pathname, `${site.url}/auth/oauth2/authorize`)
  t.same(Object.fromEntries(url.searchParams), {
    client_id: site.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'PROFILE_READ EVENT_TYPE_READ BOOKING_READ BOOKING_WRITE WEBHOOK_READ WEBHOOK_WRITE',
    state: 's',
    code_challenge: 'c',
    code_challenge_method: 'S256',
  })
})

t.test('an installation without a client has no consent page, and keys lead there all the same', async (t) => {
  const { site } = await newSite(t)
  const keysOnly = calcomProvider({ client: undefined, redirectUri, appUrl: site.url, apiUrl: site.url })
  t.throws(() => keysOnly.authorizationUrl('s', 'c'), { code: 'provider_off' })
  const grant = await keysOnly.keyGrant?.(site.keyFor(email))
  t.match(grant, { account: { email }, accessToken: /^cal_/ })
  t.match(await keysOnly.refresh(grant?.refreshToken ?? ''), { accessToken: grant?.accessToken }, 'it stays the same')
  t.match(await keysOnly.calendars({ accessToken: grant?.accessToken ?? '' }), [{ name: '30 Min Meeting' }])
  t.equal(site.ledger.filter(({ path }) => calcom.tokenPath.test(path)).length, 0)
})

t.test('a key that is none, or was taken back, is refused', async (t) => {
  const { provider, site } = await newSite(t)
  const asked = () => site.ledger.length
  const before = asked()
  for (const none of ['', 'sk_live_0123456789', 'cal_', 'cal_live_with space 01', `cal_${'x'.repeat(300)}`])
    await t.rejects(Promise.resolve(provider.keyGrant?.(none)), { name: 'AppError', code: 'key_refused' }, none)
  t.equal(asked(), before, 'what does not look like a key is sent to nobody')
  const key = site.keyFor(email)
  site.revokeKeys(email)
  await t.rejects(Promise.resolve(provider.keyGrant?.(key)), { name: 'AppError', code: 'key_refused' })
})

t.test('event types are the calendars of an account: those first that callers can truthfully be booked into', async (t) => {
  const { site, provider, change } = await newSite(t)
  change({ confirmation: true, title: 'Asks first' })
  for (const [slug, more] of Object.entries({
    seats: { seats: 5 },
    weekly: { recurring: true },
    paid: { price: 2500 },
    checked: { emailVerification: true },
    asking: { requiredField: 'company' },
    phone: { emailRequired: false },
    hidden: { hidden: true },
    consultation: { lengths: [45, 15, 90] },
  }))
    site.addEventType(email, { title: `Gar\u202Eden ${slug}\n`, slug, minutes: 45, ...more })
  const token = await site.tokenFor(email)
  t.same(
    (await provider.calendars({ accessToken: token })).map(({ name, isMain, canWrite, minutes }) => [
      name,
      isMain,
      canWrite,
      minutes.join(),
    ]),
    [
      ['Garden phone', true, true, '45'],
      ['Garden consultation', false, true, '45,15,90'],
      ['Garden hidden', false, true, '45'],
      ['Asks first', false, false, '30,15'],
      ['Garden seats', false, false, '45'],
      ['Garden weekly', false, false, '45'],
      ['Garden paid', false, false, '45'],
      ['Garden checked', false, false, '45'],
      ['Garden asking', false, false, '45'],
    ],
  )
})

t.test('slots keep to the hours, the interval, the notice and the window of the event type, across a clock change', async (t) => {
  const { site, calendar, change } = await newSite(t)
  site.setSchedule(email, { days: [[], [], [], [], [], [], [{ from: '09:00', to: '10:30' }]] })
  change({ lengths: [], slotInterval: null })
  const open = await calendar()
  const sundays = span('2026-10-25T00:00:00Z', '2026-11-09T00:00:00Z')
  t.same(shown((await open.slots?.(sundays, 30)) ?? []), [
    '2026-10-25T13:00/2026-10-25T13:30',
    '2026-10-25T13:30/2026-10-25T14:00',
    '2026-10-25T14:00/2026-10-25T14:30',
    '2026-11-01T14:00/2026-11-01T14:30',
    '2026-11-01T14:30/2026-11-01T15:00',
    '2026-11-01T15:00/2026-11-01T15:30',
    '2026-11-08T14:00/2026-11-08T14:30',
    '2026-11-08T14:30/2026-11-08T15:00',
    '2026-11-08T15:00/2026-11-08T15:30',
  ])
  t.same(await open.slots?.(span('2026-10-25T13:10:00Z', '2026-10-25T13:59:00Z'), 30), [], 'none lies within as a whole')
  change({ windowDays: 25 })
  t.equal((await open.slots?.(sundays, 30))?.length, 3)
  change({ windowDays: null, minimumBookingNotice: 31 * 24 * 60 })
  t.equal((await open.slots?.(sundays, 30))?.length, 6)
})

t.test('an appointment of a length that the event type does not have is neither offered nor booked', async (t) => {
  const { site, calendar, change } = await newSite(t)
  const open = await calendar()
  const refused = { name: 'AppError', code: 'length_not_offered' }
  await t.rejects(Promise.resolve(open.slots?.(week, 60)), refused)
  await t.rejects(open.create(newBooking(span('2026-12-01T15:00:00Z', '2026-12-01T16:00:00Z'))), refused)
  t.same(site.events(email), [])
  const quarter = newBooking(span('2026-12-01T15:00:00Z', '2026-12-01T15:15:00Z'))
  const { id } = await open.create(quarter)
  t.has(site.events(email), [{ id, endsAt: new Date('2026-12-01T15:15:00Z') }])
  // Cal.com gives whatever is moved the usual length.
  await t.rejects(open.update(id, { ...quarter, ...span('2026-12-02T15:00:00Z', '2026-12-02T15:15:00Z') }), refused)
  await t.rejects(Promise.resolve(open.slots?.(week, 15, { except: { ...refOf(quarter), eventId: id } })), refused)
  change({ lengths: [] })
  await t.rejects(Promise.resolve(open.slots?.(week, 15)), refused)
  t.has(site.events(email), [{ id, endsAt: new Date('2026-12-01T15:15:00Z') }])
})

t.test('what Cal.com does not take for want of time is taken, in all its words', async (t) => {
  const { site, calendar, change } = await newSite(t)
  const open = await calendar()
  site.addEvent(email, { subject: 'Surgeon', ...ten })
  const taken = { name: 'AppError', code: 'slot_taken' }
  await t.rejects(open.create(newBooking()), taken, 'the host is busy')
  await t.rejects(open.create(newBooking(span('2026-09-01T15:00:00Z', '2026-09-01T15:30:00Z'))), taken, 'it has passed')
  change({ minimumBookingNotice: 80 * 24 * 60 })
  await t.rejects(open.create(newBooking(span('2026-12-02T15:00:00Z', '2026-12-02T15:30:00Z'))), taken, 'it is too soon')
  change({ minimumBookingNotice: 0 })
  site.setSchedule(email, { days: [[], [], [], [], [], [], []] })
  await t.rejects(open.create(newBooking(span('2026-12-02T15:00:00Z', '2026-12-02T15:30:00Z'))), taken, 'it is outside her hours')
  t.same(
    site.events(email).map(({ subject }) => subject),
    ['Surgeon'],
  )
})

t.test('of a caller an address or a number is needed, and none is made up', async (t) => {
  const { site, calendar, change } = await newSite(t)
  const open = await calendar()
  const caller = (phone: string | null) => newBooking({ attendees: [], customer: { name: null, email: null, phone } })
  const needed = { name: 'AppError', code: 'contact_needed' }
  await t.rejects(open.create(caller(null)), needed)
  t.ok(site.ledger.every(({ method }) => method === 'GET'))
  await t.rejects(open.create(caller('+13125550142')), needed, 'the event type demands an address')
  change({ emailRequired: false })
  await open.create(caller('+13125550142'))
  t.match(site.events(email), [{ subject: /Caller/ }])
  t.match(site.ledger.at(-1)?.body, { attendee: { name: 'Caller', phoneNumber: '+13125550142' } })
  t.notOk(JSON.stringify(site.ledger.at(-1)?.body).includes('email'))
})

t.test('a guest of whom only the address is known is called by it, not a caller', async (t) => {
  const { site, calendar } = await newSite(t)
  const john = { name: null, email: 'john@example.com', phone: null }
  await (await calendar()).create(newBooking({ attendees: [{ name: john.email, email: john.email }], customer: john }))
  t.match(site.events(email), [{ attendees: [{ name: john.email, email: john.email }] }])
})

t.test('what the owner puts there for herself is with its first guest, or with herself', async (t) => {
  const { site, calendar } = await newSite(t)
  const open = await calendar()
  await open.create(newBooking({ attendees: [], customer: null }))
  t.match(site.events(email), [{ attendees: [{ name: 'Dana', email }] }])
  const later = span('2026-12-02T15:00:00Z', '2026-12-02T15:30:00Z')
  const guests = ['kim', 'lee'].map((name) => ({ name, email: `${name}@example.com` }))
  await open.create(newBooking({ ...later, attendees: guests, customer: null }))
  t.match(site.events(email).at(-1)?.attendees, [{ name: 'kim', email: 'kim@example.com' }, { email: 'lee@example.com' }])
})

t.test('a booking that its host still has to confirm is not known to take place', async (t) => {
  const { site, calendar, change } = await newSite(t)
  const open = await calendar()
  change({ confirmation: true })
  const wanted = newBooking()
  await t.rejects(open.create(wanted), { code: 'provider_unavailable' })
  await t.rejects(open.create(wanted), { code: 'provider_unavailable' })
  const [made, ...more] = site.events(email)
  t.same(more, [], 'it is asked for once')
  await t.rejects(open.read(refOf(wanted)), { code: 'provider_unavailable' })
  t.same(shown(await open.busy(week)), shown([ten]), 'its time is taken')
  site.confirm(email, made?.id ?? '')
  t.match(await open.read(refOf(wanted)), { id: made?.id })
  t.match(await open.create(wanted), { id: made?.id })
})

t.test('a booking that its host has turned down is none', async (t) => {
  const { site, calendar, change } = await newSite(t)
  const open = await calendar()
  change({ confirmation: true })
  const wanted = newBooking()
  await t.rejects(open.create(wanted), { code: 'provider_unavailable' })
  site.reject(email, site.events(email)[0]?.id ?? '')
  t.equal(await open.read(refOf(wanted)), null)
  await t.rejects(open.create(wanted), { code: 'slot_taken' })
})

t.test('what is booked by others is busy and listed as people see it, to the last page', async (t) => {
  const { site, calendar } = await newSite(t)
  const starts = [1, 2, 3, 4, 5].map((day) => new Date(`2026-12-0${day}T15:00:00Z`))
  const uids = starts.map((startsAt, index) =>
    site.book(email, { startsAt, name: `Guest ${index}`, email: `g${index}@example.com`, notes: 'Hi.\nBye.' }),
  )
  site.deleteEvent(email, uids[4] ?? '')
  const open = await calendar()
  for (const size of [100, 2]) {
    site.setPageSize(size)
    t.same(
      (await open.busy(week)).map(({ startsAt }) => startsAt),
      starts.slice(0, 4),
    )
    const entries = await open.events(week, 'America/New_York')
    t.has(
      entries,
      starts.slice(0, 4).map((startsAt, index) => ({ id: uids[index], startsAt, isAllDay: false, body: 'Hi.\nBye.' })),
    )
    t.match(entries[0], {
      subject: '30 Min Meeting between Dana and Guest 0',
      attendees: [{ name: 'Guest 0', email: 'g0@example.com' }],
      link: /^http/,
    })
  }
  t.same(shown(await open.busy(span('2026-12-01T15:15:00Z', '2026-12-01T15:20:00Z'))), shown([ten]), 'what reaches into the range')
  t.same(await open.busy(span('2026-12-01T15:30:00Z', '2026-12-02T15:00:00Z')), [], 'what only touches it is not in it')
  t.same(await open.events(span('2026-12-01T15:00:00Z', '2026-12-01T15:00:00Z'), 'UTC'), [])
})

t.test('a page that fails or is not as described, and pages without end, are failures of the whole list', async (t) => {
  const { site, calendar } = await newSite(t)
  site.setPageSize(1)
  for (const day of [1, 2]) site.book(email, { startsAt: new Date(`2026-12-0${day}T15:00:00Z`), name: 'x', email: 'x@example.com' })
  const open = await calendar()
  const unavailable = { name: 'AppError', code: 'provider_unavailable' }
  site.faults.add({ kind: 'status', status: 503, times: 2, path: calcom.nextPage })
  await t.rejects(open.events(week, 'UTC'), unavailable)
  const pagination = { hasNextPage: false }
  const booking = { uid: 'x', status: 'accepted', start: '2026-12-01T15:00:00Z', end: '2026-12-01T15:30:00Z' }
  for (const body of [
    { status: 'success', data: 'none', pagination },
    { status: 'success', data: [booking] },
    { status: 'success', data: [{ ...booking, start: '2026-12-01T15:00' }], pagination },
    { status: 'success', data: [{ ...booking, status: 'perhaps' }], pagination },
  ]) {
    site.faults.add({ kind: 'status', status: 200, body, path: calcom.eventsPath })
    await t.rejects(open.events(week, 'UTC'), unavailable, JSON.stringify(body))
  }
  for (const data of [[], [booking]]) {
    site.ledger.length = 0
    site.faults.add({ kind: 'status', status: 200, body: { data, pagination: { hasNextPage: true } }, times: Number.POSITIVE_INFINITY })
    await t.rejects(open.events(week, 'UTC'), unavailable)
    t.ok(site.ledger.length <= 100)
    site.faults.clear()
  }
})

t.test("a guest's own booking bears no mark of ours: it is neither read as ours, nor moved, nor cancelled", async (t) => {
  const { site, calendar } = await newSite(t)
  const open = await calendar()
  const uid = site.book(email, { startsAt: ten.startsAt, name: 'Guest', email: 'guest@example.com', metadata: { bookingId: 7 } })
  const ours = newBooking()
  t.equal(await open.read({ ...refOf(ours), eventId: uid }), null)
  await t.rejects(open.update(uid, { ...ours, ...span('2026-12-02T15:00:00Z', '2026-12-02T15:30:00Z') }), { code: 'event_missing' })
  await open.cancel(uid)
  t.match(site.events(email), [{ id: uid, status: 'confirmed', ...ten }])
  t.ok(site.ledger.every(({ method }) => method === 'GET'))
})

t.test('a booking is followed through all its moves, and cancelled where it is now', async (t) => {
  const { site, calendar } = await newSite(t)
  const open = await calendar()
  const wanted = newBooking()
  const first = await open.create(wanted)
  let uid = first.id
  for (const day of [2, 3, 4]) uid = site.moveEvent(email, uid, span(`2026-12-0${day}T18:00:00Z`, `2026-12-0${day}T18:30:00Z`))
  t.has(await open.read({ ...refOf(wanted), eventId: first.id }), { id: uid, startsAt: new Date('2026-12-04T18:00:00Z') })
  const back = await open.update(first.id, wanted)
  t.match(back, ten)
  t.not(back.id, uid)
  await open.cancel(first.id)
  t.ok(site.events(email).every(({ status }) => status === 'cancelled'))
  await t.rejects(open.update(back.id, wanted), { code: 'event_missing' })
})

t.test('an event that has moved is told as that, though somebody could not be invited to it', async (t) => {
  const { site, calendar } = await newSite(t)
  const open = await calendar()
  const wanted = newBooking()
  const { id } = await open.create(wanted)
  const ada = { name: 'Ada', email: 'ada@example.com' }
  const attendees = [{ name: 'Kim Lee', email: 'Kim@Example.com' }, ada]
  const later = { ...wanted, ...span('2026-12-03T18:00:00Z', '2026-12-03T18:30:00Z'), attendees }
  for (const [index, status] of [400, 429, 500].entries()) {
    site.faults.add({ kind: 'status', status, method: 'POST', path: /\/attendees$/, retryAfter: 120 })
    const time = span(`2026-12-0${index + 4}T18:00:00Z`, `2026-12-0${index + 4}T18:30:00Z`)
    t.has(await open.update(id, { ...later, ...time }), time, String(status))
  }
  const moved = await open.update(id, later)
  t.match(moved, { startsAt: later.startsAt })
  t.same(
    site
      .events(email)
      .at(-1)
      ?.attendees.map((one) => one.email),
    ['kim@example.com', ada.email],
    'told again, it invites whom it knows not yet, and nobody twice',
  )
  site.faults.add({ kind: 'status', status: 400, method: 'POST', path: /\/attendees$/ })
  const more = { ...later, attendees: [...attendees, { name: 'Ben', email: 'ben@example.com' }] }
  await t.rejects(open.update(moved.id, more), { code: 'provider_refused' }, 'where that was all that was asked for, it is a no')
})

t.test('a booking is found again whatever length its event type has given it', async (t) => {
  const { site, calendar, change } = await newSite(t)
  change({ lengths: [] })
  const open = await calendar()
  site.faults.each(({ method }) => {
    if (method !== 'POST') return undefined
    change({ minutes: 60 }) // since we looked
    return { kind: 'lost' }
  })
  const wanted = newBooking()
  const made = await open.create(wanted)
  t.has(made, { startsAt: wanted.startsAt, endsAt: new Date('2026-12-01T16:00:00Z') })
  t.match(await open.read(refOf(wanted)), { id: made.id })
  t.equal(site.events(email).length, 1)
})

t.test('what answers a booking with a breakdown and a pause may have made it: it is looked for before it is asked for again', async (t) => {
  const { site, calendar } = await newSite(t)
  const open = await calendar()
  site.faults.add({ kind: 'status', status: 503, retryAfter: 1, method: 'POST', path: calcom.createPath })
  await t.rejects(open.create(newBooking()), { code: 'provider_unavailable' })
  const asked = site.ledger.map(({ method, path }) => (calcom.createPath.test(path) && method === 'POST' ? 'book' : path.split('?')[0]))
  t.same(asked.slice(asked.indexOf('book')), ['book', '/v2/bookings'])
})

t.test('when Cal.com acts, its answer is lost and nothing can be seen, nobody says that nothing happened', async (t) => {
  const { site, calendar } = await newSite(t)
  const open = await calendar()
  const wanted = newBooking()
  site.faults.add({ kind: 'lost', method: 'POST', path: calcom.createPath })
  // The first look is before anything is sent.
  let looks = 0
  site.faults.each(({ path }) => {
    looks += calcom.eventsPath.test(path) ? 1 : 0
    return looks > 1 ? { kind: 'status', status: 401 } : undefined
  })
  await t.rejects(open.create(wanted), { name: 'AppError', code: 'provider_unavailable' })
  site.faults.clear()
  t.match(await open.create(wanted), { id: site.events(email)[0]?.id })
  site.faults.add({ kind: 'lost', ...calcom.moving })
  let reads = 0
  site.faults.each(({ path }) => {
    reads += /\/v2\/bookings\/\w+$/.test(path) ? 1 : 0
    return reads > 1 ? { kind: 'status', status: 401 } : undefined
  })
  const later = { ...wanted, ...span('2026-12-03T18:00:00Z', '2026-12-03T18:30:00Z') }
  await t.rejects(open.update(site.events(email)[0]?.id ?? '', later), { code: 'provider_unavailable' })
  site.faults.clear()
  t.has(await open.read(refOf(wanted)), { startsAt: later.startsAt }, 'reading tells')
  t.equal(site.events(email).filter(({ status }) => status === 'confirmed').length, 1)
})

t.test('nobody asks on when the requests of a minute are used up', async (t) => {
  const { site, eventType } = await newSite(t)
  const mailbox = 'dana'
  const { provider } = { provider: calcom.provider(site, { timeouts: { read: 400, create: 600, token: 400 } }) }
  const open = provider.calendar({ accessToken: site.keyFor(email), mailbox }, String(eventType.id))
  site.setRate(3)
  site.ledger.length = 0
  for (let time = 0; time < 3; time += 1) await open.busy(week)
  for (let time = 0; time < 3; time += 1) await t.rejects(open.busy(week), { name: 'AppError', code: 'provider_busy' })
  t.same(
    site.ledger.map(({ status }) => status),
    [200, 200, 200],
    'Cal.com locks out whoever does',
  )
})

t.test('webhooks are asked for once, with a secret, and their signature is theirs alone', async (t) => {
  const { site, provider } = await newSite(t)
  const access = { accessToken: await site.tokenFor(email) }
  const { pushes } = provider
  if (!pushes) throw new Error('it pushes')
  const to = { url: 'http://localhost:1/hook', secret: 'the-secret-of-this-channel' }
  site.faults.add({ kind: 'lost', method: 'POST', path: /webhooks/ })
  const id = await pushes.begin(access, to)
  t.equal(await pushes.begin(access, to), id, 'one that is there is found by its address')
  await pushes.end(access, id)
  await pushes.end(access, id)

  const body = Buffer.from('{"triggerEvent":"BOOKING_CANCELLED"}')
  const signature = createHmac('sha256', to.secret).update(body).digest('hex')
  const signed = (header: string | string[] | undefined) => pushes.isSigned(body, { 'x-cal-signature-256': header }, to.secret)
  t.ok(signed(signature))
  for (const wrong of [
    undefined,
    '',
    'no-secret-provided',
    signature.slice(1),
    `${signature}0`,
    signature.toUpperCase(),
    [signature],
    'g'.repeat(64),
  ])
    t.notOk(signed(wrong), String(wrong))
  t.notOk(pushes.isSigned(Buffer.concat([body, Buffer.from(' ')]), { 'x-cal-signature-256': signature }, to.secret))
  t.notOk(pushes.isSigned(body, { 'x-cal-signature-256': signature }, 'another'))
})
