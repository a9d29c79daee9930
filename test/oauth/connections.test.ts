import t from 'tap'
import { type Owner, type TestApp, testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import {
  add,
  again,
  both,
  type Calendars,
  halfHour,
  list,
  NINE,
  nine,
  otherThan,
  status,
  stored,
  TEN,
  ten,
  type Vendor,
  vendors,
} from './setup.ts'

const test = await testApp(t)

/** An owner whose account has more than one calendar, the first of them chosen. */
async function ownerWith(test: TestApp, vendor: Vendor, calendars: Calendars) {
  const owner = await test.owner({ vendor: vendor.id })
  const { email, person } = await add(test, owner, vendor, 'destination', calendars)
  const [connection] = await list(test, owner)
  const idOf = (name: string) => person.calendars.find((one) => one.name === name)?.id ?? ''
  return { owner: { ...owner, calendarEmail: email }, person, id: String(connection?.id), idOf }
}

async function change({ app }: TestApp, user: Owner, id: string, payload: object) {
  const reply = await app.inject({ method: 'PATCH', url: `/calendar/connections/${id}`, headers: user.headers(), payload })
  return { code: reply.statusCode, body: reply.json() }
}

for (const vendor of both) {
  const other = otherThan(vendor)

  t.test(`${vendor.label}: all calendars of the account are shown, and the owner chooses among them`, async (t) => {
    const calendars = [
      { name: 'Dana' },
      { name: 'Viewings' },
      { name: 'Garden' },
      { name: 'Holidays', writable: false },
      { name: 'Colleague', busyOnly: true },
    ]
    const { owner, id, idOf } = await ownerWith(test, vendor, calendars)
    const [shown] = await list(test, owner)
    t.match(shown, {
      id,
      calendar_id: idOf('Dana'),
      busy_calendar_ids: [],
      state: 'active',
      last_error: null,
      last_error_text: null,
      calendars: [
        { id: idOf('Dana'), name: 'Dana', time_zone: 'America/Chicago', is_primary: true, can_write: true, selected: 'destination' },
        { name: 'Viewings', is_primary: false, can_write: true, selected: null },
        { name: 'Garden', can_write: true, selected: null },
        { name: 'Holidays', can_write: false, selected: null },
        { name: 'Colleague', can_write: false, selected: null },
      ],
    })
    for (const name of ['token_refreshed_at', 'last_checked_at'])
      t.ok(Math.abs(Date.now() - Date.parse(shown[name])) < 60_000, `${name} is just now`)
    t.ok(Date.parse(shown.expires_at) > Date.now())
    t.notOk(Object.keys(shown).some((key) => /access|refresh_token|account_id|scope/.test(key)))

    const chosen = await change(test, owner, id, { calendar_id: idOf('Viewings') })
    t.equal(chosen.code, 200)
    const selected = [
      { name: 'Dana', selected: 'busy' },
      { name: 'Viewings', selected: 'destination' },
      { name: 'Garden', selected: null },
    ]
    t.match(chosen.body, {
      calendar_id: idOf('Viewings'),
      calendar_name: 'Viewings',
      busy_calendar_ids: [idOf('Dana')],
      calendars: selected,
    })
    t.match(await list(test, owner), [{ calendars: selected }])

    const { addEvent, events } = test.world[vendor.id]
    addEvent(owner.calendarEmail, { subject: 'Dentist', ...halfHour(ten) })
    t.match((await owner.call('book_appointment', TEN)).error, /taken/, 'she is still busy where she was')
    t.match((await owner.call('book_appointment', NINE)).result, /^You are booked/)
    t.match(events(owner.calendarEmail, idOf('Viewings')), [halfHour(nine)])

    const further = { busy_calendar_ids: [idOf('Colleague'), idOf('Holidays'), idOf('Colleague'), idOf('Viewings')] }
    t.match(await change(test, owner, id, further), {
      code: 200,
      body: { calendar_id: idOf('Viewings'), busy_calendar_ids: [idOf('Colleague'), idOf('Holidays')] },
    })
    t.match(
      (await owner.call('book_appointment', TEN, { callId: 'call-2' })).result,
      /^You are booked/,
      'what was taken out does not count',
    )
    addEvent(owner.calendarEmail, { calendarId: idOf('Colleague'), subject: 'x', ...halfHour(new Date('2026-12-01T17:00:00Z')) })
    t.match((await owner.call('book_appointment', { start_time: '2026-12-01T11:00', name: 'Eve' }, { callId: 'call-3' })).error, /taken/)
    t.match(await change(test, owner, id, { busy_calendar_ids: [] }), { code: 200, body: { busy_calendar_ids: [] } })
  })

  t.test(`${vendor.label}: bookings go only where they can be written, and what is refused changes nothing`, async (t) => {
    const calendars = [{ name: 'Dana' }, { name: 'Holidays', writable: false }]
    const { owner, id, idOf } = await ownerWith(test, vendor, calendars)
    const { email: added } = await add(test, owner, vendor, 'busy', calendars)
    const before = await stored(test, owner)
    const refused: [payload: object, code: number, error: string][] = [
      [{ calendar_id: idOf('Holidays') }, 409, 'calendar_read_only'],
      [{ calendar_id: 'nowhere' }, 409, 'calendar_missing'],
      [{ calendar_id: before[1]?.calendarId }, 409, 'calendar_missing'],
      [{ busy_calendar_ids: [idOf('Holidays'), 'nowhere'] }, 409, 'calendar_missing'],
      [{ role: 'busy' }, 409, 'destination_needed'],
      [{ role: 'owner' }, 400, 'invalid_request'],
      [{ calendar_id: '' }, 400, 'invalid_request'],
      [{ calendar_id: null }, 400, 'invalid_request'],
      [{ busy_calendar_ids: idOf('Holidays') }, 400, 'invalid_request'],
      [{ busy_calendar_ids: Array.from({ length: 21 }, String) }, 400, 'invalid_request'],
    ]
    for (const [payload, code, error] of refused) {
      const reply = await change(test, owner, id, payload)
      t.match(reply, { code, body: { status: 'error', code: error } }, JSON.stringify(payload).slice(0, 60))
      for (const field of ['detail', 'error']) t.equal(reply.body[field], reply.body.message)
    }
    const what = (rows: typeof before) => rows.map(({ verifiedAt: _checked, updatedAt: _changed, ...row }) => row)
    t.same(await stored(test, owner), before)

    test.world[vendor.id].faults.add({ kind: 'status', status: 500, path: /calendarList|\/calendars\b/, times: Number.POSITIVE_INFINITY })
    t.match(await change(test, owner, id, { calendar_id: idOf('Dana') }), { code: 502, body: { code: 'provider_unavailable' } })
    test.world[vendor.id].faults.clear()

    const busy = before.find((row) => row.calendarEmail === added)
    const [hers] = test.world[vendor.id].addPerson({ name: 'Eve', email: 'eve@example.com', timeZone: 'UTC' }).calendars
    const ofSomebodyElse = await change(test, owner, busy?.id ?? '', { calendar_id: hers?.id })
    t.match(ofSomebodyElse, { code: 409, body: { code: 'calendar_missing' } })
    const foreign = {
      id: crypto.randomUUID(),
      clerk_user_id: 'user_x',
      provider: 'x',
      state: 'reconnect',
      access_token: 'x',
      created_at: 'x',
    }
    t.equal((await change(test, owner, id, foreign)).code, 200, 'what is not known is ignored')
    t.same(what(await stored(test, owner)), what(before))
  })

  t.test(`${vendor.label}: a booking that is still open stays in the calendar where it was asked for`, async (t) => {
    const test = await testApp(t, { PROVIDER_TIMEOUT_MS: '300', PROVIDER_CREATE_TIMEOUT_MS: '300', TOOL_CALL_TIMEOUT_MS: '2500' })
    for (const kind of ['lost', 'silent'] as const) {
      const { owner, id, idOf } = await ownerWith(test, vendor, [{ name: 'Dana' }, { name: 'Viewings' }])
      const { email } = await add(test, owner, other, 'busy')
      const { statuses, expireLeases, standIn } = watch(test, owner)
      standIn.faults.add({ kind, method: 'POST', path: /\/events(\?|$)/, times: Number.POSITIVE_INFINITY })
      t.match(await owner.call('book_appointment', NINE), { error: /./ })
      t.same(await statuses(), ['held'])
      standIn.faults.clear()

      t.equal((await change(test, owner, id, { calendar_id: idOf('Viewings'), busy_calendar_ids: [] })).code, 200)
      const busy = (await list(test, owner)).find((one: { calendar_email: string }) => one.calendar_email === email)
      t.equal((await change(test, owner, busy.id, { role: 'destination' })).code, 200)
      await expireLeases()
      await settle(test)

      t.same(await statuses(), ['confirmed'])
      t.match(standIn.events(owner.calendarEmail, idOf('Dana')), [halfHour(nine)])
      t.equal(standIn.events(owner.calendarEmail).length, 1, 'one event in all calendars')
      t.same(test.world[other.id].events(email), [])
    }
  })

  t.test(`${vendor.label}: connecting again keeps what was chosen, as far as the account still has it`, async (t) => {
    const { owner, person, id, idOf } = await ownerWith(test, vendor, [{ name: 'Dana' }, { name: 'Viewings' }, { name: 'Garden' }])
    await change(test, owner, id, { calendar_id: idOf('Viewings'), busy_calendar_ids: [idOf('Dana'), idOf('Garden')] })
    test.world[vendor.id].revokeGrants(owner.calendarEmail)
    t.match(await list(test, owner), [
      { state: 'reconnect', last_error: 'consent_revoked', last_error_text: /Connect it again/, calendars: null, last_checked_at: /Z$/ },
    ])
    t.match(await change(test, owner, id, { calendar_id: idOf('Dana') }), { code: 409, body: { code: 'consent_revoked' } })
    await again(test, owner, vendor, 'destination', owner.calendarEmail)
    const kept = { id, state: 'active', last_error: null, calendar_name: 'Viewings', busy_calendar_ids: [idOf('Dana'), idOf('Garden')] }
    t.match(await list(test, owner), [kept])

    person.calendars = person.calendars.filter(({ name }) => name === 'Dana')
    await again(test, owner, vendor, 'destination', owner.calendarEmail)
    const [left] = await list(test, owner)
    t.match(left, { id, calendar_name: 'Dana' })
    t.same(left.busy_calendar_ids, [])
  })

  t.test(`${vendor.label}: a chosen calendar that is gone is said to be, and another choice mends it`, async (t) => {
    const { owner, person, id, idOf } = await ownerWith(test, vendor, [{ name: 'Dana' }, { name: 'Viewings' }, { name: 'Garden' }])
    await change(test, owner, id, { calendar_id: idOf('Viewings'), busy_calendar_ids: [idOf('Garden')] })
    const all = person.calendars
    const gone = { last_error: 'calendar_missing', last_error_text: /Choose one/, state: 'active' }
    for (const name of ['Garden', 'Viewings']) {
      person.calendars = all.filter((one) => one.name !== name)
      t.match(await list(test, owner), [gone], name)
      t.match((await status(test, owner)).body, { authorized: true, calendar_verified: false, calendar_error: /Choose one/ })
      t.match((await owner.call('book_appointment', NINE)).error, /cannot see the whole diary/, 'what is not seen is not free')
    }
    const mended = await change(test, owner, id, { calendar_id: idOf('Dana') })
    t.match(mended, { code: 200, body: { calendar_name: 'Dana', last_error: null } })
    t.same(mended.body.busy_calendar_ids, [idOf('Garden')], 'the one that is gone does not count any more')
    t.match((await owner.call('book_appointment', NINE)).result, /^You are booked/)
  })

  t.test(`${vendor.label}: one account is disconnected, and its grant ended where that concerns us alone`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    const { email: kept } = await add(test, owner, other, 'busy')
    const { email } = await add(test, owner, vendor, 'busy')
    const { id } = (await list(test, owner)).find((one: { calendar_email: string }) => one.calendar_email === email)
    const remove = () => test.app.inject({ method: 'DELETE', url: `/calendar/connections/${id}`, headers: owner.headers() })
    const gone = await remove()
    t.equal(gone.statusCode, 200)
    t.same(gone.json(), { success: true, message: `${vendor.label} disconnected.` })
    t.equal((await remove()).statusCode, 404)
    t.match(await list(test, owner), [{ calendar_email: owner.calendarEmail }, { calendar_email: kept }])
    t.equal((await stored(test, owner)).length, 2)
    const revoked = test.world[vendor.id].ledger.filter(({ path, account }) => path === '/revoke' && account === email)
    t.match(revoked, vendor.id === 'google' ? [{ account: email, status: 200 }] : [])
    t.match((await owner.call('book_appointment', NINE)).result, /^You are booked/)
  })
}

t.test('another connection becomes the destination, and the former one busy', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const { email } = await add(test, owner, vendors.microsoft, 'busy')
  const [, busy] = await list(test, owner)
  test.world.google.addEvent(owner.calendarEmail, { subject: 'Dentist', ...halfHour(ten) })

  t.match(await change(test, owner, busy.id, { role: 'destination' }), { code: 200, body: { role: 'destination', calendar_email: email } })
  t.match(await list(test, owner), [
    { id: busy.id, role: 'destination', calendars: [{ selected: 'destination' }] },
    { role: 'busy', calendar_email: owner.calendarEmail, calendars: [{ selected: 'busy' }] },
  ])
  t.match((await status(test, owner)).body, { authorized: true, provider: 'microsoft', calendar_email: email })
  t.match((await status(test, owner, vendors.google)).body, { authorized: false, calendar_email: null })
  t.match((await owner.call('book_appointment', TEN)).error, /taken/)
  t.match((await owner.call('book_appointment', NINE)).result, /^You are booked/)
  t.match(test.world.microsoft.events(email), [halfHour(nine)])
})

t.test('a calendar that cannot be written to counts in a busy account, which then cannot become the destination as it is', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const { person } = await add(test, owner, vendors.microsoft, 'busy', [{ name: 'Dana' }, { name: 'Holidays', writable: false }])
  const [, { id }] = await list(test, owner)
  const [dana, holidays] = person.calendars.map((one) => one.id)
  t.match(await change(test, owner, id, { calendar_id: holidays }), { code: 200, body: { role: 'busy', calendar_id: holidays } })
  t.match(await change(test, owner, id, { role: 'destination' }), { code: 409, body: { code: 'calendar_read_only' } })
  t.match(await list(test, owner), [
    { role: 'destination', provider: 'google' },
    { role: 'busy', id },
  ])
  t.match(await change(test, owner, id, { role: 'destination', calendar_id: dana }), { code: 200, body: { role: 'destination' } })
})

t.test('of many choices at once one comes last, and there is always one destination', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  for (const vendor of both) await add(test, owner, vendor, 'busy')
  const all: { id: string }[] = await list(test, owner)
  for (let round = 0; round < 3; round += 1) {
    const replies = await Promise.all(all.map(({ id }) => change(test, owner, id, { role: 'destination' })))
    t.same(
      replies.map(({ code }) => code),
      [200, 200, 200],
    )
    const roles = (await stored(test, owner)).map((row) => row.role).sort()
    t.same(roles, ['busy', 'busy', 'destination'])
  }
})

t.test('a silent vendor keeps nobody waiting for the other, nor for longer than one deadline', async (t) => {
  const test = await testApp(t, { TOOL_CALL_TIMEOUT_MS: '1200' })
  const owner = await test.owner({ vendor: 'google' })
  await add(test, owner, vendors.microsoft, 'busy')
  await add(test, owner, vendors.microsoft, 'busy')
  const [before] = await list(test, owner)
  test.world.microsoft.faults.add({ kind: 'silent', times: Number.POSITIVE_INFINITY })
  const startedAt = performance.now()
  const [destination, ...silent] = await list(test, owner)
  t.ok(performance.now() - startedAt < 2200, 'both at once')
  t.match(destination, { last_error: null, calendars: [{ selected: 'destination' }] })
  t.ok(destination.last_checked_at > before.last_checked_at)
  t.equal(silent.length, 2)
  for (const one of silent)
    t.match(one, {
      state: 'active',
      calendars: null,
      last_error: 'provider_unavailable',
      last_error_text: /Try again/,
      last_checked_at: /Z$/,
    })
})

t.test('what is no connection of the user is not there, whoever owns it and however it is spelled', async (t) => {
  const [owner, stranger] = [await test.owner({ vendor: 'google' }), await test.owner({ vendor: 'microsoft' })]
  const [{ id }] = await list(test, owner)
  const answers = []
  for (const one of [id, crypto.randomUUID(), 'x', '1', `{${id}}`, `${id}'--`, '%00', id.toUpperCase()]) {
    for (const method of ['PATCH', 'DELETE'] as const) {
      const payload = method === 'PATCH' ? { payload: { role: 'destination', calendar_id: 'x' } } : {}
      const url = `/calendar/connections/${encodeURIComponent(one)}`
      const reply = await test.app.inject({ method, url, headers: stranger.headers(), ...payload })
      t.equal(reply.statusCode, 404, `${method} ${one}`)
      answers.push(reply.body)
    }
  }
  t.equal(new Set(answers).size, 1, 'in the same words')
  t.match(await list(test, owner), [{ id }])
  t.equal((await stored(test, owner)).length, 1)
  for (const [method, path] of [
    ['GET', '/calendar/connections'],
    ['PATCH', `/calendar/connections/${id}`],
    ['DELETE', `/calendar/connections/${id}`],
  ] as const)
    t.equal((await test.app.inject({ method, url: path, ...(method === 'PATCH' ? { payload: {} } : {}) })).statusCode, 401)
  t.same(await list(test, test.user()), [], 'whoever has none has an empty list')
})
