import t from 'tap'
import { microsoftProvider } from '../../src/providers/microsoft/index.ts'
import { startMicrosoft } from '../world/microsoft/index.ts'
import { certificate, trust } from '../world/tls.ts'
import { contract } from './contract.ts'
import { email, newBooking, newWorld, redirectUri, shown, span, type Vendor } from './setup.ts'

trust((await certificate()).ca)

const utcTime = { dateTime: '2026-12-01T11:00:00.0000000', timeZone: 'UTC' }

const microsoft: Vendor = {
  name: 'Microsoft 365',
  start: () => startMicrosoft({ redirectUri }),
  provider: (standIn, options, secret = standIn.clientSecret) =>
    microsoftProvider(
      {
        clientId: standIn.clientId,
        clientSecret: secret,
        redirectUri,
        tenantId: standIn.settings.MICROSOFT_TENANT_ID ?? 'common',
        authorityUrl: standIn.url,
        graphUrl: standIn.settings.GRAPH_API_URL ?? standIn.url,
      },
      options,
    ),
  neededScope: 'Calendars.ReadWrite',
  allScopes: ['Calendars.ReadWrite', 'MailboxSettings.Read'],
  tokenPath: /\/token/,
  busyPath: /\/calendarView/,
  createPath: /\/events/,
  cancelling: { method: 'POST', path: /\/cancel$/ },
  eventsPath: /\/calendarView\?/,
  nextPage: /\/calendarView\?.*skip=/,
  endlessPage: ({ url }) => ({ value: [], '@odata.nextLink': `${url}/v1.0/me/calendarView?$skip=1` }),
  oddPages: [
    { value: 'none' },
    { value: [{ id: 'x' }] },
    { value: [{ id: 'x', start: { dateTime: '2026-12-01T10:00:00', timeZone: 'W. Europe Standard Time' }, end: utcTime }] },
    { value: [{ start: utcTime, end: utcTime }] },
    { value: [], '@odata.nextLink': 'https://elsewhere.example/v1.0/me/events' },
  ],
  eventZone: 'UTC',
  rotates: true,
  tokenSeconds: 3600,
  moving: { method: 'PATCH', path: /\/events\// },
  foreignCalendar: 'primary',
  isScheduler: false,
}

contract(microsoft)

const day = span('2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z')
const graphError = (code: string) => ({ error: { code, message: code } })

t.test('Microsoft lets the user choose the account, and forces no consent', async (t) => {
  const { provider } = await newWorld(t, microsoft)
  const { searchParams } = provider.authorizationUrl('s', 'c')
  t.match(Object.fromEntries(searchParams), { prompt: 'select_account', code_challenge: 'c', code_challenge_method: 'S256' })
  t.ok(searchParams.get('scope')?.includes('offline_access'))
})

t.test('without the permission to read the mailbox settings all works but the time zone, and after a refresh too', async (t) => {
  const { standIn, provider, signIn } = await newWorld(t, microsoft)
  const { code, codeVerifier } = await signIn({ scopes: ['Calendars.ReadWrite'] })
  const grant = await provider.exchangeCode(code, codeVerifier)
  const tokens = await provider.refresh(grant.refreshToken ?? '')
  const [main] = await provider.calendars({ accessToken: tokens.accessToken })
  t.equal(main?.timeZone, null)

  standIn.addEvent(email, { subject: 'day off', allDay: { from: '2026-12-01', to: '2026-12-02' } })
  const busy = await provider
    .calendar({ accessToken: tokens.accessToken }, main?.id ?? '')
    .busy(span('2026-11-25T00:00:00Z', '2026-12-05T00:00:00Z'))
  t.same(shown(busy), ['2026-11-30T10:00/2026-12-02T12:00'], 'an all-day entry is busy wherever on Earth its owner may be')
  const listed = await provider
    .calendar({ accessToken: tokens.accessToken }, main?.id ?? '')
    .events(span('2026-11-25T00:00:00Z', '2026-12-05T00:00:00Z'), 'America/Denver')
  t.same(shown(listed), ['2026-12-01T07:00/2026-12-02T07:00'], 'and is shown in the zone that we know of otherwise')
})

t.test('a refused refresh ends the connection only where the user must act, whatever Microsoft calls it', async (t) => {
  const { standIn, provider, connect } = await newWorld(t, microsoft)
  const { refreshToken } = await connect()
  const refusals = [
    { status: 400, body: { error: 'invalid_grant', error_description: 'AADSTS700082: expired' }, code: 'consent_revoked' },
    { status: 400, body: { error: 'invalid_grant', suberror: 'basic_action', error_description: 'AADSTS50076' }, code: 'consent_revoked' },
    { status: 400, body: { error: 'interaction_required', error_description: 'AADSTS53003' }, code: 'consent_revoked' },
    { status: 400, body: { error: 'consent_required', error_description: 'AADSTS65001' }, code: 'consent_revoked' },
    {
      status: 401,
      body: { error: 'invalid_client', error_description: 'AADSTS7000222: the secret has expired' },
      code: 'provider_refused',
    },
    { status: 400, body: { error: 'invalid_request', error_description: 'AADSTS90014' }, code: 'provider_refused' },
    { status: 503, body: { error: 'temporarily_unavailable', error_codes: [90033] }, code: 'provider_unavailable' },
  ]
  for (const { status, body, code } of refusals) {
    standIn.faults.add({ kind: 'status', status, body, path: microsoft.tokenPath, times: status === 503 ? 2 : 1 })
    await t.rejects(provider.refresh(refreshToken ?? ''), { name: 'AppError', code }, body.error_description ?? body.error)
  }
  t.match(await provider.refresh(refreshToken ?? ''), { accessToken: /./ }, 'and none of them stands in the way of the next')
})

t.test('connecting and refreshing ask the token endpoint alone', async (t) => {
  const { standIn, provider, connect } = await newWorld(t, microsoft)
  const { refreshToken } = await connect()
  await provider.refresh(refreshToken ?? '')
  t.notOk(standIn.ledger.some(({ path }) => path.includes('.well-known') || path.includes('discovery/instance')))
  standIn.ledger.length = 0
  await provider.revoke(refreshToken ?? '')
  t.equal(standIn.ledger.length, 0, 'disconnecting signs nobody out at Microsoft')
})

t.test('a repeated transaction is found again, as 400 and as 409', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  const open = await calendar()
  const wanted = newBooking()
  const made = await open.create(wanted)
  for (const status of [400, 409]) {
    standIn.faults.add({ kind: 'status', status, method: 'POST', body: graphError('ErrorDuplicateTransactionId') })
    t.same(await open.create(wanted), made)
  }
  standIn.faults.add({ kind: 'status', status: 409, method: 'POST', body: graphError('ErrorIrresolvableConflict') })
  await t.rejects(open.create(wanted), { code: 'provider_refused' })
})

t.test('Graph tells of which kind a busy time is; what it shows in an unknown way is simply busy', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  for (const [hour, showAs] of [
    ['10', 'tentative'],
    ['12', 'workingElsewhere'],
    ['14', 'oof'],
    ['14', 'busy'],
    ['16', 'busy'],
  ] as const) {
    standIn.addEvent(email, { subject: 'x', showAs, ...span(`2026-12-01T${hour}:00:00Z`, `2026-12-01T${hour}:30:00Z`) })
  }
  standIn.addEvent(email, { subject: 'x', allDay: { from: '2026-12-03', to: '2026-12-04' } })
  standIn.addEvent(email, { subject: 'x', allDay: { from: '2026-12-04', to: '2026-12-05' }, showAs: 'oof' })
  const open = await calendar()
  const week = span('2026-12-01T00:00:00Z', '2026-12-08T00:00:00Z')
  const kinds = async () =>
    (await open.busy(week)).map(({ startsAt, kind }) => `${startsAt.toISOString().slice(8, 13)} ${kind ?? ''}`.trim())
  t.same((await kinds()).sort(), [
    '01T10 tentative',
    '01T12 working_elsewhere',
    '01T14',
    '01T14 out_of_office',
    '01T16',
    '03T05 all_day',
    '04T05 out_of_office',
  ])
  const value = [{ id: 'x', start: utcTime, end: { ...utcTime, dateTime: '2026-12-01T11:00:00.0000000' }, showAs: 'newlyInvented' }]
  standIn.faults.add({
    kind: 'status',
    status: 200,
    body: { value: value.map((one) => ({ ...one, start: { ...utcTime, dateTime: '2026-12-01T10:00:00.0000000' } })) },
  })
  t.same(await kinds(), ['01T10'])
})

t.test("an event goes out in UTC: Graph's own rules for a zone may be older than ours", async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  await (await calendar()).create(newBooking())
  t.match(standIn.ledger, [{ body: { start: { dateTime: '2026-12-01T15:00:00', timeZone: 'UTC' } } }])
})

t.test('every request asks for UTC, for ids that stay and for plain text', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  standIn.setPageSize(1)
  standIn.addEvent(email, { subject: 'x', ...day })
  standIn.addEvent(email, { subject: 'y', ...day })
  const open = await calendar()
  await open.busy(day)
  await open.events(day, 'UTC')
  await open.create(newBooking())
  t.ok(standIn.ledger.length > 4)
  t.ok(
    standIn.ledger.every(
      ({ headers }) => headers.prefer === 'outlook.timezone="UTC", IdType="ImmutableId", outlook.body-content-type="text"',
    ),
  )
})

t.test('a list that goes on at another host, or without end, is a failure', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  const open = await calendar()
  for (const link of ['https://elsewhere.example/v1.0/me/events', 'nonsense', `${standIn.url}/other/me`]) {
    standIn.faults.add({ kind: 'status', status: 200, body: { value: [], '@odata.nextLink': link } })
    await t.rejects(open.busy(day), { name: 'AppError', code: 'provider_unavailable' })
  }
  const body = { value: [], '@odata.nextLink': `${standIn.url}/v1.0/me/calendarView?$skip=1` }
  standIn.faults.add({ kind: 'status', status: 200, body, times: Number.POSITIVE_INFINITY })
  await t.rejects(open.busy(day), { name: 'AppError', code: 'provider_unavailable' })
})

t.test('an account without a mailbox is told apart, and so is a missing permission', async (t) => {
  const { standIn, provider } = await newWorld(t, microsoft)
  const token = await standIn.tokenFor(email)
  standIn.faults.add({ kind: 'status', status: 404, path: /calendars/, body: graphError('MailboxNotEnabledForRESTAPI') })
  await t.rejects(provider.calendars({ accessToken: token }), { code: 'calendar_unusable' })
  standIn.faults.add({ kind: 'status', status: 403, path: /calendars/, body: graphError('ErrorAccessDenied') })
  await t.rejects(provider.calendars({ accessToken: token }), { code: 'scope_missing' })
})

t.test('what Graph leaves out or calls by null is empty, and HTML that comes unasked becomes text', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  const nothing = { subject: null, location: null, attendees: null, webLink: null, body: null, isOnlineMeeting: null }
  const value = [
    { id: 'x', start: utcTime, end: utcTime, ...nothing },
    { id: 'y', start: utcTime, end: utcTime, attendees: [{}], body: { contentType: 'html', content: '<p>a</p><p>b</p>' } },
  ]
  const open = await calendar()
  const start = { dateTime: '2026-12-01T10:00:00.0000000', timeZone: 'UTC' }
  standIn.faults.add({ kind: 'status', status: 200, body: { value: value.map((one) => ({ ...one, start })) } })
  t.match(await open.events(day, 'UTC'), [
    { id: 'x', subject: '', location: '', attendees: [], link: null, body: '', isOnlineMeeting: false },
    { id: 'y', attendees: [{ name: '', email: '', status: 'none' }], body: 'a\nb' },
  ])
})

t.test('an organizer with guests cancels at Microsoft; without guests, or as a guest herself, she deletes', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  const open = await calendar()
  const { id } = await open.create(newBooking())
  await open.cancel(id)
  await open.cancel((await open.create(newBooking({ attendees: [] }))).id)
  const properties = { 'String {6f0c8f3e-5d1b-4c57-9a0e-1b6d2f7f4c21} Name bookingId': crypto.randomUUID() }
  await open.cancel(
    standIn.addEvent(email, { subject: 'x', declined: true, attendees: [{ name: 'Kim', email: 'kim@example.com' }], properties, ...day }),
  )
  t.match(
    standIn.ledger.filter(({ path, method }) => method === 'DELETE' || path.endsWith('/cancel')),
    [
      { method: 'POST', path: /\/cancel$/, status: 202 },
      { method: 'DELETE', status: 204 },
      { method: 'DELETE', status: 204 },
    ],
  )
})

t.test('a mailbox that is none any more is no event that was deleted', async (t) => {
  const { standIn, calendar } = await newWorld(t, microsoft)
  const open = await calendar()
  const { id } = await open.create(newBooking())
  standIn.faults.add({ kind: 'status', status: 404, method: 'GET', body: graphError('MailboxNotEnabledForRESTAPI') })
  await t.rejects(open.cancel(id), { code: 'calendar_unusable' })
})
