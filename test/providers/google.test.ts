import t from 'tap'
import { googleProvider } from '../../src/providers/google/index.ts'
import { googleError } from '../world/google/errors.ts'
import { startGoogle } from '../world/google/index.ts'
import { contract } from './contract.ts'
import { email, newBooking, newWorld, redirectUri, refOf, span, type Vendor } from './setup.ts'

const auth = 'https://www.googleapis.com/auth'
const allScopes = ['calendar.events', 'calendar.freebusy', 'calendar.calendarlist.readonly'].map((name) => `${auth}/${name}`)

const google: Vendor = {
  name: 'Google Calendar',
  start: () => startGoogle({ redirectUri }),
  provider: (standIn, options, secret = standIn.clientSecret) =>
    googleProvider(
      {
        clientId: standIn.clientId,
        clientSecret: secret,
        redirectUri,
        authUrl: `${standIn.url}/o/oauth2/v2/auth`,
        tokenUrl: `${standIn.url}/token`,
        revokeUrl: `${standIn.url}/revoke`,
        apiUrl: standIn.url,
      },
      options,
    ),
  neededScope: `${auth}/calendar.freebusy`,
  allScopes,
  tokenPath: /\/token/,
  busyPath: /\/freeBusy/,
  createPath: /\/events/,
  cancelling: { method: 'DELETE', path: /\/events\// },
  eventsPath: /\/events\?/,
  nextPage: /\/events\?.*pageToken=/,
  endlessPage: () => ({ kind: 'calendar#events', timeZone: 'UTC', items: [], nextPageToken: 'more' }),
  oddPages: [
    { kind: 'calendar#events', items: [] },
    { kind: 'calendar#events', timeZone: 'Mars/Olympus', items: [] },
    { kind: 'calendar#events', timeZone: 'UTC', items: [{ id: 'x', status: 'confirmed' }] },
    {
      kind: 'calendar#events',
      timeZone: 'UTC',
      items: [{ id: 'x', start: { dateTime: '2026-12-01T10:00' }, end: { dateTime: '2026-12-01T11:00' } }],
    },
    { kind: 'calendar#events', timeZone: 'UTC', items: 'none' },
  ],
  eventZone: 'America/New_York',
  rotates: false,
  tokenSeconds: 3600,
  moving: { method: 'PATCH', path: /\/events\// },
  foreignCalendar: 'primary',
  isScheduler: false,
}

contract(google)

const day = span('2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z')

t.test('Google asks for offline access, for consent, and for no more than is needed', async (t) => {
  const { provider } = await newWorld(t, google)
  const { searchParams } = provider.authorizationUrl('s', 'c')
  t.match(Object.fromEntries(searchParams), {
    access_type: 'offline',
    prompt: 'consent',
    code_challenge: 'c',
    code_challenge_method: 'S256',
  })
  t.same(searchParams.get('scope')?.split(' '), ['openid', 'email', ...allScopes])
})

t.test("Google's 403 is told apart by its reason: too fast, or not allowed", async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const open = await calendar()
  const reasons = {
    rateLimitExceeded: 'provider_busy',
    userRateLimitExceeded: 'provider_busy',
    quotaExceeded: 'provider_busy',
    insufficientPermissions: 'scope_missing',
    forbidden: 'provider_refused',
  }
  for (const [reason, code] of Object.entries(reasons)) {
    standIn.ledger.length = 0
    standIn.faults.add({ kind: 'status', status: 403, body: googleError(403, reason), times: 2 })
    await t.rejects(open.busy(day), { name: 'AppError', code }, reason)
    await t.rejects(open.create(newBooking()), { name: 'AppError', code }, reason)
    t.equal(standIn.ledger.length, 2)
  }
})

t.test('a calendar that Google could not read is not free, although the answer says 200', async (t) => {
  const { standIn, provider } = await newWorld(t, google)
  const calendar = provider.calendar({ accessToken: await standIn.tokenFor(email) }, 'c1')
  const answers = [
    { calendars: { c1: { errors: [{ domain: 'global', reason: 'internalError' }], busy: [] } } },
    { calendars: { c1: {} } },
    { calendars: {} },
  ]
  for (const body of answers) {
    standIn.faults.add({ kind: 'status', status: 200, body })
    await t.rejects(calendar.busy(day), { code: 'provider_unavailable' })
  }
})

t.test('Google is never asked for more than sixty days at once', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  await (await calendar()).busy(span('2026-12-01T00:00:00Z', '2027-05-01T00:00:00Z'))
  t.equal(standIn.ledger.length, 3)
})

t.test('a refresh token that Google replaces is not lost in its library', async (t) => {
  const { standIn, provider, connect } = await newWorld(t, google)
  const { refreshToken } = await connect()
  const body = { access_token: 'a2', refresh_token: 'r2', expires_in: 3600, token_type: 'Bearer' }
  standIn.faults.add({ kind: 'status', status: 200, path: google.tokenPath, body })
  t.match(await provider.refresh(refreshToken ?? ''), { accessToken: 'a2', refreshToken: 'r2', scopes: allScopes })
})

t.test('disconnecting ends the consent at Google', async (t) => {
  const { provider, connect } = await newWorld(t, google)
  const { refreshToken } = await connect()
  await provider.revoke(refreshToken ?? '')
  await t.rejects(provider.refresh(refreshToken ?? ''), { code: 'consent_revoked' })
})

t.test('an event of somebody else that has the id of a booking is not taken for ours', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const open = await calendar()
  standIn.faults.add({ kind: 'status', status: 409, method: 'POST' })
  standIn.faults.add({
    kind: 'status',
    status: 200,
    method: 'GET',
    body: { id: 'bk1', status: 'confirmed', start: { date: '2026-12-01' }, end: { date: '2026-12-02' } },
  })
  await t.rejects(open.create(newBooking()), { code: 'slot_taken' })
})

t.test('of an entry that was cancelled Google may tell the id alone', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const open = await calendar()
  const items = [
    { id: 'x', status: 'cancelled' },
    { id: 'y', status: 'confirmed', start: { date: '2026-12-01' }, end: { date: '2026-12-02' } },
  ]
  standIn.faults.add({ kind: 'status', status: 200, body: { kind: 'calendar#events', timeZone: 'America/New_York', items } })
  t.has(await open.events(day, 'UTC'), [{ id: 'y', isAllDay: true, startsAt: new Date('2026-12-01T05:00:00Z') }])
})

t.test('notes that programs wrote as HTML for Google are read as people see them, and plain ones stay as they are', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const notes = [
    ['<ul><li>one</li><li>two</li></ul>after<p>apart</p>', 'one\ntwo\nafter\napart'],
    ['1 < 2 & 3 > 2, at 5&nbsp;pm', '1 < 2 & 3 > 2, at 5 pm'],
    ['Name: Ana\n\nPhone: 1', 'Name: Ana\n\nPhone: 1'],
    ['<script>alert("<b>")</script><a href="https://example.com">the plan</a><!-- not this -->', 'the plan'],
    ['<<<<', '<<<<'],
    ['a</p>b<br/>c</br>d', 'a\nb\nc\nd'],
  ]
  for (const [html = ''] of notes) standIn.addEvent(email, { subject: 'x', html, ...day })
  t.same(
    (await (await calendar()).events(day, 'UTC')).map(({ body }) => body),
    notes.map(([, text]) => text),
  )
})

t.test('where Google shows free and busy alone, no event of ours is looked for', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const open = await calendar()
  standIn.addEvent(email, { subject: 'x', ...day })
  standIn.faults.add({ kind: 'status', status: 403, method: 'GET', path: /\/events\/bk/ })
  t.equal((await open.busy(day, { except: refOf(newBooking()) })).length, 1)
})

t.test('a copy that the owner makes of an event is in the way of the booking', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const open = await calendar()
  const wanted = newBooking()
  await open.create(wanted)
  const times = span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z')
  standIn.addEvent(email, { subject: 'copy', ...times, properties: { bookingId: wanted.bookingId } })
  t.same(await open.busy(day, { except: refOf(wanted) }), [times])
})

t.test('an event is cancelled at Google by the sendUpdates that tells its guests, and changed by the same', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  const open = await calendar()
  const wanted = newBooking()
  const { id } = await open.create(wanted)
  await open.update(id, wanted)
  await open.cancel(id)
  t.match(
    standIn.ledger.filter(({ method }) => method !== 'GET'),
    [
      { method: 'POST', query: { sendUpdates: 'all' } },
      { method: 'PATCH', query: { sendUpdates: 'all' } },
      { method: 'DELETE', query: { sendUpdates: 'all' } },
    ],
  )
})

t.test('Google has settled itself what takes time, and tells of no busy time what kind it is', async (t) => {
  const { standIn, calendar } = await newWorld(t, google)
  for (const [hour, showAs] of [
    ['10', 'tentative'],
    ['14', 'oof'],
  ] as const) {
    standIn.addEvent(email, { subject: 'x', showAs, ...span(`2026-12-01T${hour}:00:00Z`, `2026-12-01T${hour}:30:00Z`) })
  }
  const busy = await (await calendar()).busy(day)
  t.equal(busy.length, 2)
  t.ok(busy.every((one) => !('kind' in one)))
})

t.test("Google's 403 for being too fast closes the mailbox as a 429 does, and any other 403 does not", async (t) => {
  const { standIn, provider } = await newWorld(t, google)
  const open = provider.calendar({ accessToken: await standIn.tokenFor(email), mailbox: 'dana' }, 'primary')
  const busy = () => open.busy(day).catch(({ code }) => code)
  const refuse = (reason: string, retryAfter?: number) =>
    standIn.faults.add({ kind: 'status', status: 403, body: googleError(403, reason), ...(retryAfter === undefined ? {} : { retryAfter }) })
  refuse('forbidden', 60)
  t.equal(await busy(), 'provider_refused')
  refuse('rateLimitExceeded', 1)
  const startedAt = performance.now()
  t.same(await open.busy(day).catch(({ message }) => message), [], 'a short wait is kept, and the question repeated')
  t.ok(performance.now() - startedAt > 990)
  refuse('userRateLimitExceeded', 60)
  t.equal(await busy(), 'provider_busy')
  const asked = standIn.ledger.length
  t.equal(await busy(), 'provider_busy')
  t.equal(standIn.ledger.length, asked)
})
