import t from 'tap'
import { testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { add, again, both, follow, halfHour, list, NINE, nine, otherThan, start, status, stored, TEN, ten, vendors } from './setup.ts'

const test = await testApp(t)

for (const vendor of both) {
  const other = otherThan(vendor)

  t.test(`${vendor.label}: added as busy it takes time away, and bookings still go where they went`, async (t) => {
    const owner = await test.owner({ vendor: other.id })
    const { email } = await add(test, owner, vendor, 'busy')
    const { email: second } = await add(test, owner, vendor, 'busy')
    t.match(await list(test, owner), [
      { provider: other.id, role: 'destination', calendar_email: owner.calendarEmail },
      { provider: vendor.id, role: 'busy', calendar_email: email, time_zone: 'America/Chicago' },
      { provider: vendor.id, role: 'busy', calendar_email: second },
    ])
    t.match((await status(test, owner)).body, { authorized: true, provider: other.id, calendar_email: owner.calendarEmail })

    test.world[vendor.id].addEvent(second, { subject: 'Dentist', ...halfHour(ten) })
    t.match((await owner.call('book_appointment', TEN)).error, /taken/)
    t.match((await owner.call('book_appointment', NINE)).result, /^You are booked/)
    t.match(test.world[other.id].events(owner.calendarEmail), [halfHour(nine)])
    t.same(test.world[vendor.id].events(email), [])
    t.equal(test.world[vendor.id].events(second).length, 1, 'the dentist alone')
  })

  t.test(`${vendor.label}: an account that may only be read takes time away too, but bookings cannot go there`, async (t) => {
    const owner = await test.owner({ vendor: other.id })
    const { email } = await add(test, owner, vendor, 'busy', [{ name: 'Shared rota', writable: false }])
    const [, rota] = await list(test, owner)
    t.match(rota, {
      role: 'busy',
      calendar_email: email,
      calendar_name: 'Shared rota',
      calendars: [{ can_write: false, selected: 'busy' }],
    })
    test.world[vendor.id].addEvent(email, { subject: 'Rota', ...halfHour(ten) })
    t.match((await owner.call('book_appointment', TEN)).error, /taken/)
  })

  t.test(`${vendor.label}: a busy calendar that cannot be read is not free`, async (t) => {
    const owner = await test.owner({ vendor: other.id })
    await add(test, owner, vendor, 'busy')
    test.world[vendor.id].faults.add({ kind: 'status', status: 500, path: vendor.readPath, times: Number.POSITIVE_INFINITY })
    t.teardown(() => test.world[vendor.id].faults.clear())
    t.match((await owner.call('book_appointment', NINE)).error, /does not answer/)
    t.same(await watch(test, owner).statuses(), ['failed'])
    t.match(await list(test, owner), [
      { role: 'destination', last_error: null },
      { role: 'busy', last_error: 'provider_unavailable', calendars: [{ selected: 'busy' }] },
    ])
  })

  t.test(`${vendor.label}: the destination added as busy stays the destination; a busy one can be connected as destination`, async (t) => {
    const owner = await test.owner({ vendor: vendor.id })
    const { email: busy } = await add(test, owner, other, 'busy')
    const { email: promoted } = await add(test, owner, vendor, 'busy')
    const before = await stored(test, owner)
    await again(test, owner, vendor, 'busy', owner.calendarEmail)
    t.match(await list(test, owner), [
      { role: 'destination', calendar_email: owner.calendarEmail },
      { role: 'busy', calendar_email: busy },
      { role: 'busy', calendar_email: promoted },
    ])
    await again(test, owner, vendor, 'destination', promoted)
    const after = await list(test, owner)
    t.match(after, [
      { role: 'destination', calendar_email: promoted },
      { role: 'busy', calendar_email: busy },
    ])
    t.equal(after.length, 2, 'the destination was replaced')
    t.equal(after[0].id, before[2]?.id, 'in the row that it had')
  })
}

t.test('the role belongs to the flow that asked for it', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  const { email } = test.world.microsoft.addPerson({ name: 'Dana', email: 'dana@outlook.example', timeZone: 'UTC' })
  const roleOf = async () => (await list(test, owner)).find((one: { calendar_email: string }) => one.calendar_email === email)?.role
  for (const query of ['?role=owner', '?role=', '?role=busy&role=destination', '?role=BUSY']) {
    const reply = await test.app.inject({ url: `/calendar/auth/start${query}`, headers: owner.headers() })
    t.equal(reply.statusCode, 400, query)
  }
  await start(test, owner, vendors.microsoft)
  const busy = await test.world.microsoft.signIn(await start(test, owner, vendors.microsoft, '?role=busy'), email)
  await follow(test, new URL(`${busy.origin}${busy.pathname}${busy.search}&role=destination`))
  t.equal(await roleOf(), 'busy', 'what the callback says does not count')
  t.equal((await list(test, owner)).length, 2)
  await start(test, owner, vendors.microsoft, '?role=busy')
  const whole = await test.world.microsoft.signIn(await start(test, owner, vendors.microsoft), email)
  await follow(test, whole)
  t.equal(await roleOf(), 'destination', 'the later start decides')
  t.equal((await list(test, owner)).length, 1)
})

t.test('a busy account is added with the link of a ticket, and nobody changes its role', async (t) => {
  const owner = await test.owner({ vendor: 'google' })
  for (const [path, vendor] of [
    ['/calendar/google/auth/ticket?role=busy', vendors.google],
    ['/calendar/auth/ticket?role=busy', vendors.microsoft],
    ['/calendar/auth/ticket?role=busy&provider=google', vendors.google],
  ] as const) {
    const { email } = test.world[vendor.id].addPerson({ name: 'x', email: `${crypto.randomUUID()}@example.com`, timeZone: 'UTC' })
    const made = await test.app.inject({ method: 'POST', url: path, headers: owner.headers() })
    const link = new URL(made.json().url)
    t.equal(link.pathname, `${vendor.path}/connect`)
    const opened = await test.app.inject({ url: `${link.pathname}${link.search}&role=destination&provider=microsoft` })
    t.equal(opened.statusCode, 307)
    await follow(test, await test.world[vendor.id].signIn(String(opened.headers.location), email))
    t.match((await list(test, owner)).at(-1), { provider: vendor.id, role: 'busy', calendar_email: email })
  }
  t.match((await list(test, owner))[0], { role: 'destination', calendar_email: owner.calendarEmail })
  const unknown = await test.app.inject({ method: 'POST', url: '/calendar/auth/ticket?provider=icloud', headers: owner.headers() })
  t.equal(unknown.statusCode, 400)
})
