import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { startGoogle } from './google/index.ts'
import type { SignIn } from './sign-in.ts'

const redirectUri = 'http://localhost:8000/calendar/google/auth/callback'
const auth = 'https://www.googleapis.com/auth/'
const wanted = `openid email ${auth}calendar.events ${auth}calendar.freebusy ${auth}calendar.calendarlist.readonly`
const ada = 'ada@example.com'
const bob = 'bob@example.com'

const google = await startGoogle({ redirectUri })
t.teardown(google.stop)
google.addPerson({
  name: 'Ada',
  email: ada,
  timeZone: 'Europe/Berlin',
  calendars: [{ name: 'Ada' }, { name: 'Holidays', writable: false }],
})
google.addPerson({ name: 'Bob', email: bob, timeZone: 'America/Chicago' })

t.test('a sign-in ends at our callback with code and state, and the code becomes tokens once', async (t) => {
  const { callback, verifier } = await connect(ada)
  t.equal(callback.origin + callback.pathname, redirectUri)
  t.equal(callback.searchParams.get('state'), 'the state')
  t.equal(callback.searchParams.get('iss'), google.url)

  const first = await exchange(callback, verifier)
  t.equal(first.status, 200)
  t.ok(first.body.refresh_token)
  t.match(first.body.scope, `${auth}userinfo.email`, 'the short name comes back as the full one')
  const claims = JSON.parse(Buffer.from(first.body.id_token.split('.')[1], 'base64url').toString())
  t.match(claims, { email: ada, email_verified: true, sub: /^\d{21}$/, iss: google.url, aud: google.clientId })
  const entry = google.ledger.findLast(({ path }) => path === '/token')
  t.match(entry, { account: ada, status: 200, body: { grant_type: 'authorization_code' } })

  const again = await exchange(callback, verifier)
  t.match(again, { status: 400, body: { error: 'invalid_grant' } })
  t.match(await freeBusy(first.body.access_token), { status: 401 }, 'a code that comes twice ends what it gave')
})

t.test('a wrong verifier, a wrong secret and a missing challenge are refused', async (t) => {
  const { callback, verifier } = await connect(ada)
  t.match(await exchange(callback, randomBytes(32).toString('base64url')), { status: 400, body: { error: 'invalid_grant' } })
  t.match(await exchange(callback, verifier, { client_secret: 'wrong' }), { status: 401, body: { error: 'invalid_client' } })
  const { searchParams } = await google.signIn(authorizationUrl({ code_challenge: null, code_challenge_method: null }), ada)
  t.match(searchParams.get('error'), 'invalid_request')
})

t.test('a foreign redirect address and an unknown scope do not get a code', async (t) => {
  await t.rejects(google.signIn(authorizationUrl({ redirect_uri: 'http://localhost:9/elsewhere' }), ada), /400.*redirect_uri/)
  const back = await google.signIn(authorizationUrl({ scope: 'openid everything' }), ada)
  t.equal(back.searchParams.get('error'), 'invalid_scope')
})

t.test('a person who says no is sent back with access_denied and our state', async (t) => {
  const { callback } = await connect(ada, { deny: true })
  t.equal(callback.searchParams.get('error'), 'access_denied')
  t.equal(callback.searchParams.get('state'), 'the state')
})

t.test('boxes left unticked are missing from the grant, and the calendar says so', async (t) => {
  const { callback, verifier } = await connect(ada, { scopes: [`${auth}calendar.events`] })
  const { body } = await exchange(callback, verifier)
  t.notMatch(body.scope, 'calendar.freebusy')
  t.match(await freeBusy(body.access_token), { status: 403, body: { error: { errors: [{ reason: 'insufficientPermissions' }] } } })
  t.match(await get(body.access_token, 'users/me/calendarList'), { status: 403 })
  t.match(await get(body.access_token, 'calendars/primary/events'), { status: 200 })
})

t.test('a refresh token comes with the first consent or a repeated one, and is not rotated', async (t) => {
  google.addPerson({ name: 'Cy', email: 'cy@example.com', timeZone: 'UTC' })
  const tokens = async (changes: Record<string, string | null>) => {
    const { callback, verifier } = await connect('cy@example.com', {}, changes)
    return (await exchange(callback, verifier)).body
  }
  t.notOk((await tokens({ access_type: 'online' })).refresh_token)
  t.notOk((await tokens({ prompt: null })).refresh_token, 'allowed before')
  const { refresh_token } = await tokens({})
  t.ok(refresh_token)
  const renewed = await refresh(refresh_token)
  t.equal(renewed.status, 200)
  t.ok(renewed.body.access_token)
  t.match(await refresh(refresh_token), { status: 200 })
})

t.test('an expired access token answers 401 and its refresh token still works; a revoked grant is the end of both', async (t) => {
  const { access_token, refresh_token } = await tokensOf(ada)
  t.match(await freeBusy(access_token), { status: 200 })
  google.expireAccessTokens(ada)
  t.match(await freeBusy(access_token), { status: 401, body: { error: { errors: [{ reason: 'authError' }] } } })
  const renewed = await refresh(refresh_token)
  t.match(await freeBusy(renewed.body.access_token), { status: 200 })
  google.revokeGrants(ada)
  t.match(await freeBusy(renewed.body.access_token), { status: 401 })
  t.match(await refresh(refresh_token), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('our own revocation ends the grant, and a token that nobody knows is named invalid', async (t) => {
  const { access_token, refresh_token } = await tokensOf(ada)
  const revoke = (token: string) => answer(fetch(`${google.url}/revoke?token=${token}`, { method: 'POST' }))
  t.match(await revoke(refresh_token), { status: 200 })
  t.match(await freeBusy(access_token), { status: 401 })
  t.match(await revoke(refresh_token), { status: 400, body: { error: 'invalid_token' } })
})

t.test('free and busy leave out what does not block and count whole days in the zone of the calendar', async (t) => {
  const at = (hour: number) => new Date(Date.UTC(2026, 11, 1, hour))
  google.addEvent(ada, { subject: 'meeting', startsAt: at(9), endsAt: at(10) })
  google.addEvent(ada, { subject: 'overlaps', startsAt: at(9), endsAt: at(11) })
  google.addEvent(ada, { subject: 'free', startsAt: at(13), endsAt: at(14), showAs: 'free' })
  google.addEvent(ada, { subject: 'cancelled', startsAt: at(14), endsAt: at(15), cancelled: true })
  google.addEvent(ada, { subject: 'declined', startsAt: at(15), endsAt: at(16), declined: true })
  google.addEvent(ada, { subject: 'away', allDay: { from: '2026-12-02', to: '2026-12-03' } })
  const { body } = await freeBusy(await google.tokenFor(ada), '2026-12-01T00:00:00Z', '2026-12-04T00:00:00Z', [ada, bob])
  t.same(body.calendars[ada].busy, [
    { start: '2026-12-01T09:00:00Z', end: '2026-12-01T11:00:00Z' },
    { start: '2026-12-01T23:00:00Z', end: '2026-12-02T23:00:00Z' },
  ])
  t.match(body.calendars[bob].errors, [{ reason: 'notFound' }], 'inside a 200')
})

t.test('a series keeps its wall time over the change of the clocks', async (t) => {
  google.addPerson({ name: 'Dee', email: 'dee@example.com', timeZone: 'Europe/Berlin' })
  const startsAt = new Date('2026-10-24T07:00:00Z')
  const endsAt = new Date('2026-10-24T08:00:00Z')
  google.addEvent('dee@example.com', { subject: 'daily', startsAt, endsAt, recurrence: { every: 'day', count: 3 } })
  const token = await google.tokenFor('dee@example.com')
  const { body } = await freeBusy(token, '2026-10-24T00:00:00Z', '2026-10-30T00:00:00Z', ['primary'])
  t.same(
    body.calendars.primary.busy.map(({ start }: { start: string }) => start),
    ['2026-10-24T07:00:00Z', '2026-10-25T08:00:00Z', '2026-10-26T08:00:00Z'],
  )
  google.setPageSize(2)
  const first = await get(token, 'calendars/primary/events?singleEvents=true&orderBy=startTime')
  t.match(first.body.items, [{ start: { dateTime: '2026-10-24T09:00:00+02:00' } }, { start: { dateTime: '2026-10-25T09:00:00+01:00' } }])
  const next = await get(token, `calendars/primary/events?singleEvents=true&orderBy=startTime&pageToken=${first.body.nextPageToken}`)
  google.setPageSize(Number.POSITIVE_INFINITY)
  t.equal(next.body.items.length, 1)
  t.notOk(next.body.nextPageToken)
})

t.test('a range is refused when it is empty, too long or without an offset', async (t) => {
  const token = await google.tokenFor(ada)
  const reason = async (from: string, to: string) => (await freeBusy(token, from, to)).body.error.errors[0].reason
  t.equal(await reason('2026-12-02T00:00:00Z', '2026-12-01T00:00:00Z'), 'timeRangeEmpty')
  t.equal(await reason('2026-12-01T00:00:00Z', '2027-06-01T00:00:00Z'), 'timeRangeTooLong')
  t.match(await freeBusy(token, '2026-12-01T00:00:00', '2026-12-02T00:00:00Z'), { status: 400 })
})

t.test('a created event keeps what was sent; overlapping another one is no reason to refuse it', async (t) => {
  const token = await google.tokenFor(ada)
  const event = newEvent('bk0000001', '2026-12-01T09:30:00Z', '2026-12-01T10:30:00Z')
  const { status, body } = await insert(token, event)
  t.equal(status, 200)
  t.match(body, { id: 'bk0000001', status: 'confirmed', start: { dateTime: '2026-12-01T10:30:00+01:00', timeZone: 'Europe/Berlin' } })
  const seen = google.events(ada).find(({ id }) => id === 'bk0000001')
  t.has(seen, {
    subject: 'Viewing',
    startsAt: new Date('2026-12-01T09:30:00Z'),
    timeZone: 'Europe/Berlin',
    attendees: [{ name: 'Eve', email: 'eve@example.com' }],
    invitationsSent: true,
    properties: { bookingId: 'b1' },
  })
  const found = await get(token, 'calendars/primary/events?privateExtendedProperty=bookingId%3Db1')
  t.match(found.body.items, [{ id: 'bk0000001' }])
  const quiet = await insert(token, newEvent('bk0000002', '2026-12-01T09:30:00Z', '2026-12-01T10:30:00Z'), '')
  t.equal(quiet.status, 200)
  t.equal(google.events(ada).find(({ id }) => id === 'bk0000002')?.invitationsSent, false, 'no mail unless asked for')
})

t.test('an id works once in a calendar, even when its event was deleted', async (t) => {
  const token = await google.tokenFor(ada)
  const event = newEvent('bk0000003', '2026-12-05T09:00:00Z', '2026-12-05T10:00:00Z')
  await insert(token, event)
  t.match(await insert(token, event), { status: 409, body: { error: { errors: [{ reason: 'duplicate' }] } } })
  const remove = () => call(token, 'DELETE', 'calendars/primary/events/bk0000003')
  t.equal((await remove()).status, 204)
  t.match(await remove(), { status: 410, body: { error: { errors: [{ reason: 'deleted' }] } } })
  t.match(await get(token, 'calendars/primary/events/bk0000003'), { status: 200, body: { status: 'cancelled' } })
  t.match(await insert(token, event), { status: 409 })
  t.match(await insert(token, { ...event, id: 'BK-3' }), { status: 400 })
})

t.test('a local time is read in its zone, and never in the zone of this machine', async (t) => {
  const token = await google.tokenFor(ada)
  const local = (id: string, start: string, end: string, timeZone: string) =>
    insert(token, { id, summary: 'local', start: { dateTime: start, timeZone }, end: { dateTime: end, timeZone } })
  const at = (id: string) =>
    google
      .events(ada)
      .find((event) => event.id === id)
      ?.startsAt.toISOString()
  await local('local0001', '2026-07-01T09:00:00', '2026-07-01T10:00:00', 'America/Chicago')
  t.equal(at('local0001'), '2026-07-01T14:00:00.000Z')
  await local('local0002', '2027-03-28T02:30:00', '2027-03-28T04:00:00', 'Europe/Berlin')
  t.equal(at('local0002'), '2027-03-28T01:30:00.000Z', 'a time that the clocks skip')
  await local('local0003', '2026-10-25T02:30:00', '2026-10-25T05:00:00', 'Europe/Berlin')
  t.equal(at('local0003'), '2026-10-25T00:30:00.000Z', 'the first of two')
  t.match(await local('local0004', '2026-07-01T09:00:00', '2026-07-01T10:00:00', 'W. Europe Standard Time'), { status: 400 })
  const naive = { id: 'local0005', start: { dateTime: '2026-07-01T09:00:00' }, end: { dateTime: '2026-07-01T10:00:00' } }
  t.match(await insert(token, naive), { status: 400 })
  t.match(await insert(token, newEvent('local0006', '2026-07-01T09:00:00Z', '2026-07-01T09:00:00Z')), { status: 400 })
})

t.test('a change touches only what was sent, and an older version does not overwrite a newer one', async (t) => {
  const token = await google.tokenFor(ada)
  const { body } = await insert(token, newEvent('patch0001', '2026-12-06T09:00:00Z', '2026-12-06T10:00:00Z'))
  const change = (etag: string, sent: object) => call(token, 'PATCH', 'calendars/primary/events/patch0001', sent, { 'if-match': etag })
  t.match(await change(body.etag, { summary: 'Moved' }), { status: 200, body: { summary: 'Moved', description: 'Wants to see it' } })
  t.match(await change(body.etag, { summary: 'Older' }), { status: 412 })
})

t.test('what the vendor does not know is refused: a parameter, a field, a missing end', async (t) => {
  const token = await google.tokenFor(ada)
  t.match(await get(token, 'calendars/primary/events?order=startTime'), { status: 400, body: { error: { code: 400 } } })
  const event = newEvent('bad000001', '2026-12-01T09:30:00Z', '2026-12-01T10:30:00Z')
  t.match(await insert(token, { ...event, subject: 'x' }), { status: 400 })
  t.match(await insert(token, { ...event, end: undefined }), { status: 400 })
  t.match(await insert(token, { ...event, summary: 7 }), { status: 400 })
  t.match(await get(token, 'calendars/primary/evnets'), { status: 404 })
})

t.test("somebody else's calendar and events are not found, and a calendar to read is not written", async (t) => {
  const event = newEvent('secret001', '2026-12-07T09:00:00Z', '2026-12-07T10:00:00Z')
  await insert(await google.tokenFor(ada), event)
  const token = await google.tokenFor(bob)
  t.match(await get(token, 'calendars/primary/events/secret001'), { status: 404 })
  t.match(await get(token, `calendars/${ada}/events`), { status: 404 })
  t.match(await call(token, 'DELETE', `calendars/${ada}/events/secret001`), { status: 404 })
  const own = await google.tokenFor(ada)
  const { body } = await get(own, 'users/me/calendarList')
  t.match(body.items, [
    { id: ada, primary: true, accessRole: 'owner' },
    { summary: 'Holidays', accessRole: 'reader' },
  ])
  t.equal((await get(own, 'users/me/calendarList?minAccessRole=writer')).body.items.length, 1)
  t.match(await call(own, 'POST', `calendars/${body.items[1].id}/events`, event), { status: 403 })
})

t.test('a fault reaches the token endpoint and the calendar, and a lost answer still did its work', async (t) => {
  const { callback, verifier } = await connect(ada)
  google.faults.add({ kind: 'status', status: 503, path: /^\/token/ })
  t.match(await exchange(callback, verifier), { status: 503, body: { error: 'internal_failure' } })
  google.faults.add({ kind: 'lost', path: /^\/token/ })
  await t.rejects(exchange(callback, verifier))
  t.match(await exchange(callback, verifier), { status: 400, body: { error: 'invalid_grant' } }, 'the lost one used the code up')

  const token = await google.tokenFor(ada)
  google.faults.add({ kind: 'lost', method: 'POST', path: /events/ })
  const event = newEvent('lost00001', '2026-12-08T09:00:00Z', '2026-12-08T10:00:00Z')
  await t.rejects(insert(token, event))
  t.match(await insert(token, event), { status: 409 })
  google.faults.add({ kind: 'status', status: 429, retryAfter: 3 })
  t.match(await freeBusy(token), { status: 429, body: { error: { errors: [{ reason: 'rateLimitExceeded' }] } } })
  await google.down()
  await t.rejects(freeBusy(token))
  await google.up()
  t.match(await freeBusy(token), { status: 200 })
})

t.test(
  'requests are held against the published description',
  { skip: !google.published.present && 'the description is not at hand' },
  async (t) => {
    const held = await get(await google.tokenFor(ada), 'calendars/primary/events?wrong=1')
    t.match(held.body.error.message, /not as published/)
  },
)

function newEvent(id: string, start: string, end: string) {
  return {
    id,
    summary: 'Viewing',
    description: 'Wants to see it',
    start: { dateTime: start, timeZone: 'Europe/Berlin' },
    end: { dateTime: end, timeZone: 'Europe/Berlin' },
    attendees: [{ email: 'eve@example.com', displayName: 'Eve' }],
    extendedProperties: { private: { bookingId: 'b1' } },
  }
}

function authorizationUrl(changes: Record<string, string | null> = {}, verifier = randomBytes(32).toString('base64url')): URL {
  const url = new URL(google.settings.GOOGLE_AUTH_URL ?? '')
  const parameters = {
    response_type: 'code',
    client_id: google.clientId,
    redirect_uri: redirectUri,
    scope: wanted,
    state: 'the state',
    access_type: 'offline',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value)
  return url
}

async function connect(email: string, choice: Omit<SignIn, 'login'> = {}, changes: Record<string, string | null> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, callback: await google.signIn(authorizationUrl(changes, verifier), email, choice) }
}

function token(parameters: Record<string, string>) {
  const client = { client_id: google.clientId, client_secret: google.clientSecret }
  return answer(fetch(`${google.url}/token`, { method: 'POST', body: new URLSearchParams({ ...client, ...parameters }) }))
}

function exchange(callback: URL, verifier: string, changes: Record<string, string> = {}) {
  const code = callback.searchParams.get('code') ?? ''
  return token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...changes })
}

function refresh(refreshToken: string) {
  return token({ grant_type: 'refresh_token', refresh_token: refreshToken })
}

async function tokensOf(email: string) {
  const { callback, verifier } = await connect(email)
  return (await exchange(callback, verifier)).body
}

function freeBusy(token: string, timeMin = '2026-12-01T00:00:00Z', timeMax = '2026-12-02T00:00:00Z', ids = ['primary']) {
  return call(token, 'POST', 'freeBusy', { timeMin, timeMax, items: ids.map((id) => ({ id })) })
}

function insert(token: string, event: object, query = '?sendUpdates=all') {
  return call(token, 'POST', `calendars/primary/events${query}`, event)
}

function get(token: string, path: string) {
  return call(token, 'GET', path)
}

function call(token: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const sent = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } } : { headers }
  const init = { method, ...sent, headers: { ...sent.headers, authorization: `Bearer ${token}` } }
  return answer(fetch(`${google.url}/calendar/v3/${path}`, init))
}

async function answer(sent: Promise<Response>) {
  const reply = await sent
  const text = await reply.text()
  return { status: reply.status, body: text === '' ? null : JSON.parse(text) }
}
