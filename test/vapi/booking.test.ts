import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, connect, NOW, testApp } from '../setup/app.ts'
import { speakable, words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const live = (owner: ConnectedOwner) => test.world[owner.vendor].events(owner.calendarEmail).filter((event) => event.status !== 'cancelled')
const bookings = (owner: ConnectedOwner) =>
  inTenant(test.deps.db, owner.clerkUserId, (trx) =>
    trx
      .selectFrom('bookings')
      .select(['status', 'customerName', 'customerEmail', 'customerPhone', 'subject'])
      .orderBy('startsAt')
      .execute(),
  )

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: a caller hears free times, takes one in the words of the offer, and the owner's calendar has it`, async (t) => {
    const owner = await test.owner({ vendor })
    const offered = await owner.call('get_availability', {})
    const [, first = ''] = /^I have (.*? in the morning)/.exec(offered.result ?? '') ?? []
    const spoken = first.replace(/ or [a-z ]+ in the morning/, ' in the morning')
    const booked = await owner.call('book_appointment', {
      when: spoken,
      name: 'Ana Ruiz',
      email: 'ana@example.com',
      phone: '(212) 555-0123',
      property_address: '12 Elm Street',
      notes: 'Two cats',
    })
    t.match(booked.result, `You are booked for ${spoken}, at 12 Elm Street. An invitation comes by e-mail.`)
    speakable(t, words(booked))
    const [event, ...others] = live(owner)
    t.equal(others.length, 0)
    t.has(event, { startsAt: new Date('2026-12-01T15:00:00Z'), endsAt: new Date('2026-12-01T15:30:00Z') })
    t.match(event, {
      subject: /12 Elm Street.*Ana Ruiz/,
      location: '12 Elm Street',
      attendees: [{ email: 'ana@example.com', name: 'Ana Ruiz' }],
      invitationsSent: true,
      description: /^When: Tuesday, December 1, 2026 at 9:00 AM \(America\/Chicago\)[\s\S]*Phone: \+12125550123[\s\S]*Two cats/,
    })
    t.equal(event?.timeZone, vendor === 'google' ? 'America/Chicago' : 'UTC')
    t.match(await bookings(owner), [{ status: 'confirmed', customerPhone: '+12125550123' }])
  })

  t.test(`${vendor}: every name and parameter of the booking functions books the right time and length`, async (t) => {
    const owner = await test.owner({ vendor })
    const cases: [name: string, parameters: object, startsAt: string, minutes: number, seen?: object][] = [
      ['set_appointment', { property_address: '1 Elm St', start_time: '2026-12-01T09:00:00', attendee_name: 'A', attendee_phone: '2125550123', attendee_email: 'a@example.com', timezone: 'America/New_York' }, '', 0], // biome-ignore format: a line each
      ['set_appointment', { property_address: '1 Elm St', start_time: '2026-12-01T11:00:00', attendee_name: 'A', attendee_email: 'a@example.com', timezone: 'America/New_York' }, '2026-12-01T16:00:00Z', 30, { location: '1 Elm St', attendees: [{ email: 'a@example.com' }] }], // biome-ignore format: a line each
      ['createBooking', { name: 'B', email: 'b@example.com', phone: '2125550123', dateTime: '2026-12-01T11:00:00-06:00', notes: 'n' }, '2026-12-01T17:00:00Z', 30, { attendees: [{ email: 'b@example.com' }] }], // biome-ignore format: a line each
      ['schedule_meeting', { title: 'Roof talk', start_time: '2026-12-01T18:00:00Z', duration: 60, attendee_email: 'c@example.com', description: 'd' }, '2026-12-01T18:00:00Z', 60, { subject: 'Roof talk', description: /\bd\b/ }], // biome-ignore format: a line each
      ['book_appointment', { property_address: '5 Oak', appointment_time: '2026-12-01 14:00' }, '2026-12-01T20:00:00Z', 30, { location: '5 Oak', attendees: [], invitationsSent: false }], // biome-ignore format: a line each
      ['create_calendar_event', { subject: 'Long', start_time: '2026-12-02T09:00', end_time: '2026-12-02T10:30', attendee_email: '' }, '2026-12-02T15:00:00Z', 90, { subject: 'Long' }], // biome-ignore format: a line each
      ['book_appointment', { when: 'Wednesday the second of December at two thirty in the afternoon' }, '2026-12-02T20:30:00Z', 30],
      ['book_appointment', { start_time: '2026-12-03T14:00', end_time: '3 pm' }, '2026-12-03T20:00:00Z', 60],
      ['book_appointment', { start_time: '2026-12-03T15:30', end_time: 'at five' }, '2026-12-03T21:30:00Z', 90],
      ['book_appointment', { start_time: '2026-12-03T09:00', duration: '45' }, '2026-12-03T15:00:00Z', 45],
    ]
    for (const [name, parameters, startsAt, minutes, seen] of cases) {
      const before = live(owner).map((event) => event.id)
      const answer = await owner.call(name, { user_id: 'somebody', second: true, ...parameters })
      const made = live(owner).find((event) => !before.includes(event.id))
      if (minutes === 0) {
        t.match(answer.error, 'we are open from nine', 'nine in New York is eight here')
        t.equal(made, undefined)
        continue
      }
      t.match(answer.result, 'You are booked', JSON.stringify(parameters))
      t.equal(made?.startsAt.toISOString(), new Date(startsAt).toISOString())
      t.equal((Number(made?.endsAt) - Number(made?.startsAt)) / 60_000, minutes)
      if (seen) t.match(made, seen)
    }
  })

  t.test(`${vendor}: what cannot be booked is refused with a way on, and leaves no event`, async (t) => {
    const owner = await test.owner({ vendor })
    const busy = { subject: 'Private', startsAt: new Date('2026-12-02T16:00:00Z'), endsAt: new Date('2026-12-02T17:00:00Z') }
    test.world[vendor].addEvent(owner.calendarEmail, busy)
    const refusals: [object, RegExp][] = [
      [{ start_time: '2026-12-02T10:30' }, /^That time is taken, sorry\. The nearest I have is Wednesday.*(nine thirty|eleven)/],
      [{ start_time: '2026-12-02T09:30', duration: 60 }, /^That time is taken/],
      [{ start_time: '2026-12-05T10:00' }, /^We are closed on Saturday the fifth of December\. The nearest I have is Monday/],
      [
        { start_time: '2026-12-02T18:00' },
        /^On Wednesday the second of December we are open from nine in the morning to five in the evening\./,
      ],
      [{ start_time: '2026-12-02T16:45' }, /we are open from/],
      [
        { start_time: '2026-11-30T10:00' },
        /^That is too soon for me to book\. The earliest I have is Tuesday the first of December at nine/,
      ],
      [{ start_time: '2027-03-01T10:00' }, /^I can book up to/],
      [{ start_time: '2026-11-27T10:00' }, /^That time has already passed/],
      [{ start_time: '2026-12-02T09:10' }, /^I cannot start at exactly that time\. The nearest/],
      [{ name: 'Ana' }, /^Which day and what time would you like\?$/],
      [{ start_time: '' }, /^Which day and what time would you like\?$/],
      [{ start_time: '2026-12-03' }, /^Which day and what time would you like\?$/],
      [{ start_time: '2026-02-30T10:00' }, /^I did not catch/],
      [{ start_time: 'ten o’clock' }, /\?$/],
    ]
    for (const [parameters, sentence] of refusals) {
      const answer = await owner.call('book_appointment', parameters)
      t.match(answer.error, sentence, JSON.stringify(parameters))
      t.equal(answer.result, undefined)
      t.equal(words(answer).split('?').length, 2, 'one question')
      speakable(t, words(answer))
    }
    t.equal(live(owner).length, 1, 'only what was there')
    t.notOk((await bookings(owner)).some((booking) => booking.status === 'confirmed' || booking.status === 'held'))
  })

  t.test(`${vendor}: somebody else fills the time between offer and booking`, async (t) => {
    const owner = await test.owner({ vendor })
    t.match((await owner.call('get_availability', { date: '2026-12-01' })).result, 'Tuesday the first of December at nine')
    test.world[vendor].addEvent(owner.calendarEmail, {
      subject: 'x',
      startsAt: new Date('2026-12-01T15:00:00Z'),
      endsAt: new Date('2026-12-01T15:30:00Z'),
    })
    t.match((await owner.call('book_appointment', { start_time: '2026-12-01T09:00' })).error, 'That time is taken')
    t.equal(live(owner).length, 1)
    const [taken] = test.world[vendor].events(owner.calendarEmail)
    test.world[vendor].deleteEvent(owner.calendarEmail, taken?.id ?? '')
    t.match(await owner.call('book_appointment', { start_time: '2026-12-01T09:00' }, { callId: 'later' }), { result: /^You are booked/ })
  })

  t.test(`${vendor}: a caller learns that the diary cannot be seen, and the owner that she must connect again`, async (t) => {
    const owner = await test.owner({ vendor })
    test.world[vendor].revokeGrants(owner.calendarEmail)
    for (const [name, parameters] of [
      ['book_appointment', { start_time: '2026-12-01T09:00' }],
      ['get_availability', {}],
    ] as const) {
      const startedAt = performance.now()
      const answer = await owner.call(name, parameters)
      t.match(answer.error, 'I cannot see the diary at the moment')
      t.ok(performance.now() - startedAt < 3000)
    }
    t.notOk((await bookings(owner)).some((booking) => booking.status !== 'failed'))
    const status = await test.app.inject({ url: `/calendar/${vendor === 'google' ? 'google/' : ''}auth/status`, headers: owner.headers() })
    t.notMatch(status.json(), { calendar_connected: true })
    const asked = test.world[vendor].ledger.length
    await owner.call('get_availability', {})
    t.equal(test.world[vendor].ledger.length, asked, 'no further try with a dead grant')
    await connect(test, owner, vendor, owner.calendarEmail)
    t.match(await owner.call('book_appointment', { start_time: '2026-12-01T09:00' }, { callId: 'again' }), { result: /^You are booked/ })
  })
}

t.test('a caller of an owner without a calendar hears so, and nothing is stored', async (t) => {
  const user = test.user()
  const assistantId = crypto.randomUUID()
  const payload = { agent_name: 'Desk', vapi_assistant_id: assistantId }
  await test.app.inject({ method: 'POST', url: '/agents', headers: user.headers(), payload })
  const call = { id: 'x', function: { name: 'book_appointment', arguments: { start_time: '2026-12-01T09:00' } } }
  const message = { type: 'tool-calls', toolCallList: [call], call: { id: 'c', assistantId } }
  const reply = await test.app.inject({ method: 'POST', url: '/vapi/webhook', payload: { message } })
  t.equal(reply.statusCode, 200)
  t.match(reply.json().results[0].error, 'I cannot see the diary at the moment')
})

t.test('an address that mail cannot reach gives a booking without an invitation, and none is made up', async (t) => {
  const owner = await test.owner()
  for (const [index, email] of ['ana at home', 'ana@', 'x'.repeat(300), 'a@b@c.de', '=cmd'].entries()) {
    const answer = await owner.call('book_appointment', {
      start_time: `2026-12-0${(index % 4) + 1}T${10 + index}:00`,
      email,
      name: 'Ana',
      second: true,
    })
    t.match(answer.result, 'You are booked')
    t.match(answer.result, /Your code is .* so no invitation goes out yet\. Could you spell it for me\?$/)
  }
  t.ok(live(owner).every((event) => event.attendees.length === 0 && !event.invitationsSent))
  t.ok((await bookings(owner)).every((booking) => booking.customerEmail === null))
})

t.test('control and direction characters, line breaks and endless names are cleaned before anybody sees them', async (t) => {
  const owner = await test.owner()
  const nasty = `Ana\u202E\u0000\r\nBcc: x@example.com\u2028${'n'.repeat(10_000)}`
  const answer = await owner.call('book_appointment', {
    start_time: '2026-12-01T10:00',
    name: nasty,
    property_address: nasty,
    title: nasty,
    notes: nasty,
  })
  t.match(answer.result, 'You are booked')
  t.ok(words(answer).length <= 600)
  speakable(t, words(answer))
  const [event] = live(owner)
  t.ok((event?.subject.length ?? 999) <= 300 && (event?.location.length ?? 999) <= 200 && (event?.description.length ?? 9999) <= 1500)
  t.notMatch(`${event?.subject}${event?.location}`, /[\p{Cc}\p{Cf}\p{Zl}]/u)
  t.notMatch(event?.description, /[\p{Cf}\p{Zl}\r\0]/u)
  t.notMatch(event?.description, /\nBcc/, 'no line of their own')
})

t.test('marks in an address are not spoken back', async (t) => {
  const owner = await test.owner()
  const wish = { start_time: '2026-12-01T10:00', property_address: '**12 Elm St** <slot Q>: [unit_5]' }
  t.match((await owner.call('book_appointment', wish)).result, /in the morning, at 12 Elm St slot Q unit 5\. Your code/)
})

t.test('the rules of the business hold, not those of the model: notice, opening hours and zone', async (t) => {
  const owner = await test.owner({ timeZone: 'Asia/Kathmandu', noticeMinutes: 0, openingHours: { monday: [['08:15', '10:15']] } })
  t.match((await owner.call('get_availability', {})).result, 'Monday the thirtieth of November at eight fifteen')
  t.match((await owner.call('book_appointment', { start_time: '2026-11-30T08:45' })).result, 'at eight forty five in the morning')
  t.equal(live(owner)[0]?.startsAt.toISOString(), '2026-11-30T03:00:00.000Z')
  test.setNow(new Date('2026-11-30T03:31:00Z'))
  t.teardown(() => test.setNow(NOW))
  t.match((await owner.call('book_appointment', { start_time: '2026-11-30T09:15' })).error, 'already passed')
  t.match((await owner.call('book_appointment', { start_time: '2026-11-30T09:45' })).result, 'nine forty five')
})

t.test('the last bookable day that a caller hears can be booked, also when the clocks change before it', async (t) => {
  const owner = await test.owner({ openingHours: { friday: [['09:00', '17:00']], saturday: [['09:00', '17:00']] } })
  test.setNow(new Date('2027-02-01T23:30:00-06:00'))
  t.teardown(() => test.setNow(NOW))
  t.equal(
    (await owner.call('book_appointment', { start_time: '2027-04-03T10:00' })).error,
    'I can book up to Friday the second of April. Which day before that would suit you?',
  )
  t.match(
    (await owner.call('book_appointment', { start_time: '2027-04-02T10:00' })).result,
    'You are booked for Friday the second of April',
  )
})
