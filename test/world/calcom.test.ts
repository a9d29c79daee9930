import { createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startCalcom } from './calcom/index.ts'

const redirectUri = 'http://localhost:8000/api/calcom/oauth'
const everything = 'PROFILE_READ EVENT_TYPE_READ BOOKING_READ BOOKING_WRITE WEBHOOK_READ WEBHOOK_WRITE'
const versions = { slots: '2024-09-04', bookings: '2024-08-13', 'event-types': '2024-06-14' }
const NOW = new Date('2026-11-29T23:00:00Z')
const ada = 'ada@example.com'
const bob = 'bob@example.com'

const calcom = await startCalcom({ redirectUri, now: () => NOW })
t.teardown(calcom.stop)
calcom.setRate(100_000)
calcom.addPerson({ name: 'Ada', email: ada, timeZone: 'Europe/Berlin' })
calcom.addPerson({ name: 'Bob', email: bob, timeZone: 'America/Chicago' })
const [adas] = calcom.eventTypes(ada)
const usual = adas?.id ?? 0
const key = calcom.keyFor(ada)

t.test('a sign-in ends at our callback with code and state, and the code becomes tokens once', async (t) => {
  const { callback, verifier } = await connect(ada)
  t.equal(callback.origin + callback.pathname, redirectUri)
  t.equal(callback.searchParams.get('state'), 'the state')
  t.notOk(callback.searchParams.has('iss'))
  const first = await exchange(callback, verifier)
  t.equal(first.status, 200)
  t.same(Object.keys(first.body), ['access_token', 'token_type', 'refresh_token', 'expires_in'], 'no scope, no id_token')
  t.has(first.body, { token_type: 'bearer', expires_in: 1800 })
  t.match(
    calcom.ledger.findLast(({ path }) => path.endsWith('/token')),
    { account: ada, status: 200 },
  )
  t.match((await get(first.body.access_token, 'me')).body, {
    status: 'success',
    data: { email: ada, name: 'Ada', timeZone: 'Europe/Berlin' },
  })
  t.same(await exchange(callback, verifier), refusedToken('invalid_grant', 'code_invalid_or_expired'))
  const asForm = await connect(ada)
  t.match(await exchange(asForm.callback, asForm.verifier, {}, 'form'), { status: 200 })
})

t.test('the token endpoint refuses a wrong secret, a wrong, missing or unasked verifier, and every field too much', async (t) => {
  const { callback, verifier } = await connect(ada)
  t.same(await exchange(callback, verifier, { client_secret: 'wrong' }), {
    status: 401,
    body: { error: 'invalid_client', error_description: 'invalid_client_credentials' },
  })
  t.match(await exchange(callback, verifier, { client_id: 'wrong' }), { status: 401, body: { error: 'invalid_client' } })
  t.match(await exchange(callback, verifier, { scope: 'PROFILE_READ' }), { status: 400, body: { error: 'invalid_request' } })
  t.match(await exchange(callback, verifier, { grant_type: 'password' }), { status: 400, body: { error: 'invalid_request' } })
  t.match(await exchange(callback, verifier), { status: 200 }, 'none of these used the code up')
  const wrong = await connect(ada)
  t.same(await exchange(wrong.callback, verifier), refusedToken('invalid_grant', 'pkce_verification_failed'))
  const missing = await connect(ada)
  t.match(await exchange(missing.callback, null), { status: 400, body: { error: 'invalid_request' } })
  const elsewhere = await connect(ada)
  t.match(await exchange(elsewhere.callback, elsewhere.verifier, { redirect_uri: 'http://localhost:9/' }), { status: 400 })
  const without = await connect(ada, { code_challenge: null, code_challenge_method: null })
  t.match(await exchange(without.callback, null), { status: 200 }, 'who sent no challenge needs no verifier')
})

t.test('a refresh token works once, and takes no verifier', async (t) => {
  const { refresh_token } = await tokensOf(ada)
  t.match(await token({ grant_type: 'refresh_token', refresh_token, code_verifier: 'x' }), {
    status: 400,
    body: { error: 'invalid_request' },
  })
  const renewed = await refresh(refresh_token)
  t.equal(renewed.status, 200)
  t.not(renewed.body.refresh_token, refresh_token)
  t.same(await refresh(refresh_token), refusedToken('invalid_grant', 'refresh_token_already_used'))
  t.match(await refresh(renewed.body.refresh_token), { status: 200 })
  t.same(await refresh('unknown'), refusedToken('invalid_grant', 'invalid_refresh_token'))
})

t.test('an authorization request that is not ours stays on the page; another wrong one comes back with its error', async (t) => {
  await t.rejects(calcom.signIn(authorizationUrl({ redirect_uri: 'http://localhost:9/elsewhere' }), ada), /400.*redirect_uri/)
  await t.rejects(calcom.signIn(authorizationUrl({ client_id: 'other' }), ada), /401.*invalid_client/)
  const error = async (changes: Record<string, string | null>) =>
    (await calcom.signIn(authorizationUrl(changes), ada)).searchParams.get('error')
  t.equal(await error({ scope: 'PROFILE_READ EVERYTHING' }), 'invalid_scope')
  t.equal(await error({ scope: null }), 'invalid_scope')
  t.equal(await error({ response_type: 'token' }), 'unsupported_response_type')
  t.equal(await error({ code_challenge_method: 'plain' }), 'invalid_request')
  const denied = await calcom.signIn(authorizationUrl(), ada, { deny: true })
  t.has(Object.fromEntries(denied.searchParams), { error: 'access_denied', state: 'the state' })
  t.throws(() => calcom.signIn(authorizationUrl(), ada, { scopes: ['PROFILE_READ'] }), /no boxes/)
})

t.test('a scope that is missing, and a bearer that is unknown, expired or revoked, are refused in the envelope', async (t) => {
  const { callback, verifier } = await connect(ada, { scope: 'PROFILE_READ' })
  const { access_token } = (await exchange(callback, verifier)).body
  t.match(await get(access_token, 'me'), { status: 200 })
  const refused = await get(access_token, 'bookings')
  t.match(refused, { status: 403, body: { status: 'error', path: '/v2/bookings', error: { code: 'ForbiddenException' } } })
  t.match(refused.body.error.message, /^insufficient_scope: /)
  for (const path of ['event-types', 'webhooks']) t.match(await get(access_token, path), { status: 403 })
  t.match(await post(access_token, 'bookings', order('2026-12-01T09:00:00Z')), { status: 403 })

  const bad = { status: 401, body: { status: 'error', error: { code: 'UnauthorizedException', details: { statusCode: 401 } } } }
  t.match(await get('unknown', 'me'), bad)
  t.match(await get(null, 'me'), bad)
  t.match(await post('unknown', 'bookings', order('2026-12-01T09:00:00Z')), bad, 'booking is for everybody, a false name is not')
  const tokens = await tokensOf(bob)
  calcom.expireAccessTokens(bob)
  t.match(await get(tokens.access_token, 'me'), bad)
  const renewed = await refresh(tokens.refresh_token)
  t.match(await get(renewed.body.access_token, 'me'), { status: 200 })
  calcom.revokeGrants(bob)
  t.match(await get(renewed.body.access_token, 'me'), bad)
  t.match(await refresh(renewed.body.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('an API key opens everything of its owner until she removes it; a revoked grant leaves it alone', async (t) => {
  const made = calcom.keyFor(bob)
  t.match(made, /^cal_[a-z_]*[0-9a-f]{32}$/)
  calcom.revokeGrants(bob)
  for (const path of ['me', 'event-types', 'bookings', 'webhooks']) t.match(await get(made, path), { status: 200 }, path)
  calcom.revokeKeys(bob)
  t.match(await get(made, 'me'), { status: 401 })
})

t.test('each credential has its requests of a minute, and is shut out for one when it asks for more', async (t) => {
  calcom.setRate(null)
  const made = calcom.keyFor(bob)
  const limit = async (bearer: string | null) => (await get(bearer, 'slots')).headers.get('x-ratelimit-limit-default')
  t.same([await limit(made), await limit(await calcom.tokenFor(bob)), await limit(null)], ['120', '500', '120'])
  calcom.setRate(2)
  const first = await get(made, 'me')
  t.equal(first.headers.get('x-ratelimit-remaining-default'), '1')
  t.equal(first.headers.get('x-ratelimit-reset-default'), '60')
  t.equal(first.headers.get('retry-after'), null)
  await get(made, 'me')
  const third = await get(made, 'me')
  t.match(third, { status: 429, body: { status: 'error', error: { code: 'ThrottlerException' } } })
  t.equal(third.headers.get('retry-after'), '60')
  t.match(await get(key, 'me'), { status: 200 }, 'another credential is none of its business')
  calcom.setRate(100_000)
})

t.test('a resource is not there in another version, nor without one', async (t) => {
  for (const path of ['slots', 'bookings', 'event-types'] as const) {
    const bare = { authorization: `Bearer ${key}` }
    const body = { error: { code: 'NotFoundException', message: `Cannot GET /v2/${path}` } }
    t.match(await call(null, 'GET', path, undefined, bare), { status: 404, body }, 'none')
    t.match(await call(null, 'GET', path, undefined, { ...bare, 'cal-api-version': '2024-01-01' }), { status: 404, body }, 'another')
  }
  t.match(await call(null, 'POST', 'bookings', {}, {}), { status: 404, body: { error: { message: 'Cannot POST /v2/bookings' } } })
})

t.test("event types are the caller's, hidden ones too; of a named host everybody sees the public ones", async (t) => {
  const hidden = calcom.addEventType(ada, { title: 'Long', slug: 'long', minutes: 60, lengths: [30, 60], hidden: true, confirmation: true })
  const { body } = await get(key, 'event-types')
  t.match(body.data, [
    { id: usual, title: '30 Min Meeting', slug: '30min', lengthInMinutes: 30, hidden: false, slotInterval: null, price: 0 },
    { id: hidden, lengthInMinutes: 60, lengthInMinutesOptions: [30, 60], hidden: true, confirmationPolicy: { type: 'always' } },
  ])
  const { username } = (await get(key, 'me')).body.data
  t.same(ids(await get(null, `event-types?username=${username}`)), [usual])
  t.same(ids(await get(null, `event-types?username=nobody`)), [])
  t.match(await get(null, 'event-types'), { status: 401 })
  t.match(await get(key, `event-types/${hidden}`), { status: 200, body: { data: { slug: 'long' } } })
  t.match(await get(calcom.keyFor(bob), `event-types/${hidden}`), { status: 404 })
  t.match(await get(key, 'event-types/1'), { status: 404 })
  t.match(await get(key, 'event-types?limit=3'), { status: 400 })
  calcom.removeEventType(ada, hidden)
  t.match(await get(key, `event-types/${hidden}`), { status: 404 })
})

t.test('what cannot be booked like that says so about itself', async (t) => {
  const odd = {
    seats: { seats: 4 },
    series: { recurring: true },
    paid: { price: 1000 },
    verified: { emailVerification: true },
    phone: { emailRequired: false },
    asks: { requiredField: 'pet' },
    soon: { windowDays: 3, minimumBookingNotice: 60, buffers: { before: 5, after: 10 } },
  }
  for (const [slug, more] of Object.entries(odd)) calcom.addEventType(bob, { title: slug, slug, minutes: 30, ...more })
  const { status, body } = await get(calcom.keyFor(bob), 'event-types')
  t.equal(status, 200)
  const by = (slug: string) => body.data.find((one: { slug: string }) => one.slug === slug)
  t.match(by('seats'), { seats: { seatsPerTimeSlot: 4 }, seatsPerTimeSlot: 4 })
  t.same(by('30min').seats, { disabled: true })
  t.match(by('series').recurrence, { frequency: 'weekly' })
  t.match(by('paid'), { price: 1000 })
  t.match(by('verified'), { requiresBookerEmailVerification: true })
  const required = (slug: string) =>
    by(slug).bookingFields.flatMap((one: { slug: string; required: boolean }) => (one.required ? [one.slug] : []))
  t.same(required('phone'), ['name', 'attendeePhoneNumber'])
  t.same(required('asks'), ['name', 'email', 'pet'])
  t.match(by('soon'), { minimumBookingNotice: 60, beforeEventBuffer: 5, afterEventBuffer: 10, bookingWindow: [{ value: 3 }] })
  for (const slug of ['seats', 'series', 'paid', 'verified']) {
    t.match(await post(null, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: by(slug).id })), { status: 400 }, slug)
  }
})

t.test('slots lie in the hours of the host, free of bookings and of what her calendars hold', async (t) => {
  const { email, id, bearer } = host('cy', 'Europe/Berlin')
  const nine = [{ from: '09:00', to: '12:00' }]
  calcom.setSchedule(email, { days: [nine, nine, nine, nine, nine, [], []] })
  const at = (hour: number, minute = 0) => new Date(Date.UTC(2026, 11, 1, hour, minute))
  calcom.addEvent(email, { subject: 'meeting', startsAt: at(8, 30), endsAt: at(9) })
  calcom.addEvent(email, { subject: 'free', startsAt: at(9), endsAt: at(10), showAs: 'free' })
  calcom.addEvent(email, { subject: 'cancelled', startsAt: at(9), endsAt: at(10), cancelled: true })
  calcom.addEvent(email, { subject: 'declined', startsAt: at(9), endsAt: at(10), declined: true })
  calcom.addEvent(email, { subject: 'away', allDay: { from: '2026-12-02', to: '2026-12-03' } })
  const other = calcom.addEventType(email, { title: 'Other', slug: 'other', minutes: 30 })
  await post(bearer, 'bookings', order('2026-12-01T10:00:00Z', { eventTypeId: other }))
  const slots = (query: string) => get(null, `slots?eventTypeId=${id}&${query}`)
  const week = await slots('start=2026-12-01T00:00:00Z&end=2026-12-03T00:00:00Z&format=range&timeZone=Europe/Berlin')
  t.equal(week.status, 200)
  t.same(Object.keys(week.body.data), ['2026-12-01', '2026-12-03'], 'midnight brings the next day, and a full day has no key')
  t.same(week.body.data['2026-12-01'], [
    { start: '2026-12-01T09:00:00+01:00', end: '2026-12-01T09:30:00+01:00' },
    { start: '2026-12-01T10:00:00+01:00', end: '2026-12-01T10:30:00+01:00' },
    { start: '2026-12-01T10:30:00+01:00', end: '2026-12-01T11:00:00+01:00' },
    { start: '2026-12-01T11:30:00+01:00', end: '2026-12-01T12:00:00+01:00' },
  ])
  const times = async (query: string) =>
    Object.values((await slots(query)).body.data)
      .flat()
      .map((one) => (one as { start: string }).start.slice(11, 16))
  const tuesday = 'start=2026-12-01T08:00:00Z&end=2026-12-01T11:00:00Z'
  t.same(await times(tuesday), ['08:00', '09:00', '09:30', '10:30'])
  t.same(await times(`${tuesday}&duration=90`), [], 'any length is believed, and counted from the start of the opening')
  calcom.changeEventType(email, id, { slotInterval: 15, buffers: { before: 15, after: 0 } })
  t.same(await times(tuesday), ['08:00', '09:15', '09:30'])
  calcom.changeEventType(email, id, { slotInterval: null, buffers: { before: 0, after: 0 } })
  t.same(await times('start=2026-12-01T08:15:00Z&end=2026-12-01T09:45:00Z'), ['09:00'], 'as a whole within the range')
  t.match(
    (await slots('start=2026-12-01&end=2026-12-01')).body.data,
    { '2026-12-01': [{ start: '2026-12-01T08:00:00.000Z' }] },
    'dates alone',
  )
})

t.test('slots keep notice and window, and a booking on the move is not in its own way', async (t) => {
  const { id, email, bearer } = host('dee', 'UTC')
  const starts = async (from: string, to: string, more = '') =>
    Object.values((await get(null, `slots?eventTypeId=${id}&start=${from}&end=${to}${more}`)).body.data)
      .flat()
      .map((one) => (one as { start: string }).start)
  calcom.changeEventType(email, id, { minimumBookingNotice: 45, windowDays: 1 })
  t.same(await starts('2026-11-29T22:00:00Z', '2026-11-30T00:59:00Z'), ['2026-11-30T00:00:00.000Z'])
  t.same(await starts('2026-11-30T23:00:00Z', '2026-12-01T09:00:00Z'), ['2026-11-30T23:00:00.000Z', '2026-11-30T23:30:00.000Z'])
  const { body } = await post(bearer, 'bookings', order('2026-11-30T10:00:00Z', { eventTypeId: id }))
  const hour = ['2026-11-30T10:00:00Z', '2026-11-30T11:00:00Z'] as const
  t.same(await starts(...hour), ['2026-11-30T10:30:00.000Z'])
  t.same(await starts(...hour, `&bookingUidToReschedule=${body.data.uid}`), ['2026-11-30T10:00:00.000Z', '2026-11-30T10:30:00.000Z'])
})

t.test('a question for slots that makes no sense is refused', async (t) => {
  const range = (start: string, end: string) => get(null, `slots?eventTypeId=${usual}&start=${start}&end=${end}`)
  const backwards = await range('2026-12-02T09:00:00Z', '2026-12-01T09:00:00Z')
  t.equal(backwards.status, 400)
  t.equal(backwards.body.error.message, "Invalid time range given - check the 'start' and 'end' query parameters.")
  t.match(await range('2026-12-01T09:00:00', '2026-12-02T09:00:00Z'), { status: 400 }, 'a local time')
  t.match(await get(null, 'slots?eventTypeId=1&start=2026-12-01&end=2026-12-01'), { status: 404 })
  t.match(await get(null, 'slots?start=2026-12-01&end=2026-12-01'), { status: 400 })
  t.match(await get(null, `slots?eventTypeId=${usual}&start=2026-12-01&end=2026-12-01&zone=UTC`), { status: 400 })
})

t.test('a booking keeps what was sent, tells its guests, and is found again', async (t) => {
  const { id, email, bearer } = host('eve', 'Europe/Berlin')
  const sent = order('2026-12-01T09:30:00Z', {
    eventTypeId: id,
    guests: ['friend@example.com'],
    bookingFieldsResponses: { notes: 'Wants to see it' },
    metadata: { bookingId: 'b1' },
  })
  const { status, body } = await post(bearer, 'bookings', sent)
  t.equal(status, 201)
  const { uid } = body.data
  t.match(uid, /^[1-9A-HJ-NP-Za-km-z]{22}$/)
  t.has(body.data, {
    title: '30 Min Meeting between eve and Kim Lee',
    description: 'Wants to see it',
    status: 'accepted',
    start: '2026-12-01T09:30:00.000Z',
    end: '2026-12-01T10:00:00.000Z',
    duration: 30,
    eventType: { id, slug: '30min' },
    metadata: { bookingId: 'b1' },
    guests: ['friend@example.com'],
    absentHost: false,
  })
  t.match(body.data.attendees, [{ name: 'Kim Lee', email: 'kim@example.com', timeZone: 'America/Chicago', absent: false }])
  const startsAt = new Date('2026-12-01T09:30:00Z')
  const [seen] = calcom.events(email, String(id))
  t.has(seen, {
    id: uid,
    status: 'confirmed',
    invitationsSent: true,
    properties: { bookingId: 'b1' },
    description: 'Wants to see it',
    startsAt,
  })
  t.same(seen?.told, [
    { email: 'kim@example.com', what: 'invited', startsAt },
    { email: 'friend@example.com', what: 'invited', startsAt },
  ])
  t.same((await get(bearer, `bookings/${uid}`)).body, body)
  t.match(await get(key, `bookings/${uid}`), { status: 404 }, "somebody else's is not found")
  t.match(await get(bearer, 'bookings/unknown'), { status: 404 })
  t.match(await get(null, `bookings/${uid}`), { status: 401 })
  const again = await post(bearer, 'bookings', { ...sent, start: '2026-12-01T11:00:00Z' })
  t.not(again.body.data.uid, uid, 'the same wish at another time is another booking')
})

t.test('a booking is refused with the reason that comes first', async (t) => {
  const { id, email, bearer } = host('fay', 'UTC')
  const message = async (changes: object, bearerOf: string | null = bearer) => {
    const { status, body } = await post(bearerOf, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id, ...changes }))
    t.match(body, { status: 'error', path: '/v2/bookings', error: { details: { statusCode: status } } })
    return `${status} ${body.error.message}`
  }
  const attendee = { name: 'Kim', timeZone: 'UTC', phoneNumber: '+15551234567' }
  const taken = '400 User either already has booking at this time or is not available'
  t.equal(await message({ eventTypeId: 1 }), '404 Event type with id 1 not found.')
  t.equal(await message({ attendee, start: '2026-01-01T09:00:00Z' }), '400 responses - {email}email_validation_error')
  t.match(await message({ lengthInMinutes: 30 }), /^400 Can't specify 'lengthInMinutes' because event type does not have multiple/)
  t.equal(await message({ start: '2026-11-29T22:00:00Z' }), '400 Attempting to book a meeting in the past.')
  calcom.changeEventType(email, id, { minimumBookingNotice: 120, windowDays: 7, lengths: [15, 30], requiredField: 'pet' })
  t.match(await message({}), /^400 Missing required booking field response: pet - it is required by the event type booking fields, /)
  const bookingFieldsResponses = { pet: 'cat' }
  const possible = 'The possible lengths are: 15, 30'
  const length = `400 Provided 'lengthInMinutes' is not one of the possible lengths for the event type. ${possible}`
  t.equal(await message({ bookingFieldsResponses, lengthInMinutes: 45 }), length)
  const outOfBounds = /^400 The event type can't be booked at the "start" time provided\. /
  t.match(await message({ bookingFieldsResponses, start: '2026-11-30T00:30:00Z' }), outOfBounds)
  t.match(await message({ bookingFieldsResponses, start: '2026-12-07T00:00:00Z' }), outOfBounds)
  calcom.changeEventType(email, id, { minimumBookingNotice: 0, windowDays: null, requiredField: null })
  calcom.addEvent(email, { subject: 'dentist', startsAt: new Date('2026-12-01T09:15:00Z'), endsAt: new Date('2026-12-01T10:00:00Z') })
  t.equal(await message({}), taken)
  t.match(await post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id, lengthInMinutes: 15 })), { status: 201 })
  t.equal(await message({ lengthInMinutes: 15 }), taken)
  calcom.setSchedule(email, { days: [[], [{ from: '09:00', to: '17:00' }], [], [], [], [], []] })
  t.equal(await message({ start: '2026-12-02T09:00:00Z' }), taken)
  t.equal(await message({ start: '2026-12-01T16:45:00Z' }), taken)
  // Each of these would be refused at that time as well: the reason tells them apart.
  const metadata = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'x']))
  t.match(await message({ metadata }), /^400 .*at most 50 keys/)
  t.match(await message({ metadata: { ['k'.repeat(41)]: 'x' } }), /^400 .*key in record/)
  t.match(await message({ metadata: { key: 'x'.repeat(501) } }), /^400 .*at most 500 characters/)
  t.match(await message({ subject: 'x' }), /^400 .*(additional|Unrecognized)/, 'an unknown name')
  t.match(await message({ attendee: { ...attendee, mail: 'x' } }), /^400 .*(additional|Unrecognized)/, 'deeper down, too')
  t.match(await message({ attendee: { ...attendee, phoneNumber: '5551234567' } }), /^400 .*phoneNumber must be/)
  t.match(await message({ attendee: { ...attendee, timeZone: 'Central' } }), /^400 .*timeZone must be/)
  t.match(await message({ start: '2026-12-01T13:00:00+01:00' }), /^400 .*Invalid ISO datetime/, 'not in UTC')
  t.match(await message({ start: '2026-12-01T13:00:00' }), /^400 .*Invalid ISO datetime/)
  t.match(await message({ attendee: { name: 'Kim' } }, null), /^400 .*timeZone/s, 'nor from nobody in particular')
  t.match(await message({ location: { type: 'phone' } }), /^400 .*location/s, 'a place that the event type does not have')
})

t.test('of two at once for one time one is booked, and midnight between two open days is no end', async (t) => {
  const { id, bearer } = host('gil', 'America/Chicago')
  const both = await Promise.all([1, 2].map(() => post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id }))))
  t.same(both.map(({ status }) => status).sort(), [201, 400])
  t.match(await post(bearer, 'bookings', order('2026-12-02T05:45:00Z', { eventTypeId: id })), { status: 201 })
})

t.test('where no e-mail address is asked for, a phone number is, and nobody is mailed', async (t) => {
  const { email, bearer, id } = host('hal', 'UTC')
  calcom.changeEventType(email, id, { emailRequired: false })
  const attendee = { name: 'Kim', timeZone: 'UTC' }
  const ask = (more: object) =>
    post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id, attendee: { ...attendee, ...more } }))
  t.match(await ask({}), { status: 400, body: { error: { message: 'responses - {attendeePhoneNumber}error_required_field' } } })
  const { status, body } = await ask({ phoneNumber: '+15551234567' })
  t.equal(status, 201)
  t.match(body.data.attendees, [{ email: '15551234567@sms.cal.com', phoneNumber: '+15551234567' }])
  t.same(calcom.events(email)[0]?.told, [])
  const added = await post(bearer, `bookings/${body.data.uid}/attendees`, { name: 'Lou', email: 'lou@example.com', timeZone: 'UTC' })
  t.match(added, { status: 201, body: { data: { email: 'lou@example.com', bookingId: body.data.id } } })
  t.match(calcom.events(email)[0]?.told, [{ email: 'lou@example.com', what: 'invited' }])
  t.match(await post(bearer, `bookings/${body.data.uid}/attendees`, { name: 'Lou', timeZone: 'UTC' }), { status: 400 })
})

t.test('rescheduling makes a new booking of the usual length, and ends the old one', async (t) => {
  const { email, id, bearer } = host('ivy', 'UTC')
  calcom.changeEventType(email, id, { lengths: [30, 60] })
  const sent = order('2026-12-01T09:00:00Z', { eventTypeId: id, lengthInMinutes: 60, metadata: { bookingId: 'b1' } })
  const first = (await post(bearer, 'bookings', sent)).body.data
  t.equal(first.duration, 60)
  const move = (uid: string, start: string, more = {}) => post(bearer, `bookings/${uid}/reschedule`, { start, ...more })
  const { status, body } = await move(first.uid, '2026-12-01T09:30:00Z', { reschedulingReason: 'asked on the phone' })
  t.equal(status, 201, 'its own old time is not in its way')
  const { uid } = body.data
  t.has(body.data, {
    rescheduledFromUid: first.uid,
    reschedulingReason: 'asked on the phone',
    start: '2026-12-01T09:30:00.000Z',
    duration: 30,
    metadata: { bookingId: 'b1' },
    status: 'accepted',
  })
  t.not(body.data.id, first.id)
  t.match((await get(bearer, `bookings/${first.uid}`)).body.data, { status: 'cancelled', rescheduledToUid: uid })
  t.same(
    calcom.events(email).map(({ id, status, told }) => [id, status, told.map(({ what }) => what)]),
    [
      [first.uid, 'cancelled', []],
      [uid, 'confirmed', ['invited', 'changed']],
    ],
  )
  const again = await move(first.uid, '2026-12-01T12:00:00Z')
  t.equal(again.status, 400)
  const why = `because it has been cancelled and rescheduled already to booking with uid=${uid}.`
  t.ok(again.body.error.message.startsWith(`Can't reschedule booking with uid=${first.uid} ${why} `))
  t.match(await move('unknown', '2026-12-01T12:00:00Z'), { status: 404 })
  t.match(await move(uid, '2026-12-01T12:00:00Z', { end: 'x' }), { status: 400 })
  await post(bearer, 'bookings', order('2026-12-01T12:00:00Z', { eventTypeId: id }))
  const taken = 'User either already has booking at this time or is not available'
  t.match(await move(uid, '2026-12-01T12:15:00Z'), { status: 400, body: { error: { message: taken } } })
  t.match(await move(uid, '2026-11-29T12:00:00Z'), {
    status: 400,
    body: { error: { message: 'Attempting to book a meeting in the past.' } },
  })
  t.match(await post(key, `bookings/${uid}/reschedule`, { start: '2026-12-01T15:00:00Z' }), { status: 404 }, "somebody else's")
  await post(bearer, `bookings/${uid}/cancel`, {})
  const cancelled = await move(uid, '2026-12-01T15:00:00Z')
  t.ok(cancelled.body.error.message.startsWith(`Can't reschedule booking with uid=${uid} because it has been cancelled. `))
})

t.test('a cancelled booking gives its time back, stays in sight and is not cancelled again', async (t) => {
  const { email, id, bearer } = host('jon', 'UTC')
  const { uid } = (await post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id }))).body.data
  const cancel = (by = bearer) => post(by, `bookings/${uid}/cancel`, { cancellationReason: 'ill' })
  t.match(await cancel(key), { status: 404 }, "somebody else's")
  t.match(await cancel(), { status: 200, body: { data: { uid, status: 'cancelled', cancellationReason: 'ill' } } })
  t.match(await cancel(), { status: 400, body: { error: { message: 'This booking has already been cancelled.' } } })
  t.match(await post(bearer, 'bookings/unknown/cancel', {}), { status: 404 })
  t.match(await post(bearer, `bookings/${uid}/cancel`, { reason: 'x' }), { status: 400 })
  t.match((await get(bearer, `bookings/${uid}`)).body.data, { status: 'cancelled' })
  t.match(calcom.events(email)[0]?.told, [{ what: 'invited' }, { what: 'cancelled' }])
  t.match(await post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id })), { status: 201 })
})

t.test("the list is the caller's own, filtered, sorted and cut into pages", async (t) => {
  const { email, id, bearer } = host('kay', 'UTC')
  const other = calcom.addEventType(email, { title: 'Asks first', slug: 'asks', minutes: 30, confirmation: true })
  const at = (day: number, eventTypeId = id) =>
    calcom.book(email, { eventTypeId, startsAt: new Date(Date.UTC(2026, 11, day, 9)), name: 'Kim', email: `kim${day}@example.com` })
  const [third, first, second, waiting] = [at(3), at(1), at(2), at(4, other)]
  calcom.deleteEvent(email, second)
  const list = async (query: string) => (await get(bearer, `bookings?${query}`)).body
  const uids = async (query: string) => (await list(query)).data.map(({ uid }: { uid: string }) => uid)
  t.same(await uids(''), [first, second, third, waiting])
  t.same(await uids('status=upcoming'), [first, third])
  t.same(await uids('status=upcoming,unconfirmed'), [first, third, waiting])
  t.same(await uids('status=cancelled'), [second])
  t.same(await uids('status=past,recurring'), [])
  t.same(await uids('sortStart=desc'), [waiting, third, second, first])
  t.same(await uids(`eventTypeId=${other}`), [waiting])
  t.same(await uids('attendeeEmail=kim3@example.com'), [third])
  t.same(await uids('afterStart=2026-12-02T09:00:00Z&beforeEnd=2026-12-03T09:30:00Z'), [second, third])
  t.same(await uids('afterUpdatedAt=2026-11-29T23:00:01Z'), [])
  t.same(await uids(`bookingUid=${first}`), [first])
  const page = await list('take=2&skip=2')
  t.same(page.pagination, {
    totalItems: 4,
    remainingItems: 0,
    returnedItems: 2,
    itemsPerPage: 2,
    currentPage: 2,
    totalPages: 2,
    hasNextPage: false,
    hasPreviousPage: true,
  })
  calcom.setPageSize(1)
  t.has((await list('take=100')).pagination, { returnedItems: 1, itemsPerPage: 1, totalPages: 4, hasNextPage: true })
  calcom.setPageSize(Number.POSITIVE_INFINITY)
  for (const query of ['take=251', 'status=accepted', 'afterStart=tomorrow', 'limit=3']) {
    t.match(await get(bearer, `bookings?${query}`), { status: 400 }, query)
  }
  t.same((await get(calcom.keyFor(bob), `bookings?bookingUid=${first}`)).body.data, [])
})

t.test('webhooks are made, listed and removed by their owner, and one address has one', async (t) => {
  const { bearer } = host('lea', 'UTC')
  const hook = { subscriberUrl: 'http://localhost:9/hook', triggers: ['BOOKING_CREATED'], active: true, secret: 's3cret' }
  const { status, body } = await post(bearer, 'webhooks', hook)
  t.equal(status, 201)
  t.has(body.data, hook)
  t.match(await post(bearer, 'webhooks', hook), { status: 409, body: { error: { code: 'ConflictException' } } })
  t.match(await post(key, 'webhooks', { ...hook, triggers: [] }), { status: 400 })
  t.match(await post(key, 'webhooks', { ...hook, url: 'x' }), { status: 400 })
  t.match(await post(key, 'webhooks', { ...hook, subscriberUrl: 'nowhere' }), { status: 400 })
  const { id } = body.data
  t.same(ids(await get(bearer, 'webhooks')), [id])
  t.match(await get(bearer, `webhooks/${id}`), { status: 200, body: { data: { id } } })
  t.match(await get(key, `webhooks/${id}`), { status: 404 })
  t.match(await call(key, 'DELETE', `webhooks/${id}`), { status: 404 })
  t.match(await call(bearer, 'DELETE', `webhooks/${id}`), { status: 200, body: { data: { id } } })
  t.match(await call(bearer, 'DELETE', `webhooks/${id}`), { status: 404 })

  const strict = await startCalcom({ redirectUri, allowPrivateHooks: false })
  t.teardown(strict.stop)
  strict.addPerson({ name: 'Ada', email: ada, timeZone: 'UTC' })
  const create = (subscriberUrl: string) =>
    fetch(`${strict.url}/v2/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${strict.keyFor(ada)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...hook, subscriberUrl }),
    })
  for (const address of ['http://localhost:9/', 'https://10.1.2.3/', 'https://172.20.0.1/', 'http://[::1]/']) {
    t.equal((await create(address)).status, 400, address)
  }
  t.equal((await create('https://calendar.example.com/hook')).status, 201)
})

t.test('a webhook hears what happens to bookings, signed, whoever did it', async (t) => {
  const { email, id, bearer } = host('mia', 'UTC')
  const asks = calcom.addEventType(email, { title: 'Asks first', slug: 'asks', minutes: 30, confirmation: true })
  const { heard, url } = await listener(t)
  const triggers = ['BOOKING_CREATED', 'BOOKING_REQUESTED', 'BOOKING_RESCHEDULED', 'BOOKING_CANCELLED', 'BOOKING_REJECTED']
  await post(bearer, 'webhooks', { subscriberUrl: url, triggers, active: true, secret: 's3cret' })
  const news = async () => {
    await calcom.hooks.settled()
    return heard.splice(0).map(({ body }) => JSON.parse(body))
  }
  const made = (await post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id, metadata: { bookingId: 'b1' } }))).body.data
  await calcom.hooks.settled()
  const [message] = heard
  t.equal(
    message?.headers['x-cal-signature-256'],
    createHmac('sha256', 's3cret')
      .update(message?.body ?? '')
      .digest('hex'),
  )
  t.equal(message?.headers['x-cal-webhook-version'], '2021-10-20')
  t.match(await news(), [
    {
      triggerEvent: 'BOOKING_CREATED',
      createdAt: NOW.toISOString(),
      payload: {
        uid: made.uid,
        bookingId: made.id,
        startTime: made.start,
        endTime: made.end,
        status: 'ACCEPTED',
        metadata: { bookingId: 'b1' },
      },
    },
  ])
  const moved = calcom.moveEvent(email, made.uid, { startsAt: new Date('2026-12-01T10:00:00Z'), endsAt: new Date('2026-12-01T10:45:00Z') })
  t.not(moved, made.uid, 'her own dragging makes a new one, too')
  t.match(await news(), [{ triggerEvent: 'BOOKING_RESCHEDULED', payload: { uid: moved, rescheduleUid: made.uid } }])
  t.match((await get(bearer, `bookings/${moved}`)).body.data, { duration: 45, rescheduledFromUid: made.uid })
  calcom.deleteEvent(email, moved)
  t.match(await news(), [{ triggerEvent: 'BOOKING_CANCELLED', payload: { uid: moved, status: 'CANCELLED' } }])

  const ask = (hour: number) =>
    calcom.book(email, { eventTypeId: asks, startsAt: new Date(Date.UTC(2026, 11, 2, hour)), name: 'Kim', email: 'kim@example.com' })
  const [yes, no] = [ask(9), ask(10)]
  t.match(await news(), [{ triggerEvent: 'BOOKING_REQUESTED', payload: { status: 'PENDING' } }, { triggerEvent: 'BOOKING_REQUESTED' }])
  t.match((await get(bearer, `bookings/${yes}`)).body.data, { status: 'pending' })
  t.match(await post(bearer, 'bookings', order('2026-12-02T09:00:00Z', { eventTypeId: id })), { status: 400 }, 'waiting takes the time')
  t.equal(calcom.events(email).find((one) => one.id === yes)?.status, 'tentative')
  calcom.confirm(email, yes)
  t.match(await news(), [{ triggerEvent: 'BOOKING_CREATED', payload: { uid: yes, status: 'ACCEPTED' } }])
  calcom.reject(email, no)
  t.match(await news(), [{ triggerEvent: 'BOOKING_REJECTED', payload: { uid: no, status: 'REJECTED' } }])
  t.throws(() => calcom.confirm(email, no), /does not wait/)
  const again = await post(bearer, `bookings/${yes}/reschedule`, { start: '2026-12-03T09:00:00Z', rescheduledBy: email })
  t.match(again.body.data, { status: 'accepted' }, 'the host need not confirm herself')
  t.match(await news(), [{ triggerEvent: 'BOOKING_RESCHEDULED' }])
  const waits = await post(bearer, `bookings/${again.body.data.uid}/reschedule`, { start: '2026-12-03T12:00:00Z' })
  t.match(waits.body.data, { status: 'pending' })
})

t.test('messages can be lost, doubled and held back, and keep nobody waiting', async (t) => {
  const { email, bearer } = host('noa', 'UTC')
  const { heard, url } = await listener(t)
  await post(bearer, 'webhooks', { subscriberUrl: url, triggers: ['BOOKING_CREATED'], active: true })
  await post(bearer, 'webhooks', { subscriberUrl: `${url}off`, triggers: ['BOOKING_CREATED'], active: false })
  const at = (hour: number) =>
    calcom.book(email, { startsAt: new Date(Date.UTC(2026, 11, 1, hour)), name: 'Kim', email: 'kim@example.com' })
  const count = async () => {
    await calcom.hooks.settled()
    return heard.splice(0).length
  }
  calcom.hooks.lose()
  at(8)
  t.equal(await count(), 0)
  calcom.hooks.double()
  at(9)
  t.equal(await count(), 2)
  calcom.hooks.hold()
  const uids = [at(10), at(11)]
  t.equal(await count(), 0)
  await calcom.hooks.release()
  t.same(
    heard.map(({ body }) => JSON.parse(body).payload.uid),
    uids,
  )
  t.equal(heard[0]?.headers['x-cal-signature-256'], 'no-secret-provided')
  const { body, headers, status } = calcom.hooks.deliveries.at(-1) ?? {}
  t.equal(status, 200)
  t.equal(heard[1]?.body, body, 'what was sent is on record')
  t.match(heard[1]?.headers, headers)
  t.equal(await count(), 2)
  calcom.deleteEvent(email, at(12))
  t.equal(await count(), 1, 'nothing that was not asked for')
})

t.test("events of connected calendars are moved, deleted and shown as at other vendors, a booking's time is taken", async (t) => {
  const { email, bearer, id } = host('ola', 'UTC')
  const at = (hour: number) => new Date(Date.UTC(2026, 11, 1, hour))
  const event = calcom.addEvent(email, { subject: 'dentist', startsAt: at(9), endsAt: at(10) })
  const slots = async () =>
    Object.keys((await get(null, `slots?eventTypeId=${id}&start=2026-12-01T09:00:00Z&end=2026-12-01T09:30:00Z`)).body.data)
  t.same(await slots(), [])
  calcom.showEventAs(email, event, 'free')
  t.same(await slots(), ['2026-12-01'])
  calcom.showEventAs(email, event, 'busy')
  t.equal(calcom.moveEvent(email, event, { startsAt: at(11), endsAt: at(12) }), event)
  t.same(await slots(), ['2026-12-01'])
  calcom.deleteEvent(email, event)
  t.match(calcom.events(email), [{ id: event, status: 'cancelled' }])
  const { uid } = (await post(bearer, 'bookings', order('2026-12-01T09:00:00Z', { eventTypeId: id }))).body.data
  t.throws(() => calcom.showEventAs(email, uid, 'free'), /takes its time/)
  t.throws(() => calcom.deleteEvent(bob, uid), /no event/)
  t.throws(() => calcom.events(email, 'unknown'), /no calendar/)
})

t.test('a fault reaches every endpoint in its own shape, and a lost answer still did its work', async (t) => {
  const { bearer, id } = host('pia', 'UTC')
  calcom.faults.add({ kind: 'status', status: 503, path: /token/ })
  t.match(await refresh('x'), { status: 503, body: { error: 'server_error' } })
  calcom.faults.add({ kind: 'status', status: 429, retryAfter: 3, path: /bookings/ })
  t.match(await get(bearer, 'bookings'), { status: 429, body: { status: 'error', error: { code: 'ThrottlerException' } } })
  calcom.faults.add({ kind: 'lost', method: 'POST', path: /bookings/ })
  const sent = order('2026-12-01T09:00:00Z', { eventTypeId: id, metadata: { bookingId: 'b1' } })
  await t.rejects(post(bearer, 'bookings', sent))
  t.match(await post(bearer, 'bookings', sent), { status: 400 })
  t.match((await get(bearer, 'bookings?attendeeEmail=kim@example.com')).body.data, [{ metadata: { bookingId: 'b1' } }])
  await calcom.down()
  await t.rejects(get(bearer, 'me'))
  await calcom.up()
  t.match(await get(bearer, 'me'), { status: 200 })
  t.match(await get(bearer, 'bookigns'), { status: 404, body: { status: 'error', error: { message: 'Cannot GET /v2/bookigns' } } })
})

t.test(
  'requests and answers are held against the published description',
  { skip: !calcom.published.present && 'the description is not at hand' },
  async (t) => {
    t.match((await get(key, 'me?wrong=1')).body.error.message, /not as published: query/)
    const unknown = await post(key, 'webhooks', { active: true, subscriberUrl: 'http://localhost:9/', triggers: ['BOOKING_LOST'] })
    t.match(unknown.body.error.message, /not as published: body .*allowed values/)
    const further = await post(key, 'bookings', order('2026-12-01T09:00:00Z', { subject: 'x' }))
    t.match(further.body.error.message, /not as published: body .*additional properties/)
    const { body } = await get(key, 'me')
    const violation = (answer: object) => calcom.published.answerViolation({ method: 'GET', url: '/v2/me' }, 200, answer)
    t.equal(violation(body), null)
    t.match(violation({ ...body, data: { ...body.data, id: 'x' } }), /^answer .*must be number/)
    t.equal(calcom.published.answerViolation({ method: 'GET', url: '/v2/me' }, 401, {}), null)
    const { email, bearer, id } = host('quinn', 'UTC')
    calcom.changeEventType(email, id, { minutes: Number.NaN })
    const printed = t.capture(console, 'error')
    t.match(await get(bearer, 'event-types'), { status: 500 }, 'an answer that Cal.com would never give')
    t.match(printed.args(), [[/does not answer as published/]])
  },
)

/** Somebody of her own, for a test that books. */
function host(name: string, timeZone: string) {
  const email = `${name}@example.com`
  calcom.addPerson({ name, email, timeZone })
  return { email, id: calcom.eventTypes(email)[0]?.id ?? 0, bearer: calcom.keyFor(email) }
}

/** Where webhooks lead to. */
async function listener(t: Pick<Test, 'teardown'>) {
  const heard: { headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, reply) => {
    heard.push({ headers: request.headers, body: await text(request) })
    reply.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { heard, url: `http://localhost:${(server.address() as AddressInfo).port}/` }
}

function order(start: string, changes: object = {}) {
  const attendee = { name: 'Kim Lee', email: 'kim@example.com', timeZone: 'America/Chicago' }
  return { eventTypeId: usual, start, attendee, ...changes }
}

function ids({ body }: { body: { data: { id: number }[] } }): number[] {
  return body.data.map(({ id }) => id)
}

function refusedToken(error: string, error_description: string) {
  return { status: 400, body: { error, error_description } }
}

function authorizationUrl(changes: Record<string, string | null> = {}, verifier = randomBytes(32).toString('base64url')): URL {
  const url = new URL(`${calcom.settings.CALCOM_APP_URL}/auth/oauth2/authorize`)
  const parameters = {
    response_type: 'code',
    client_id: calcom.clientId,
    redirect_uri: redirectUri,
    scope: everything,
    state: 'the state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value)
  return url
}

async function connect(email: string, changes: Record<string, string | null> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, callback: await calcom.signIn(authorizationUrl(changes, verifier), email) }
}

async function token(parameters: Record<string, string>, as: 'json' | 'form' = 'json') {
  const sent = { client_id: calcom.clientId, client_secret: calcom.clientSecret, ...parameters }
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(sent) }
  const init = as === 'json' ? json : { body: new URLSearchParams(sent) }
  const { status, body } = await answer(fetch(`${calcom.url}/v2/auth/oauth2/token`, { method: 'POST', ...init }))
  return { status, body }
}

function exchange(callback: URL, verifier: string | null, changes: Record<string, string> = {}, as: 'json' | 'form' = 'json') {
  const code = callback.searchParams.get('code') ?? ''
  const proof: Record<string, string> = verifier === null ? {} : { code_verifier: verifier }
  return token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...proof, ...changes }, as)
}

function refresh(refreshToken: string) {
  return token({ grant_type: 'refresh_token', refresh_token: refreshToken })
}

async function tokensOf(email: string) {
  const { callback, verifier } = await connect(email)
  return (await exchange(callback, verifier)).body
}

function get(bearer: string | null, path: string) {
  return call(bearer, 'GET', path)
}

function post(bearer: string | null, path: string, body: object) {
  return call(bearer, 'POST', path, body)
}

function call(bearer: string | null, method: string, path: string, body?: object, headers = versionOf(path)) {
  const who: Record<string, string> = bearer === null ? {} : { authorization: `Bearer ${bearer}` }
  const json: Record<string, string> = body ? { 'content-type': 'application/json' } : {}
  const init = { method, headers: { ...who, ...json, ...headers }, ...(body ? { body: JSON.stringify(body) } : {}) }
  return answer(fetch(`${calcom.url}/v2/${path}`, init))
}

function versionOf(path: string): Record<string, string> {
  const version = Object.entries(versions).find(([resource]) => path.startsWith(resource))?.[1]
  return version === undefined ? {} : { 'cal-api-version': version }
}

async function answer(sent: Promise<Response>) {
  const reply = await sent
  return { status: reply.status, headers: reply.headers, body: JSON.parse(await reply.text()) }
}
