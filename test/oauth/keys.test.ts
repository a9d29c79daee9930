import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import t from 'tap'
import * as z from 'zod'
import { inTenant } from '../../src/db/client.ts'
import { findChannels } from '../../src/oauth/channels.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { runJobs } from '../setup/jobs.ts'
import { allRows } from '../setup/rows.ts'
import { list, NINE, nine, stored, TEN } from './setup.ts'

const test = await testApp(t)
const { calcom } = test.world
const unknownKey = () => `cal_live_${randomBytes(16).toString('hex')}`

/** An account at Cal.com, not connected with anybody. */
function account(): string {
  const email = `host-${randomBytes(4).toString('hex')}@example.com`
  return calcom.addPerson({ name: 'Dana Reyes', email, timeZone: 'America/Chicago' }).email
}

async function save(user: Owner, payload: object, vendor = 'calcom') {
  const reply = await test.app.inject({ method: 'PUT', url: `/calendar/${vendor}/key`, headers: user.headers(), payload })
  return { code: reply.statusCode, body: reply.json() }
}

async function kinds(user: Owner, url: '/notices' | '/events', name: 'notices' | 'events', field: 'kind' | 'action'): Promise<string[]> {
  const reply = await test.app.inject({ url, headers: user.headers() })
  return reply.json()[name].map((one: Record<string, string>) => one[field])
}

t.test('a key connects an account as signing in does, and callers are booked there', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const email = account()
  const hidden = calcom.addEventType(email, { title: 'Second look', slug: 'second', minutes: 45, lengths: [45, 60] })
  const [first] = calcom.eventTypes(email)
  const { code, body } = await save(owner, { api_key: ` ${calcom.keyFor(email)}\n` })
  t.equal(code, 200)
  t.match(body, {
    provider: 'calcom',
    role: 'destination',
    calendar_email: email,
    calendar_id: String(first?.id),
    calendar_name: '30 Min Meeting',
    time_zone: 'America/Chicago',
    state: 'active',
    last_error: null,
    calendars: [
      { id: String(first?.id), can_write: true, appointment_minutes: [30], selected: 'destination' },
      { id: String(hidden), can_write: true, appointment_minutes: [45, 60], selected: null },
    ],
  })
  t.same(
    (await list(test, owner)).map((one: { id: string; provider: string }) => [one.id, one.provider]),
    [[body.id, 'calcom']],
    'it took the place of the calendar that bookings went to',
  )
  t.same(await kinds(owner, '/events', 'events', 'action').then((all) => all.filter((one) => one.startsWith('calendar.')).toSorted()), [
    'calendar.connected',
    'calendar.connected',
    'calendar.disconnected',
  ])
  t.match((await owner.call('book_appointment', { ...NINE, email: 'ana@example.com' })).result, /^You are booked/)
  t.same(
    calcom.events(email).map(({ startsAt }) => startsAt),
    [nine],
  )
})

t.test('whoever reads the answers, the logs or the database learns no key', async (t) => {
  const user = test.user()
  const email = account()
  const key = calcom.keyFor(email)
  test.afresh()
  const wrong = unknownKey()
  const answers = [await save(user, { api_key: wrong }), await save(user, { api_key: key }), await list(test, user)]
  const rows = await inTenant(test.deps.db, user.clerkUserId, async (trx) => {
    const { rows } = await sql<{
      row: string
    }>`select t::text as row from oauth_tokens t union all select e::text from event_log e`.execute(trx)
    return rows.map(({ row }) => row).join('\n')
  })
  t.match(rows, email, 'the connection is there')
  t.match(test.logs.join('\n'), '/calendar/calcom/key', 'the requests are there')
  for (const place of [JSON.stringify(answers), rows, test.logs.join('\n')]) {
    for (const secret of [key, wrong])
      for (const form of [secret.slice(9), Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64url').slice(0, 20)])
        t.notOk(place.includes(form))
  }
})

t.test('a key that opens nothing, and an account without an event type for callers, connect nothing', async (t) => {
  const user = test.user()
  const closed = account()
  for (const { id } of calcom.eventTypes(closed)) calcom.removeEventType(closed, id)
  calcom.addEventType(closed, { title: 'On request', slug: 'request', minutes: 30, confirmation: true })
  const revoked = account()
  const old = calcom.keyFor(revoked)
  calcom.revokeKeys(revoked)
  const away = calcom.keyFor(account())
  const refused: [payload: object, code: number, error: string, asked: boolean, broken?: boolean][] = [
    [{}, 400, 'invalid_request', false],
    [{ api_key: '' }, 400, 'invalid_request', false],
    [{ api_key: 'cal_live_with a blank' }, 400, 'invalid_request', false],
    [{ api_key: 7 }, 400, 'invalid_request', false],
    [{ api_key: 'x'.repeat(301) }, 400, 'invalid_request', false],
    [{ api_key: unknownKey(), role: 'owner' }, 400, 'invalid_request', false],
    [{ api_key: 'sk_0123456789abcdef' }, 400, 'key_refused', false],
    [{ api_key: unknownKey() }, 400, 'key_refused', true],
    [{ api_key: old }, 400, 'key_refused', true],
    [{ api_key: calcom.keyFor(closed) }, 409, 'calendar_unusable', true],
    [{ api_key: away }, 502, 'provider_unavailable', true, true],
  ]
  for (const [payload, code, error, asked, broken] of refused) {
    test.afresh()
    if (broken) calcom.faults.add({ kind: 'status', status: 500, times: Number.POSITIVE_INFINITY })
    t.match(await save(user, payload), { code, body: { status: 'error', code: error } }, JSON.stringify(payload).slice(0, 40))
    t.equal(calcom.ledger.length > 0, asked, `${error}: is the vendor asked?`)
  }
  test.afresh()
  t.same(await stored(test, user), [])
  const other = test.user()
  t.match(await save(other, { api_key: calcom.keyFor(closed), role: 'busy' }), { code: 200, body: { role: 'busy' } }, 'its time can count')
  t.equal((await save(other, { api_key: calcom.keyFor(closed) }, 'google')).code, 404, 'a vendor without keys has no such door')
  const reply = await test.app.inject({ method: 'PUT', url: '/calendar/calcom/key', payload: { api_key: calcom.keyFor(closed) } })
  t.equal(reply.statusCode, 401)
})

t.test('another key of the same account keeps the connection and what was chosen', async (t) => {
  const user = test.user()
  const email = account()
  const second = String(calcom.addEventType(email, { title: 'Second look', slug: 'second', minutes: 45 }))
  const { body } = await save(user, { api_key: calcom.keyFor(email) })
  const url = `/calendar/connections/${body.id}`
  const chosen = await test.app.inject({ method: 'PATCH', url, headers: user.headers(), payload: { calendar_id: second } })
  t.equal(chosen.statusCode, 200)
  calcom.revokeKeys(email)
  const again = await save(user, { api_key: calcom.keyFor(email), role: 'busy' })
  t.match(again, { code: 200, body: { id: body.id, role: 'destination', calendar_id: second, last_error: null } })
  const added = await save(user, { api_key: calcom.keyFor(account()), role: 'busy' })
  t.match(added, { code: 200, body: { role: 'busy', state: 'active' } })
  t.match(
    await list(test, user),
    [
      { id: body.id, role: 'destination' },
      { id: added.body.id, role: 'busy' },
    ],
    'a further account is added',
  )
})

t.test('a key is renewed without asking the vendor; taken back, its owner is told once and the vendor left alone', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const email = account()
  const saved = await save(owner, { api_key: calcom.keyFor(email) })
  const expire = () =>
    inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx
        .updateTable('oauthTokens')
        .set({ expiresAt: new Date(0) })
        .execute(),
    )
  await expire()
  test.afresh()
  t.match((await owner.call('get_availability', {})).result, /./)
  t.notOk(calcom.ledger.some(({ path }) => /oauth|token|refresh/.test(path)))
  t.ok(
    (await stored(test, owner)).every(({ expiresAt }) => expiresAt > new Date()),
    'it lasts again',
  )

  calcom.revokeKeys(email)
  const book = (hour: string) =>
    owner.call('book_appointment', { start_time: `2026-12-01T${hour}:00`, name: 'Ana', email: 'ana@example.com' }, { callId: hour })
  for (const answer of await Promise.all(['09', '10', '11'].map(book))) t.match(answer, { error: /^I cannot see the diary/ })
  t.match(await stored(test, owner), [{ id: saved.body.id, state: 'reconnect', lastError: 'consent_revoked' }])
  const asked = calcom.ledger.length
  t.match(await book('14'), { error: /^I cannot see the diary/ })
  t.equal(calcom.ledger.length, asked, 'the vendor hears no more of us')
  t.same(await kinds(owner, '/notices', 'notices', 'kind'), ['calendar_disconnected'])
  t.match(
    (await test.app.inject({ url: '/notices', headers: owner.headers() })).json().notices[0].text,
    `Cal.com (${email}) no longer lets us in`,
  )

  t.match(await save(owner, { api_key: calcom.keyFor(email) }), { code: 200, body: { id: saved.body.id, state: 'active' } })
  t.match((await owner.call('book_appointment', { ...TEN, email: 'ben@example.com' }, { callId: 'later' })).result, /^You are booked/)
})

for (const how of ['disconnected', 'deleted'] as const)
  t.test(`of an account that is ${how} nothing is kept: no key, and nothing that its vendor pushes by`, async (t) => {
    const user = test.user()
    const email = account()
    const key = calcom.keyFor(email)
    t.equal((await save(user, { api_key: key })).code, 200)
    await findChannels(test.deps)
    await runJobs(test)
    const channel = await inTenant(test.deps.db, user.clerkUserId, (trx) =>
      trx.selectFrom('syncChannels').select(['id', 'secret']).executeTakeFirstOrThrow(),
    )
    const sealed = (await stored(test, user)).flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken])
    const webhooks = async () => {
      const reply = await fetch(`${calcom.url}/v2/webhooks`, { headers: { authorization: `Bearer ${key}` } })
      return z.object({ data: z.array(z.unknown()) }).parse(await reply.json()).data
    }
    const places = async (text: string) =>
      (await allRows(test.database.ownerUrl)).filter(({ row }) => row.includes(text)).map(({ table }) => table)
    for (const kept of [...sealed, channel.secret, channel.id, email]) t.not((await places(kept)).length, 0)
    t.equal((await webhooks()).length, 1)

    const disconnecting = { url: '/calendar/disconnect', headers: user.headers() }
    const deleting = {
      url: `/users/by-clerk-id/${user.clerkUserId}`,
      headers: { authorization: `Bearer ${test.deps.config.userSyncSecret}` },
    }
    const gone = await test.app.inject({ method: 'DELETE', ...(how === 'deleted' ? deleting : disconnecting) })
    t.equal(gone.statusCode, 200)
    for (const kept of [...sealed, channel.secret, channel.id, email, key.slice(9)]) t.same(await places(kept), [], kept.slice(0, 20))
    t.same(await webhooks(), [])
    const pushed = await test.app.inject({ method: 'POST', url: `/webhooks/calendar/${channel.id}`, payload: {} })
    t.equal(pushed.statusCode, 404)
  })

t.test('whoever tries keys over and over is asked to wait', async (t) => {
  const [busy, other] = [test.user(), test.user()]
  for (let index = 0; index < 10; index += 1) t.equal((await save(busy, { api_key: 'nobodys_key' })).code, 400)
  t.match(await save(busy, { api_key: calcom.keyFor(account()) }), { code: 429, body: { code: 'too_many_requests' } })
  t.equal((await save(other, { api_key: calcom.keyFor(account()) })).code, 200, 'others are not')
})

t.test('where nobody can sign in at Cal.com, a key is the way, and the refusal says so', async (t) => {
  const test = await testApp(t, { CALCOM_CLIENT_ID: '', CALCOM_CLIENT_SECRET: '' })
  const user = test.user()
  for (const url of ['/api/calcom/connect', '/calendar/calcom/auth/start']) {
    const reply = await test.app.inject({ url, headers: user.headers() })
    t.match({ status: reply.statusCode, ...reply.json() }, { code: 'provider_off', message: /PUT \/calendar\/calcom\/key/ })
    t.equal(reply.statusCode, 503)
  }
  const { email } = test.world.calcom.addPerson({ name: 'Dana Reyes', email: 'host@example.com', timeZone: 'America/Chicago' })
  const payload = { api_key: test.world.calcom.keyFor(email) }
  const reply = await test.app.inject({ method: 'PUT', url: '/calendar/calcom/key', headers: user.headers(), payload })
  t.match(reply.json(), { provider: 'calcom', state: 'active', calendar_email: email })
})
