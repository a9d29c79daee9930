import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import * as z from 'zod'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.5: events, availability and booking, as the calendar and appointments pages call them.
const test = await testApp(t, { PROVIDER_TIMEOUT_MS: '300', PROVIDER_CREATE_TIMEOUT_MS: '300', TOOL_CALL_TIMEOUT_MS: '2500' })
const front = await frontend(t, test)
const chicago = (local: string) => new Date(Temporal.PlainDateTime.from(local).toZonedDateTime('America/Chicago').epochMilliseconds)

// What the pages read, field by field; a value of another type or none at all breaks them.
const instant = z.iso.datetime({ offset: true })
const Event = z.object({
  id: z.string().min(1),
  subject: z.string().min(1),
  start_time: instant,
  end_time: instant,
  is_all_day: z.boolean(),
  location: z.string(),
  attendees: z.array(z.object({ name: z.string(), email: z.string(), status: z.string() })),
  is_online_meeting: z.boolean(),
  web_link: z.string(),
  body: z.string(),
})
const Events = z.object({ status: z.literal('success'), total_events: z.int(), events: z.array(Event) })
const Slots = z.object({
  status: z.literal('success'),
  total_slots: z.int(),
  days_checked: z.int(),
  user_email: z.string().min(1),
  available_slots: z.array(
    z.object({
      start_time: instant,
      end_time: instant,
      formatted_time: z.string().regex(/^\w+day, \w+ \d\d at \d\d:\d\d [AP]M$/),
      day: z.string().regex(/day$/),
    }),
  ),
})
const Booked = z.object({
  status: z.literal('success'),
  success: z.literal(true),
  message: z.string().min(1),
  event_id: z.string().min(1),
  calendar_link: z.url(),
  event: Event,
})
const Problem = z.strictObject({ status: z.literal('error'), code: z.string(), message: z.string(), detail: z.string(), error: z.string() })

async function read<T extends z.ZodType>(response: Response | Promise<Response>, schema: T): Promise<z.infer<T>> {
  return schema.parse(await (await response).json())
}

/** A failure as the pages read it: one sentence in three fields, never HTML, never a 2xx. */
async function problem(t: Test, response: Response, status: number, code: string) {
  t.equal(response.status, status)
  t.match(response.headers.get('content-type'), /^application\/json/)
  const body = await read(response, Problem)
  t.equal(body.code, code)
  t.match(body.message, /^[A-Z][^<>{}[\]]{10,}\.$/)
  t.equal(body.detail, body.message)
  t.equal(body.error, body.message)
  return body
}

/** What `createCalendarEvent` of the frontend sends. */
function booking(values: Record<string, string>): string {
  return `/calendar/events?${new URLSearchParams(values)}`
}

for (const vendor of ['google', 'microsoft'] as const) {
  const add = (owner: ConnectedOwner, subject: string, from: string, to: string, more: object = {}) =>
    test.world[vendor].addEvent(owner.calendarEmail, { subject, startsAt: chicago(from), endsAt: chicago(to), ...more })

  t.test(`${vendor}: the calendar page shows what stands in the calendar, from the beginning of today`, async (t) => {
    const owner = await test.owner({ vendor })
    const id = add(owner, 'Property Viewing: 12 Elm St', '2026-12-01T14:00', '2026-12-01T14:30', {
      location: '12 Elm St',
      description: 'Viewing with Kim Lee',
      html: '<p>Viewing with <b>Kim Lee</b></p>',
      attendees: [{ name: 'Kim Lee', email: 'kim@example.com' }],
    })
    add(owner, '', '2026-11-29T00:30', '2026-11-29T01:00')
    add(owner, 'yesterday', '2026-11-28T22:00', '2026-11-28T23:00')
    add(owner, 'call', '2026-12-02T09:00', '2026-12-02T09:30', { meetingLink: 'https://meet.example.com/x' })
    add(owner, 'the last day', '2026-12-12T23:00', '2026-12-12T23:30')
    add(owner, 'later', '2026-12-13T00:00', '2026-12-13T01:00')
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Holiday', allDay: { from: '2026-12-03', to: '2026-12-04' } })

    const response = await front.action(owner, '/calendar/events?days_ahead=14')
    t.equal(response.status, 200)
    const { total_events, events } = await read(response, Events)
    t.equal(total_events, events.length)
    t.same(
      events.map((event) => [event.subject, event.start_time]),
      [
        ['(No title)', '2026-11-29T00:30:00-06:00'],
        ['Property Viewing: 12 Elm St', '2026-12-01T14:00:00-06:00'],
        ['call', '2026-12-02T09:00:00-06:00'],
        ['Holiday', '2026-12-03T00:00:00-06:00'],
        ['the last day', '2026-12-12T23:00:00-06:00'],
      ],
    )
    t.match(events[1], {
      id,
      end_time: '2026-12-01T14:30:00-06:00',
      location: '12 Elm St',
      is_online_meeting: false,
      web_link: /^https?:/,
      body: 'Viewing with Kim Lee',
    })
    t.same(events[1]?.attendees, [{ name: 'Kim Lee', email: 'kim@example.com', status: 'none' }])
    t.equal(events[2]?.is_online_meeting, true)
    t.match(events[3], { is_all_day: true, end_time: '2026-12-04T00:00:00-06:00' })

    const twoWeeks = await read(front.action(owner, '/calendar/events'), Events)
    t.equal(twoWeeks.total_events, 5, 'fourteen days unless asked otherwise')
    t.equal((await read(front.action(owner, '/calendar/events?days_ahead=30'), Events)).total_events, 6)
    t.same(await read(front.action(owner, '/calendar/events/list?days_ahead=14'), Events), twoWeeks, 'and under its older name')
  })

  t.test(`${vendor}: a page of free times, each of which can be booked as it was given`, async (t) => {
    const owner = await test.owner({ vendor })
    add(owner, 'Dentist', '2026-11-30T09:00', '2026-11-30T09:45')
    const path = '/calendar/availability?days_ahead=7&start_hour=9&end_hour=17'
    const response = await front.action(owner, path)
    t.equal(response.status, 200)
    const { total_slots, days_checked, user_email, available_slots } = await read(response, Slots)
    t.equal(days_checked, 7)
    t.equal(total_slots, available_slots.length)
    t.equal(user_email, owner.email)
    t.equal(total_slots, 5 * 16 - 2)
    t.same(available_slots[0], {
      start_time: '2026-11-30T10:00:00-06:00',
      end_time: '2026-11-30T10:30:00-06:00',
      formatted_time: 'Monday, November 30 at 10:00 AM',
      day: 'Monday',
    })
    t.match(available_slots.at(-1), { formatted_time: 'Friday, December 04 at 04:30 PM', day: 'Friday' })
    for (const slot of available_slots) t.equal(Date.parse(slot.end_time) - Date.parse(slot.start_time), 30 * 60_000)

    const { start_time = '', end_time = '' } = available_slots[0] ?? {}
    const wish = {
      subject: 'Property Viewing: 12 Elm St',
      start_time,
      end_time,
      body: 'Viewing with Kim',
      attendee_email: 'kim@example.com',
    }
    const booked = await front.action(owner, booking(wish), { method: 'POST' })
    t.equal(booked.status, 201)
    const answer = await read(booked, Booked)
    t.match(answer.event, {
      id: answer.event_id,
      subject: wish.subject,
      start_time,
      end_time,
      location: '',
      attendees: [{ name: 'kim@example.com', email: 'kim@example.com', status: 'none' }],
      is_online_meeting: false,
      web_link: answer.calendar_link,
    })
    const { live } = watch(test, owner)
    t.has(
      live().filter(({ subject }) => subject !== 'Dentist'),
      [
        {
          id: answer.event_id,
          subject: wish.subject,
          description: 'Viewing with Kim',
          startsAt: new Date(start_time),
          endsAt: new Date(end_time),
          attendees: [{ email: 'kim@example.com' }],
          invitationsSent: true,
        },
      ],
    )
    t.notMatch(live()[1]?.description, 'phone', 'what she wrote herself, and nothing of a phone call')

    const after = await read(front.action(owner, path), Slots)
    t.equal(after.total_slots, total_slots - 1)
    t.equal(after.available_slots[0]?.start_time, '2026-11-30T10:30:00-06:00')
    const { events } = await read(front.action(owner, '/calendar/events?days_ahead=30'), Events)
    t.match(
      events.find((event) => event.id === answer.event_id),
      { ...answer.event, attendees: [{ email: 'kim@example.com' }] },
    )
  })

  t.test(`${vendor}: a booking whose data travels in the address, with an empty JSON body and a bare plus, byte for byte`, async (t) => {
    const owner = await test.owner({ vendor, timeZone: 'Europe/Berlin' })
    const [slot] = (await read(front.action(owner, '/calendar/availability?days_ahead=7'), Slots)).available_slots
    const { start_time = '', end_time = '' } = slot ?? {}
    t.equal(start_time, '2026-11-30T09:00:00+01:00')
    const { hostname, port } = new URL(front.url)
    const socket = connect(Number(port), hostname)
    t.teardown(() => socket.destroy())
    const lines = [
      `POST /calendar/events?subject=Viewing&start_time=${start_time}&end_time=${end_time} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      `Authorization: Bearer ${test.world.clerk.templateToken(owner.clerkUserId)}`,
      'Content-Type: application/json',
      'Content-Length: 0',
      'Connection: close',
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    await once(socket, 'close')
    t.match(answer, /^HTTP\/1\.1 201 /)
    t.has(watch(test, owner).live(), [{ startsAt: new Date(start_time), endsAt: new Date(end_time), subject: 'Viewing' }])
  })

  t.test(`${vendor}: the same as JSON, with a place and several guests`, async (t) => {
    const owner = await test.owner({ vendor })
    const wish = { subject: 'Viewing', start_time: '2026-12-05T23:30:00Z', end_time: '2026-12-06T01:00:00Z', location: '12 Elm St' }
    const attendees = ['kim@example.com', { email: 'lee@example.com', name: 'Lee' }]
    const response = await front.action(owner, '/calendar/events', { method: 'POST', body: { ...wish, attendees } })
    t.equal(response.status, 201)
    t.match((await read(response, Booked)).event, {
      start_time: '2026-12-05T17:30:00-06:00',
      location: '12 Elm St',
      attendees: [{ email: 'kim@example.com' }, { email: 'lee@example.com', name: 'Lee' }],
    })
    t.match(watch(test, owner).live(), [{ location: '12 Elm St', attendees: [{ email: 'kim@example.com' }, { email: 'lee@example.com' }] }])
  })

  t.test(`${vendor}: a taken time, a vendor that refuses and one that stays silent are told apart, and none is a success`, async (t) => {
    const owner = await test.owner({ vendor })
    const { standIn, live } = watch(test, owner)
    const wish = { subject: 'Viewing', start_time: '2026-12-01T09:00:00-06:00', end_time: '2026-12-01T09:30:00-06:00' }
    const post = (values: Record<string, string>) => front.action(owner, booking({ ...wish, ...values }), { method: 'POST' })
    const dentist = add(owner, 'Dentist', '2026-12-01T09:00', '2026-12-01T09:45')
    await problem(t, await post({}), 409, 'slot_taken')
    standIn.deleteEvent(owner.calendarEmail, dentist)

    const create = { method: 'POST', path: /\/events(\?|$)/ }
    standIn.faults.add({ ...create, kind: 'status', status: 400 })
    await problem(t, await post({}), 502, 'provider_refused')
    standIn.faults.add({ path: /freeBusy|calendarView/, kind: 'status', status: 500, times: 2 })
    await problem(t, await post({}), 502, 'provider_unavailable')
    t.same(live(), [])
    standIn.faults.add({ ...create, kind: 'silent', times: 2 })
    const { message } = await problem(t, await post({}), 502, 'booking_held')
    t.match(message, /kept.*confirmed.*before you try again/)
    await problem(t, await post({ subject: 'Another' }), 409, 'slot_taken')
  })

  t.test(`${vendor}: events and free times of a vendor in trouble are a failure, never an empty list`, async (t) => {
    const owner = await test.owner({ vendor })
    const { standIn } = watch(test, owner)
    standIn.faults.add({ kind: 'status', status: 404 })
    const { message } = await problem(t, await front.action(owner, '/calendar/events'), 409, 'calendar_missing')
    t.match(message, /choose/i, 'the calendar is gone, and she is told what to do')
    for (const [fault, status, code] of [
      [{ kind: 'status', status: 500 }, 502, 'provider_unavailable'],
      [{ kind: 'status', status: 200, body: {} }, 502, 'provider_unavailable'],
      [{ kind: 'status', status: 400 }, 502, 'provider_refused'],
      [{ kind: 'silent' }, 502, 'provider_unavailable'],
      // The last one: for so long, nothing more is sent to this mailbox.
      [{ kind: 'status', status: 429, retryAfter: 60 }, 503, 'provider_busy'],
    ] as const) {
      for (const path of ['/calendar/events', '/calendar/availability']) {
        standIn.faults.add({ ...fault, times: Number.POSITIVE_INFINITY })
        await problem(t, await front.action(owner, path), status, code)
        standIn.faults.clear()
      }
    }
  })
}

t.test('with nothing connected all three say so at once, and it is no fault', async (t) => {
  const user = test.user()
  const before = test.logs.length
  const wish = booking({ subject: 'x', start_time: '2026-12-01T09:00:00-06:00', end_time: '2026-12-01T09:30:00-06:00' })
  for (const [path, method] of [
    ['/calendar/events?days_ahead=14', 'GET'],
    ['/calendar/availability?days_ahead=7&start_hour=9&end_hour=17', 'GET'],
    [wish, 'POST'],
  ] as const) {
    const startedAt = performance.now()
    await problem(t, await front.action(user, path, { method }), 409, 'calendar_not_connected')
    t.ok(performance.now() - startedAt < 1000)
  }
  const lines = test.logs.slice(before).map((line) => JSON.parse(line))
  t.ok(lines.length >= 6)
  t.same(
    lines.filter(({ level }) => level > 30),
    [],
    'information, no warning',
  )
})

t.test('whoever is not signed in is told so, also in a browser without a token', async (t) => {
  for (const path of ['/calendar/events', '/calendar/events/list', '/calendar/availability?user_id=someone%40example.com&days_ahead=7']) {
    await problem(t, await front.open(path), 401, 'not_signed_in')
    const { response } = await front.page(path)
    t.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
    await problem(t, response, 401, 'not_signed_in')
  }
  await problem(t, await front.open(booking({ subject: 'x' }), { method: 'POST' }), 401, 'not_signed_in')
})

t.test('a default session token opens the calendar too, and whose it is no parameter decides', async (t) => {
  const [owner, other] = [await test.owner(), await test.owner()]
  test.world.google.addEvent(owner.calendarEmail, {
    subject: 'mine',
    startsAt: chicago('2026-12-01T09:00'),
    endsAt: chicago('2026-12-01T10:00'),
  })
  const query = `?user_id=${other.clerkUserId}&clerk_user_id=${other.clerkUserId}`
  const token = test.world.clerk.token(owner.clerkUserId)
  t.match(await read(front.action(owner, `/calendar/events${query}`, { token }), Events), { events: [{ subject: 'mine' }] })
  t.match(await read(front.action(other, `/calendar/events?user_id=${owner.clerkUserId}`), Events), { total_events: 0, events: [] })
})

t.test('bad times are refused with a sentence that says what is wrong', async (t) => {
  const owner = await test.owner()
  const post = (values: Record<string, string>) =>
    front.action(owner, booking({ subject: 'x', end_time: '2026-12-01T09:30:00-06:00', ...values }), { method: 'POST' })
  for (const [start_time, code, text] of [
    ['2026-12-01T09:00:00', 'invalid_request', /start_time: a time needs its offset/],
    ['2026-12-01 09:00', 'invalid_request', /start_time: a time needs its offset/],
    ['tomorrow', 'invalid_request', /start_time: a time needs its offset/],
    ['2026-02-30T09:00:00Z', 'invalid_request', /start_time/],
    ['2026-12-01T09:30:00-06:00', 'bad_time', /after the start/],
    ['2026-12-01T09:31:00-06:00', 'bad_time', /after the start/],
    ['2026-11-30T09:29:00-06:00', 'bad_time', /24 hours/],
  ] as const)
    t.match((await problem(t, await post({ start_time }), 400, code)).message, text, start_time)
  const past = { start_time: '2026-11-29T16:59:00-06:00', end_time: '2026-11-29T17:30:00-06:00' }
  t.match((await problem(t, await post(past), 400, 'time_past')).message, /passed/)
  t.match((await problem(t, await post({ start_time: '2026-12-01T09:00:00Z', subject: ' ' }), 400, 'invalid_request')).message, /subject/)
  t.same(watch(test, owner).live(), [])
})

t.test('nothing that a booking says gets into the logs, whatever becomes of it', async (t) => {
  const owner = await test.owner()
  const { standIn } = watch(test, owner)
  const before = test.logs.length
  const secret = { subject: 'Oncologist', body: 'Bring the scans', attendee_email: 'oncologist@example.com' }
  const wish = { ...secret, start_time: '2026-12-01T09:17:00-06:00', end_time: '2026-12-01T09:47:00-06:00' }
  const post = (values = {}) => front.action(owner, booking({ ...wish, ...values }), { method: 'POST' })
  standIn.faults.add({ kind: 'status', status: 400, method: 'POST', path: /\/events/ })
  t.equal((await post()).status, 502)
  t.equal((await post()).status, 201)
  t.equal((await post({ subject: 'Oncologist again' })).status, 409)
  t.equal((await post({ start_time: 'Oncologist' })).status, 400)
  t.equal((await front.open(booking(wish), { method: 'POST' })).status, 401)
  const logged = test.logs.slice(before).join('\n')
  t.match(logged, '"route":"/calendar/events"')
  t.notMatch(logged, /oncologist|scans|T09|\?/i)
})
