import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { ConfidentialClientApplication } from '@azure/msal-node'
import t from 'tap'
import { startMicrosoft } from './microsoft/index.ts'
import type { SignIn } from './sign-in.ts'

const redirectUri = 'http://localhost:8000/calendar/auth/callback'
const property = 'String {8f0e6a5c-3a53-4f0e-9a3c-0c7b1d5f2e11} Name bookingId'
const ada = 'ada@example.com'
const bob = 'bob@example.com'
const utc = 'outlook.timezone="UTC", IdType="ImmutableId"'

const microsoft = await startMicrosoft({ redirectUri })
t.teardown(microsoft.stop)
const { id: adasId, calendars } = microsoft.addPerson({
  name: 'Ada',
  email: ada,
  timeZone: 'Europe/Berlin',
  calendars: [{ name: 'Calendar' }, { name: 'Holidays', writable: false }],
})
const [main, holidays] = calendars.map(({ id }) => id)
microsoft.addPerson({ name: 'Bob', email: bob, timeZone: 'America/Chicago' })

t.test('MSAL signs in over trusted https and refreshes; the account is oid and tid, not sub', async (t) => {
  const { host } = new URL(microsoft.url)
  const auth = {
    clientId: microsoft.clientId,
    clientSecret: microsoft.clientSecret,
    authority: `${microsoft.url}/common`,
    knownAuthorities: [host],
  }
  const msal = new ConfidentialClientApplication({ auth })
  const verifier = randomBytes(32).toString('base64url')
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url')
  const scopes = ['Calendars.ReadWrite', 'MailboxSettings.Read']
  const url = await msal.getAuthCodeUrl({
    scopes,
    redirectUri,
    state: 's1',
    codeChallenge,
    codeChallengeMethod: 'S256',
    prompt: 'select_account',
  })
  const callback = await microsoft.signIn(url, ada)
  t.equal(callback.searchParams.get('state'), 's1')
  t.notOk(callback.searchParams.get('iss'))
  const result = await msal.acquireTokenByCode({
    code: callback.searchParams.get('code') ?? '',
    codeVerifier: verifier,
    redirectUri,
    scopes,
  })
  t.equal(result.account?.localAccountId, adasId)
  t.equal(result.account?.homeAccountId, `${adasId}.${result.account?.tenantId}`)
  t.match(result.scopes, ['Calendars.ReadWrite', 'MailboxSettings.Read'])
  const [account] = await msal.getTokenCache().getAllAccounts()
  if (!account) throw new Error('MSAL kept no account')
  const renewed = await msal.acquireTokenSilent({ account, scopes, forceRefresh: true })
  t.not(renewed.accessToken, result.accessToken)
  t.match(await get(renewed.accessToken, 'me/calendars'), { status: 200 })
  t.match(
    microsoft.ledger.findLast(({ path }) => path.endsWith('/token')),
    { account: ada, body: { grant_type: 'refresh_token' } },
  )
})

t.test('a wrong verifier, a used code, a wrong secret and a foreign redirect address are refused', async (t) => {
  const { callback, verifier } = await connect(ada)
  t.match(await exchange(callback, randomBytes(32).toString('base64url')), {
    status: 400,
    body: { error: 'invalid_grant', error_codes: [501481] },
  })
  t.match(await exchange(callback, verifier, { client_secret: 'wrong' }), { status: 401, body: { error: 'invalid_client' } })
  t.match(await exchange(callback, verifier), { status: 200 })
  t.match(await exchange(callback, verifier), { status: 400, body: { error: 'invalid_grant', error_description: /^AADSTS54005/ } })
  await t.rejects(microsoft.signIn(authorizationUrl({ redirect_uri: 'http://localhost:9/x' }), ada), /400.*redirect_uri/)
  const unchallenged = await microsoft.signIn(authorizationUrl({ code_challenge: null, code_challenge_method: null }), ada)
  t.equal(unchallenged.searchParams.get('error'), 'invalid_request')
})

t.test('a person who says no is sent back with access_denied; a partial grant reaches only as far', async (t) => {
  const { callback } = await connect(ada, { deny: true })
  t.match([callback.searchParams.get('error'), callback.searchParams.get('state')], ['access_denied', 'the state'])
  const partial = await connect(ada, { scopes: ['MailboxSettings.Read'] })
  const { body } = await exchange(partial.callback, partial.verifier)
  t.notMatch(body.scope, 'Calendars')
  t.match(await get(body.access_token, 'me/calendars'), { status: 403, body: { error: { code: 'ErrorAccessDenied' } } })
})

t.test('refresh tokens rotate, the old one lives on unless rotation is strict, and a revoked grant is the end', async (t) => {
  const { refresh_token, access_token } = await tokensOf(ada)
  const renewed = await refresh(refresh_token)
  t.not(renewed.body.refresh_token, refresh_token)
  t.match(await refresh(refresh_token), { status: 200 })
  microsoft.expireAccessTokens(ada)
  t.match(await get(access_token, 'me/calendars'), { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } })
  microsoft.revokeGrants(ada)
  t.match(await refresh(renewed.body.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
  microsoft.setStrictRotation(true)
  const strict = await tokensOf(ada)
  t.match(await refresh(strict.refresh_token), { status: 200 })
  t.match(await refresh(strict.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
  microsoft.setStrictRotation(false)
})

t.test('no refresh token without offline_access', async (t) => {
  const { callback, verifier } = await connect(ada, {}, { scope: 'openid profile Calendars.ReadWrite' })
  t.notOk((await exchange(callback, verifier)).body.refresh_token)
})

t.test('a mailbox names its zone in Windows words and lists its calendars, one of them to read only', async (t) => {
  const token = await microsoft.tokenFor(ada)
  t.match(await get(token, 'me/mailboxSettings/timeZone'), { body: { value: 'W. Europe Standard Time' } })
  t.match(await get(token, 'me/mailboxSettings'), { body: { timeZone: 'W. Europe Standard Time' } })
  const { body } = await get(token, 'me/calendars?$select=id,name,canEdit,isDefaultCalendar&$top=1')
  t.same(body.value, [{ id: main, name: 'Calendar', canEdit: true, isDefaultCalendar: true }])
  const next = await follow(token, body['@odata.nextLink'])
  t.match(next.body.value, [{ id: holidays, canEdit: false }])
  t.match(await create(token, newEvent(), holidays), { status: 403 })
})

t.test('a created event is kept, invites whoever attends and shows its properties only when asked', async (t) => {
  const token = await microsoft.tokenFor(ada)
  const { status, body } = await create(token, newEvent())
  t.equal(status, 201)
  t.match(body, { start: { dateTime: '2026-12-01T09:00:00.0000000', timeZone: 'UTC' }, type: 'singleInstance', id: /^AAkALg/ })
  t.has(
    microsoft.events(ada).find(({ id }) => id === body.id),
    {
      subject: 'Viewing',
      startsAt: new Date('2026-12-01T09:00:00Z'),
      invitationsSent: true,
      attendees: [{ name: 'Eve', email: 'eve@example.com' }],
      properties: { bookingId: 'b1' },
    },
  )
  t.notOk((await get(token, `me/events/${body.id}`)).body.singleValueExtendedProperties)
  const filter = encodeURIComponent(`singleValueExtendedProperties/Any(ep: ep/id eq '${property}' and ep/value eq 'b1')`)
  const expand = encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${property}')`)
  const found = await get(token, `me/calendars/${main}/events?$filter=${filter}&$expand=${expand}`, utc)
  t.match(found.body.value, [{ id: body.id, singleValueExtendedProperties: [{ id: property, value: 'b1' }] }])
  t.match((await get(token, `me/events?$filter=${filter}`)).body.value[0].id, /^AAMkAG/, 'another id without the preference')
})

t.test('a transaction id works once, in each of the ways that were seen', async (t) => {
  const token = await microsoft.tokenFor(ada)
  const event = { ...newEvent(), transactionId: randomUUID() }
  const first = await create(token, event)
  t.match(await create(token, event), { status: 409, body: { error: { code: 'ErrorDuplicateTransactionId' } } })
  microsoft.setOnRepeat(400)
  t.match(await create(token, event), { status: 400, body: { error: { code: 'ErrorDuplicateTransactionId' } } })
  microsoft.setOnRepeat('first')
  t.match(await create(token, event), { status: 201, body: { id: first.body.id } })
  microsoft.setOnRepeat(409)
})

t.test('a local time is read in its zone, by its Windows or its IANA name, also where the clocks change', async (t) => {
  const token = await microsoft.tokenFor(ada)
  const start = async (dateTime: string, timeZone: string) => {
    const end = dateTime.replace(/T\d\d/, 'T12')
    return (await create(token, { subject: 'local', start: { dateTime, timeZone }, end: { dateTime: end, timeZone } })).body.start?.dateTime
  }
  t.equal(await start('2026-07-01T09:00:00', 'Central Standard Time'), '2026-07-01T14:00:00.0000000')
  t.equal(await start('2026-07-01T09:00:00', 'America/Chicago'), '2026-07-01T14:00:00.0000000')
  t.equal(await start('2027-03-28T02:30:00', 'W. Europe Standard Time'), '2027-03-28T01:30:00.0000000', 'skipped')
  t.equal(await start('2026-10-25T02:30:00', 'Europe/Berlin'), '2026-10-25T00:30:00.0000000', 'the first of two')
  t.equal(await start('2026-07-01T09:00:00', 'Nowhere/Land'), undefined)
  t.equal(await start('2026-07-01T09:00:00+02:00', 'Europe/Berlin'), undefined)
})

t.test('the view of a calendar holds every single time, in pages, in the zone asked for', async (t) => {
  const person = microsoft.addPerson({ name: 'Dee', email: 'dee@example.com', timeZone: 'Europe/Berlin' })
  const id = person.calendars[0]?.id
  const at = (text: string) => new Date(`2026-10-${text}:00Z`)
  microsoft.addEvent(person.email, {
    subject: 'daily',
    startsAt: at('24T07:00'),
    endsAt: at('24T08:00'),
    recurrence: { every: 'day', count: 3 },
  })
  microsoft.addEvent(person.email, { subject: 'away', allDay: { from: '2026-10-27', to: '2026-10-28' }, showAs: 'oof' })
  microsoft.addEvent(person.email, { subject: 'no', startsAt: at('28T07:00'), endsAt: at('28T08:00'), declined: true })
  microsoft.addEvent(person.email, { subject: 'off', startsAt: at('29T07:00'), endsAt: at('29T08:00'), cancelled: true, showAs: 'free' })
  const token = await microsoft.tokenFor(person.email)
  const range = 'startDateTime=2026-10-24T00:00:00&endDateTime=2026-10-31T00:00:00Z'
  const path = `me/calendars/${id}/calendarView?${range}&$select=start,end,type,isAllDay,isCancelled,showAs,responseStatus`
  const first = await get(token, `${path}&$top=4`, utc)
  t.match(first.body.value, [
    { type: 'occurrence', start: { dateTime: '2026-10-24T07:00:00.0000000' } },
    { type: 'occurrence', start: { dateTime: '2026-10-25T08:00:00.0000000' } },
    { type: 'occurrence', start: { dateTime: '2026-10-26T08:00:00.0000000' } },
    { isAllDay: true, showAs: 'oof', start: { dateTime: '2026-10-27T00:00:00.0000000' } },
  ])
  const next = await follow(token, first.body['@odata.nextLink'], utc)
  t.match(next.body.value, [{ responseStatus: { response: 'declined' } }, { isCancelled: true }])
  t.notOk(next.body['@odata.nextLink'])
  microsoft.setPageSize(2)
  t.equal((await get(token, `${path}&$top=1000`)).body.value.length, 2)
  microsoft.setPageSize(Number.POSITIVE_INFINITY)
  const berlin = await get(token, path, 'outlook.timezone="W. Europe Standard Time"')
  t.match(berlin.body.value[0].start, { dateTime: '2026-10-24T09:00:00.0000000', timeZone: 'W. Europe Standard Time' })
  t.match(await get(token, `me/calendars/${id}/calendarView`), { status: 400 })
})

t.test('a change keeps the rest, an old version is refused, and what was deleted or cancelled is gone', async (t) => {
  const token = await microsoft.tokenFor(ada)
  const { body } = await create(token, newEvent())
  const path = `me/events/${body.id}`
  const version = { 'if-match': body['@odata.etag'] }
  t.match(await call(token, 'PATCH', path, { subject: 'Moved' }, version), {
    status: 200,
    body: { subject: 'Moved', location: { displayName: 'Main St' } },
  })
  t.match(await call(token, 'PATCH', path, { subject: 'Older' }, version), { status: 412 })
  t.match(await call(token, 'POST', `${path}/cancel`, { comment: 'sorry' }), { status: 202 })
  t.match(await get(token, path), { status: 404, body: { error: { code: 'ErrorItemNotFound' } } })
  const alone = await create(token, { ...newEvent(), attendees: [] })
  t.match(await call(token, 'POST', `me/events/${alone.body.id}/cancel`, {}), { status: 400 })
  t.match(await call(token, 'DELETE', `me/events/${alone.body.id}`), { status: 204 })
  t.match(await call(token, 'DELETE', `me/events/${alone.body.id}`), { status: 404 })
})

t.test("somebody else's calendar and events are not found, and what the vendor does not know is refused", async (t) => {
  const { body } = await create(await microsoft.tokenFor(ada), newEvent())
  const token = await microsoft.tokenFor(bob)
  t.match(await get(token, `me/events/${body.id}`), { status: 404 })
  t.match(await create(token, newEvent()), { status: 404 }, "Ada's calendar")
  t.match(await get(token, 'me/events?$sort=subject'), { status: 400 })
  const own = await microsoft.tokenFor(ada)
  t.match(await create(own, { ...newEvent(), summary: 'x' }), { status: 400 })
  t.match(await create(own, { ...newEvent(), end: undefined }), { status: 400 })
  t.match(await create(own, { ...newEvent(), end: { dateTime: '2026-12-01T08:00:00', timeZone: 'UTC' } }), { status: 400 })
})

t.test('a fault reaches the token endpoint and Graph, and a lost answer still did its work', async (t) => {
  const { callback, verifier } = await connect(ada)
  microsoft.faults.add({ kind: 'status', status: 503, path: /\/token/ })
  t.match(await exchange(callback, verifier), { status: 503, body: { error: 'temporarily_unavailable' } })
  microsoft.faults.add({ kind: 'lost', path: /\/token/ })
  await t.rejects(exchange(callback, verifier))
  t.match(await exchange(callback, verifier), { status: 400, body: { error: 'invalid_grant' } })
  const token = await microsoft.tokenFor(ada)
  const event = { ...newEvent(), transactionId: randomUUID() }
  microsoft.faults.add({ kind: 'lost', method: 'POST' })
  await t.rejects(create(token, event))
  t.match(await create(token, event), { status: 409 })
  microsoft.faults.add({ kind: 'status', status: 429, retryAfter: 2 })
  t.match(await get(token, 'me/calendars'), { status: 429, body: { error: { code: 'ApplicationThrottled' } } })
})

t.test(
  'requests are held against the published description',
  { skip: !microsoft.published.present && 'the description is not at hand' },
  async (t) => {
    const { body } = await get(await microsoft.tokenFor(ada), 'me/calendars?wrong=1')
    t.match(body.error.message, /not as published/)
  },
)

function newEvent() {
  return {
    subject: 'Viewing',
    body: { contentType: 'text', content: 'Wants to see it' },
    start: { dateTime: '2026-12-01T10:00:00', timeZone: 'Europe/Berlin' },
    end: { dateTime: '2026-12-01T11:00:00', timeZone: 'Europe/Berlin' },
    location: { displayName: 'Main St' },
    attendees: [{ emailAddress: { address: 'eve@example.com', name: 'Eve' }, type: 'required' }],
    singleValueExtendedProperties: [{ id: property, value: 'b1' }],
  }
}

function authorizationUrl(changes: Record<string, string | null> = {}, verifier = randomBytes(32).toString('base64url')): URL {
  const url = new URL(`${microsoft.url}/common/oauth2/v2.0/authorize`)
  const parameters = {
    response_type: 'code',
    client_id: microsoft.clientId,
    redirect_uri: redirectUri,
    scope: 'openid profile offline_access Calendars.ReadWrite MailboxSettings.Read',
    state: 'the state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value)
  return url
}

async function connect(email: string, choice: Omit<SignIn, 'login'> = {}, changes: Record<string, string | null> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, callback: await microsoft.signIn(authorizationUrl(changes, verifier), email, choice) }
}

function token(parameters: Record<string, string>) {
  const client = { client_id: microsoft.clientId, client_secret: microsoft.clientSecret }
  const body = new URLSearchParams({ ...client, ...parameters })
  return answer(fetch(`${microsoft.url}/common/oauth2/v2.0/token`, { method: 'POST', body }))
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

function create(token: string, event: object, calendarId = main) {
  return call(token, 'POST', `me/calendars/${calendarId}/events`, event, { prefer: utc })
}

function get(token: string, path: string, prefer?: string) {
  return call(token, 'GET', path, undefined, prefer ? { prefer } : {})
}

function follow(token: string, link: string, prefer?: string) {
  return get(token, link.replace(`${microsoft.url}/v1.0/`, ''), prefer)
}

function call(token: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const sent = body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } } : { headers }
  const init = { method, ...sent, headers: { ...sent.headers, authorization: `Bearer ${token}` } }
  return answer(fetch(`${microsoft.url}/v1.0/${path}`, init))
}

async function answer(sent: Promise<Response>) {
  const reply = await sent
  const text = await reply.text()
  return { status: reply.status, body: text === '' ? null : JSON.parse(text) }
}
