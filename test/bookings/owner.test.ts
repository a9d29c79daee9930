import t from 'tap'
import { settleBookingLater } from '../../src/bookings/later.ts'
import { holdBooking, markAsked } from '../../src/db/bookings.ts'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, connect, NOW, testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import { eachMatches } from '../setup/each-matches.ts'

const test = await testApp(t, {
  LIMIT_REST_PER_MINUTE: '10000',
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  LIMIT_BOOKINGS_PER_CALL: '1',
  LIMIT_BOOKINGS_PER_NUMBER: '1',
  PROVIDER_TIMEOUT_MS: '300',
  PROVIDER_CREATE_TIMEOUT_MS: '300',
  TOOL_CALL_TIMEOUT_MS: '2500',
})
const CREATE = { method: 'POST', path: /\/events(\?|$)/ } as const
const ALWAYS = { times: Number.POSITIVE_INFINITY }
const NINE = { subject: 'Viewing', start_time: '2026-12-01T09:00:00-06:00', end_time: '2026-12-01T09:30:00-06:00' }

/** @returns status, code and event id of one post of the signed-in owner */
async function post(owner: ConnectedOwner, wish: object, headers: Record<string, string> = {}) {
  const reply = await test.app.inject({
    method: 'POST',
    url: '/calendar/events',
    headers: { ...owner.headers(), ...headers },
    payload: wish,
  })
  const { code, event_id: id, message, event } = reply.json()
  return { status: reply.statusCode, code, id, message, event }
}

for (const vendor of ['google', 'microsoft'] as const) {
  const fresh = async () => {
    const owner = await test.owner({ vendor })
    const seen = watch(test, owner)
    const asked = seen.creates()
    test.world[vendor].faults.clear()
    return { owner, ...seen, creates: () => seen.creates() - asked }
  }

  t.test(`${vendor}: the same post within a minute gets the first answer, later it is a conflict`, async (t) => {
    const { owner, live, age, creates } = await fresh()
    const wish = { ...NINE, body: 'Ring twice', attendees: ['kim@example.com', 'lee@example.com'] }
    const first = await post(owner, wish)
    t.equal(first.status, 201)
    t.same(await post(owner, wish), first)
    for (const other of [
      { subject: 'Another' },
      { body: 'Knock' },
      { attendees: [] },
      { attendees: ['kim@example.com'] },
      { attendees: ['kim@example.com', { email: 'lee@example.com', name: 'Lee' }] },
      { location: 'Here' },
      { end_time: '2026-12-01T10:00:00-06:00' },
    ])
      t.match(await post(owner, { ...wish, ...other }), { status: 409, code: 'slot_taken' }, JSON.stringify(other))
    await age(2)
    t.match(await post(owner, wish), { status: 409, code: 'slot_taken' })
    t.equal(live().length, 1)
    t.equal(creates(), 1)
  })

  t.test(`${vendor}: the same post many times at one moment makes one event, and all get the same answer`, async (t) => {
    const { owner, standIn, live, creates } = await fresh()
    standIn.faults.add({ ...CREATE, kind: 'slow', ms: 150 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(owner, NINE)))
    t.same([...new Set(answers.map(({ status }) => status))], [201])
    t.same([...new Set(answers.map(({ id }) => id))], [live()[0]?.id])
    t.equal(creates(), 1)
    const keyed = { ...NINE, start_time: '2026-12-02T09:00:00-06:00', end_time: '2026-12-02T09:30:00-06:00' }
    const same = await Promise.all(Array.from({ length: 10 }, () => post(owner, keyed, { 'idempotency-key': 'k' })))
    t.same([...new Set(same.map(({ status, id }) => `${status} ${id}`))].length, 1)
    t.equal(live().length, 2)
  })

  t.test(`${vendor}: what the first of two at one moment hears, its repeat hears too, also when it failed`, async (t) => {
    const { owner, standIn, live } = await fresh()
    standIn.faults.add({ path: /freeBusy|calendarView/, kind: 'slow', ms: 150 })
    standIn.faults.add({ ...CREATE, kind: 'status', status: 429, ...ALWAYS })
    const answers = await Promise.all([post(owner, NINE), post(owner, NINE)])
    for (const answer of answers) t.match(answer, { status: 503, code: 'provider_busy' })
    standIn.faults.clear()
    t.equal((await post(owner, NINE)).status, 201, 'a failure is no answer to keep')
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: an Idempotency-Key names its appointment for good`, async (t) => {
    const { owner, live, age } = await fresh()
    const key = { 'idempotency-key': 'b3f1' }
    const first = await post(owner, NINE, key)
    t.equal(first.status, 201)
    t.match(await post(owner, { ...NINE, subject: 'Another' }, key), { status: 409, code: 'repeat_differs' })
    t.match(await post(owner, { ...NINE, attendees: ['kim@example.com'] }, key), { status: 409, code: 'repeat_differs' })
    t.match(await post(owner, NINE, { 'idempotency-key': 'other' }), { status: 409, code: 'slot_taken' })
    await age(60 * 24)
    test.setNow(new Date('2026-12-03T00:00:00Z'))
    t.same(await post(owner, NINE, key), first, 'days later, when the time itself has passed')
    test.setNow(new Date('2026-11-29T23:00:00Z'))
    t.equal(live().length, 1)
    const stranger = await test.owner({ vendor })
    t.equal((await post(stranger, { ...NINE, subject: 'Hers' }, key)).status, 201, "another user's keys are her own")
    t.match(await post(owner, NINE, { 'idempotency-key': 'x'.repeat(256) }), { status: 400 })
  })

  t.test(`${vendor}: the owner is bound by the future and by overlaps only, a caller by the rules`, async (t) => {
    const { owner, live } = await fresh()
    const times = [
      ['2026-11-29T17:00:00-06:00', '2026-11-29T17:05:00-06:00'], // now, on a Sunday
      ['2026-11-30T23:17:00-06:00', '2026-12-01T02:03:30-06:00'], // over midnight, on no grid
      ['2026-12-01T02:03:30-06:00', '2026-12-02T02:03:30-06:00'], // a whole day, right after
      ['2027-12-24T18:00:00-06:00', '2027-12-24T19:00:00-06:00'], // in a year
    ] as const
    for (const [start_time, end_time] of times) t.equal((await post(owner, { subject: 'x', start_time, end_time })).status, 201, start_time)
    t.has(
      live().map(({ startsAt, endsAt }) => [startsAt, endsAt]),
      times.map((pair) => pair.map((time) => new Date(time))),
    )
    t.match(await post(owner, { ...NINE, subject: 'in between' }), { status: 409, code: 'slot_taken' })
    t.match((await owner.call('book_appointment', { start_time: '2026-12-03T23:17' })).error, /./, 'a caller at night')
    t.equal(live().length, 4)
  })

  t.test(`${vendor}: owner and caller want the same time at the same moment: one gets it, once`, async (t) => {
    for (const when of ['2026-12-01', '2026-12-02', '2026-12-03']) {
      const { owner, live } = await fresh()
      const wish = { subject: 'Hers', start_time: `${when}T09:00:00-06:00`, end_time: `${when}T10:00:00-06:00` }
      const [hers, callers] = await Promise.all([post(owner, wish), owner.call('book_appointment', { start_time: `${when}T09:30` })])
      t.equal(live().length, 1)
      const [event] = live()
      if (event?.subject === 'Hers') t.match([hers.status, callers.error], [201, /^That time is taken/])
      else t.match([hers.code, callers.result], ['slot_taken', /^You are booked/])
    }
  })

  t.test(
    `${vendor}: a silent vendor: the time is kept, nothing is called a success, and afterwards the same post hears the truth`,
    async (t) => {
      const { owner, standIn, live, statuses, expireLeases, creates } = await fresh()
      standIn.faults.add({ ...CREATE, kind: 'silent', ...ALWAYS })
      t.match(await post(owner, NINE), { status: 502, code: 'booking_held' })
      t.same(await statuses(), ['held'])
      t.match(await post(owner, NINE), { status: 502, code: 'booking_held' }, 'again: still open')
      t.ok(creates() <= 2)
      standIn.faults.clear()
      await expireLeases()
      t.equal(await settle(test), 1)
      t.match(await post(owner, NINE), { status: 201, id: live()[0]?.id })
      t.equal(live().length, 1)
    },
  )

  t.test(`${vendor}: whoever tries again after a minute, as she was told, is not told that her own time is taken`, async (t) => {
    const { owner, standIn, live, age, expireLeases } = await fresh()
    standIn.faults.add({ ...CREATE, kind: 'silent', ...ALWAYS })
    t.match(await post(owner, NINE), { status: 502, code: 'booking_held' })
    await age(2)
    t.match(await post(owner, NINE), { status: 502, code: 'booking_held' }, 'still open')
    t.match(await post(owner, { ...NINE, subject: 'Another' }), { status: 409, code: 'slot_taken' })
    standIn.faults.clear()
    await expireLeases()
    await settle(test)
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: nobody is invited to what has begun while the vendor was away`, async (t) => {
    const { owner, standIn, live, rows, expireLeases } = await fresh()
    const wish = { ...NINE, attendees: ['kim@example.com'] }
    const late = { ...wish, start_time: '2026-12-01T10:00:00-06:00', end_time: '2026-12-01T10:30:00-06:00' }
    standIn.faults.add({ ...CREATE, kind: 'silent', ...ALWAYS })
    t.match(await post(owner, wish), { status: 502, code: 'booking_held' })
    standIn.faults.clear()
    standIn.faults.add({ ...CREATE, kind: 'lost', ...ALWAYS })
    t.match(await post(owner, late), { status: 502, code: 'booking_held' })
    standIn.faults.clear()
    test.setNow(new Date('2026-12-01T16:01:00Z'))
    t.teardown(() => test.setNow(NOW))
    await expireLeases()
    await settle(test)
    eachMatches(
      t,
      await rows(),
      [{ status: 'failed', failure: 'time_past' }, { status: 'confirmed' }],
      'what the vendor had made in time stays',
    )
    t.has(live(), [{ startsAt: new Date('2026-12-01T16:00:00Z') }])
    t.equal(live().length, 1)
  })

  t.test(
    `${vendor}: an answer that is lost is looked for in the calendar also when that was disconnected and connected again`,
    async (t) => {
      const { owner, standIn, live, rows, expireLeases } = await fresh()
      standIn.faults.add({ ...CREATE, kind: 'lost', ...ALWAYS })
      t.match(await post(owner, NINE), { status: 502, code: 'booking_held' })
      standIn.faults.clear()
      await test.app.inject({ method: 'DELETE', url: '/calendar/disconnect', headers: owner.headers() })
      await connect(test, owner, vendor, owner.calendarEmail)
      await expireLeases()
      await settle(test)
      eachMatches(t, await rows(), [{ status: 'confirmed', providerEventId: live()[0]?.id }])
      t.equal(live().length, 1)
    },
  )

  t.test(`${vendor}: an answer that is lost after the act leaves one event`, async (t) => {
    for (const times of [1, 2]) {
      const { owner, standIn, live, expireLeases, statuses } = await fresh()
      standIn.faults.add({ ...CREATE, kind: 'lost', times })
      t.match(await post(owner, NINE), times === 1 ? { status: 201 } : { status: 502, code: 'booking_held' })
      await expireLeases()
      await settle(test)
      t.same(await statuses(), ['confirmed'])
      t.equal(live().length, 1)
    }
  })

  t.test(
    `${vendor}: what a killed process left of her booking is made as she wanted it, with all guests and no word of a phone`,
    async (t) => {
      const { owner, live, statuses } = await fresh()
      const [startsAt, endsAt] = [new Date('2026-12-01T15:00:00Z'), new Date('2026-12-01T15:30:00Z')]
      await inTenant(test.deps.db, owner.clerkUserId, async (trx) => {
        const { id: connectionId } = await trx.selectFrom('oauthTokens').select('id').executeTakeFirstOrThrow()
        const id = crypto.randomUUID()
        const held = await holdBooking(trx, {
          clerkUserId: owner.clerkUserId,
          id,
          appointmentId: id,
          connectionId,
          calendarId: null,
          bookedBy: 'owner',
          operationKey: null,
          wish: null,
          callKey: null,
          vapiCallId: null,
          subject: 'Viewing',
          address: '12 Elm St',
          notes: 'Ring twice.\nSecond floor.',
          customerName: 'Kim Lee',
          customerEmail: 'kim@example.com',
          customerPhone: null,
          guests: [
            { name: 'Lee', email: 'lee@example.com' },
            { name: 'sam@example.com', email: 'sam@example.com' },
          ],
          startsAt,
          endsAt,
          timeZone: 'America/Chicago',
          during: { startsAt, endsAt },
          leaseMs: -1,
        })
        if (held) await settleBookingLater(test.deps, trx, held, 0)
        if (held) await markAsked(trx, held)
      })
      t.equal(await settle(test), 1)
      t.same(await statuses(), ['confirmed'])
      t.has(live(), [{ startsAt, endsAt, subject: 'Viewing', location: '12 Elm St', invitationsSent: true }])
      t.equal(live()[0]?.description, 'Ring twice.\nSecond floor.')
      t.same(
        live()[0]?.attendees.map(({ email }) => email),
        ['kim@example.com', 'lee@example.com', 'sam@example.com'],
      )
    },
  )

  t.test(`${vendor}: of the hour that the clock shows twice the owner books the one she means`, async (t) => {
    const { owner, live } = await fresh()
    // In Chicago the clocks go back on 7 November 2027 at two, and forward on 14 March 2027.
    for (const [start_time, end_time] of [
      ['2027-11-07T01:00:00-05:00', '2027-11-07T01:00:00-06:00'],
      ['2027-11-07T01:00:00-06:00', '2027-11-07T02:00:00-06:00'],
      ['2027-03-14T01:30:00-06:00', '2027-03-14T03:30:00-05:00'],
    ] as const) {
      const answer = await post(owner, { subject: 'x', start_time, end_time })
      t.match(answer, { status: 201, event: { start_time, end_time } }, start_time)
      t.has(live().at(-1), { startsAt: new Date(start_time), endsAt: new Date(end_time) })
    }
  })
}

t.test('who is named twice is invited once, and texts are stored as lines without hidden characters', async (t) => {
  const owner = await test.owner()
  const attendees = ['KIM@example.com', { email: 'kim@example.com', name: 'Kim\u202E Lee' }, { email: 'lee@example.com', name: null }, '']
  const wish = {
    ...NINE,
    subject: 'View\u0000ing\r\nnow',
    body: 'one\r\ntwo\u202E',
    location: ' 12\nElm St ',
    attendee_email: 'kim@example.com',
    attendees,
  }
  t.equal((await post(owner, wish)).status, 201)
  const [event] = watch(test, owner).live()
  t.match(event, { subject: 'Viewing now', description: 'one\ntwo', location: '12 Elm St' })
  t.same(event?.attendees, [
    { name: 'Kim Lee', email: 'kim@example.com' },
    { name: 'lee@example.com', email: 'lee@example.com' },
  ])
})

t.test('what stands in the body counts before the query string, and no form lets in what does not fit', async (t) => {
  const owner = await test.owner()
  const send = (query: string, payload?: string) =>
    test.app.inject({
      method: 'POST',
      url: `/calendar/events?${query}`,
      headers: { ...owner.headers(), 'content-type': 'application/json' },
      ...(payload === undefined ? {} : { payload }),
    })
  const both = await send('subject=query&start_time=2026-12-01T15:00:00Z&end_time=2026-12-01T15:30:00Z', '{"subject":"body"}')
  t.match(both.json(), { event: { subject: 'body' } })
  for (const [query, payload] of [
    ['subject=a&subject=b&start_time=2026-12-02T15:00:00Z&end_time=2026-12-02T15:30:00Z', undefined],
    ['subject=a&start_time=2026-12-02T15:00:00Z', undefined],
    ['subject=a&start_time=2026-12-02T15:00:00Z&end_time=2026-12-02T15:30:00Z&attendee_email=kim', undefined],
    ['', undefined],
    ['', '[]'],
    ['', 'null'],
    ['', '"subject"'],
    ['', JSON.stringify({ ...NINE, attendees: ['kim'] })],
    ['', JSON.stringify({ ...NINE, attendees: [{ name: 'Kim' }] })],
    ['', JSON.stringify({ ...NINE, attendees: Array.from({ length: 51 }, (_, index) => `k${index}@example.com`) })],
    ['', JSON.stringify({ ...NINE, start_time: 1 })],
    ['', JSON.stringify({ ...NINE, subject: '\u202E' })],
    ['', JSON.stringify({ ...NINE, start_time: `2026-12-02T${'T'.repeat(60_000)}` })],
  ] as const) {
    const reply = await send(query, payload)
    t.equal(reply.statusCode, 400, `${query} ${payload?.slice(0, 100)}`)
    t.match(reply.json(), { code: 'invalid_request' })
  }
  t.equal(watch(test, owner).live().length, 1)
})
