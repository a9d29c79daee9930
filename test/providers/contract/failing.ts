import type { Test } from 'tap'
import type { Calendar, Interval } from '../../../src/providers/provider.ts'
import type { Fault } from '../../world/stand-in.ts'
import { busyTimes, email, newBooking, newWorld, span, type Vendor } from '../setup.ts'

/** How many requests it takes: of a list of entries, and where it is looked before anything is repeated, perhaps another number. */
type Trouble = { fault: Fault; code: string; requests: number; listing?: number; looking?: number }
const always = { times: Number.POSITIVE_INFINITY }
const troubles: Record<string, Trouble> = {
  'asks us to wait two minutes': { fault: { kind: 'status', status: 429, retryAfter: 120 }, code: 'provider_busy', requests: 1 },
  'asks us to wait, without saying how long': { fault: { kind: 'status', status: 429 }, code: 'provider_busy', requests: 1 },
  'asks us to wait a second, again and again': {
    fault: { kind: 'status', status: 429, retryAfter: 1 },
    code: 'provider_busy',
    requests: 2,
  },
  'breaks down': { fault: { kind: 'status', status: 500 }, code: 'provider_unavailable', requests: 2 },
  'is overloaded': { fault: { kind: 'status', status: 503 }, code: 'provider_unavailable', requests: 2 },
  'is overloaded for minutes': { fault: { kind: 'status', status: 503, retryAfter: 120 }, code: 'provider_unavailable', requests: 1 },
  'shows a web page of a broken proxy': {
    fault: { kind: 'status', status: 502, body: '<html><body>Bad gateway</body></html>' },
    code: 'provider_unavailable',
    requests: 2,
  },
  'shows a web page as if all was well': {
    fault: { kind: 'status', status: 200, body: '<html><body>Sign in to the hotel network</body></html>' },
    code: 'provider_unavailable',
    requests: 1,
    looking: 2,
  },
  'breaks off in the middle of a word': {
    fault: { kind: 'status', status: 200, body: '{"id":"x","val', type: 'application/json' },
    code: 'provider_unavailable',
    requests: 1,
    looking: 2,
  },
  'never comes to an end': { fault: { kind: 'endless' }, code: 'provider_unavailable', requests: 2 },
  'was waited for too long by a proxy': { fault: { kind: 'status', status: 408 }, code: 'provider_unavailable', requests: 1, looking: 2 },
  'answers with nothing': { fault: { kind: 'status', status: 200, body: {} }, code: 'provider_unavailable', requests: 1, looking: 2 },
  'answers with too much': {
    fault: { kind: 'status', status: 200, body: 'x'.repeat(1_100_000) },
    code: 'provider_unavailable',
    requests: 1,
    looking: 2,
    listing: 2, // it asks for smaller pages, once
  },
  'sends us elsewhere': { fault: { kind: 'status', status: 302 }, code: 'provider_unavailable', requests: 1, looking: 2 },
  'says nothing': { fault: { kind: 'silent' }, code: 'provider_unavailable', requests: 2 },
  'cuts the line': { fault: { kind: 'cut' }, code: 'provider_unavailable', requests: 2 },
  'does not want it': { fault: { kind: 'status', status: 400 }, code: 'provider_refused', requests: 1 },
  'forgets our token': { fault: { kind: 'status', status: 401 }, code: 'consent_revoked', requests: 1 },
}

/** Each a later one, so that bookings do not meet. */
function halfHours(): () => Interval {
  let at = Date.parse('2026-12-02T00:00:00Z')
  return () => {
    at += 1_800_000
    return { startsAt: new Date(at), endsAt: new Date(at + 1_800_000) }
  }
}

export async function failing(t: Test, vendor: Vendor): Promise<void> {
  const halfHour = halfHours()
  const range = span('2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z')
  /** What we do, and which of its requests has the trouble. */
  const actions: Record<string, { method?: string; path?: RegExp; call(calendar: Calendar): Promise<unknown> }> = {
    'busy times are read': { path: vendor.busyPath, call: (calendar) => busyTimes(calendar, range) },
    'entries are read': { call: (calendar) => calendar.events(range, 'America/New_York') },
    'a booking is made': { method: 'POST', path: vendor.createPath, call: (calendar) => calendar.create(newBooking(halfHour())) },
    'a booking is moved': {
      ...vendor.moving,
      async call(calendar) {
        const wanted = newBooking(halfHour())
        const { id } = await calendar.create(wanted)
        await calendar.update(id, { ...wanted, ...(vendor.isScheduler ? halfHour() : {}) })
      },
    },
    'a booking is cancelled': {
      ...vendor.cancelling,
      call: async (calendar) => calendar.cancel((await calendar.create(newBooking(halfHour()))).id),
    },
  }
  const looksFirst = (action: string) => vendor.isScheduler && ['a booking is made', 'a booking is moved'].includes(action)

  // Each in a world of its own, and most of the time is waiting: side by side.
  t.jobs = Object.keys(actions).length
  for (const [action, { call, ...where }] of Object.entries(actions)) {
    const isTroubled = ({ method, path }: { method: string; path: string }) =>
      (where.method === undefined || where.method === method) && (where.path === undefined || where.path.test(path))
    t.test(`while ${action}, the vendor`, { buffered: true }, async (t) => {
      const { standIn, calendar } = await newWorld(t, vendor)
      const open = await calendar()
      for (const [trouble, { fault, code, requests, listing = requests, looking = requests }] of Object.entries(troubles)) {
        await t.test(trouble, async (t) => {
          standIn.ledger.length = 0
          standIn.faults.add({ ...fault, ...always, ...where })
          const startedAt = performance.now()
          await t.rejects(call(open), { name: 'AppError', code })
          t.ok(performance.now() - startedAt < 2500, 'in bounded time')
          t.equal(
            standIn.ledger.filter(isTroubled).length,
            action === 'entries are read' ? listing : looksFirst(action) ? looking : requests,
          )
          standIn.faults.clear()
        })
      }
      await t.test('cannot be reached', async (t) => {
        await standIn.down()
        await t.rejects(call(open), { name: 'AppError', code: 'provider_unavailable' })
        await standIn.up()
        await call(open)
      })
      await t.test('stumbles once, and nobody notices', async (t) => {
        standIn.faults.add({ kind: 'status', status: 500, ...where })
        await t.resolves(call(open))
        standIn.faults.add({ kind: 'cut', ...where })
        await t.resolves(call(open))
        standIn.faults.add({ kind: 'slow', ms: 150, ...where })
        await t.resolves(call(open))
      })
    })
  }

  t.test('an answer that breaks off is none, whatever was done by then', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    standIn.faults.add({ kind: 'torn', ...always })
    await t.rejects(open.busy(range), { name: 'AppError', code: 'provider_unavailable' })
    t.equal(standIn.ledger.length, 2)
    standIn.faults.clear()
    standIn.faults.add({ kind: 'torn', method: 'POST', path: vendor.createPath })
    const wanted = newBooking()
    const { id } = await open.create(wanted)
    standIn.faults.add({ kind: 'torn', ...vendor.moving })
    const next = vendor.isScheduler ? halfHour() : { subject: 'Later' }
    const now = await open.update(id, { ...wanted, ...next })
    t.match(standIn.events(email).at(-1), { id: now.id, ...next })
    standIn.faults.add({ kind: 'torn', ...vendor.cancelling })
    await open.cancel(id)
    t.match(standIn.events(email).at(-1), { id: now.id, status: 'cancelled' })
  })

  t.test('nothing was booked by a vendor that said no', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    for (const status of [429, 400, 401, 403]) {
      standIn.faults.add({ kind: 'status', status, method: 'POST', path: vendor.createPath })
      await t.rejects(open.create(newBooking()), { name: 'AppError' })
    }
    t.same(standIn.events(email), [])
  })

  t.test('a token that is none opens nothing', async (t) => {
    const { provider } = await newWorld(t, vendor)
    await t.rejects(provider.calendars({ accessToken: 'not-a-token' }), { code: 'consent_revoked' })
    const closed = provider.calendar({ accessToken: 'not-a-token' }, vendor.foreignCalendar)
    await t.rejects(closed.busy(range), { code: 'consent_revoked' })
    await t.rejects(closed.events(range, 'UTC'), { code: 'consent_revoked' })
    await t.rejects(closed.create(newBooking()), { code: 'consent_revoked' })
  })

  t.test("another account's calendar is neither free nor ours to write to", async (t) => {
    const { standIn, provider } = await newWorld(t, vendor)
    standIn.addPerson({ name: 'Eve', email: 'eve@example.com', timeZone: 'America/New_York' })
    const [hers] = await provider.calendars({ accessToken: await standIn.tokenFor('eve@example.com') })
    const foreign = provider.calendar({ accessToken: await standIn.tokenFor(email) }, hers?.id ?? '')
    await t.rejects(busyTimes(foreign, range), { name: 'AppError', code: 'calendar_missing' })
    // A scheduler has one list of bookings for all that an account offers.
    if (!vendor.isScheduler) await t.rejects(foreign.events(range, 'UTC'), { name: 'AppError', code: 'calendar_missing' })
    await t.rejects(foreign.create(newBooking()), { name: 'AppError', code: vendor.isScheduler ? 'calendar_missing' : 'provider_refused' })
    t.same(standIn.events('eve@example.com'), [])
  })

  t.test("the caller's deadline ends a request that the vendor leaves open", async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar(AbortSignal.timeout(300))
    standIn.faults.add({ kind: 'silent', ...always })
    const startedAt = performance.now()
    await t.rejects(open.create(newBooking()), { code: 'provider_unavailable' })
    t.ok(performance.now() - startedAt < 500)
    t.ok(standIn.ledger.every(({ method }) => method === (vendor.isScheduler ? 'GET' : 'POST')))
    t.equal(standIn.ledger.length, vendor.isScheduler ? 2 : 1, 'each request once')
  })

  t.test('every attempt is measured, and told by a fixed word', async (t) => {
    const { standIn, calendar, attempts } = await newWorld(t, vendor)
    const open = await calendar()
    attempts.length = 0
    standIn.faults.add({ kind: 'status', status: 500 })
    await open.busy(range)
    t.match(attempts, [{ status: 500 }, { status: 200 }])
    t.equal(new Set(attempts.map(({ operation }) => operation)).size, 1)
    t.ok(attempts.every(({ seconds, vendor: name }) => seconds > 0 && name === standIn.vendor))
  })
}
