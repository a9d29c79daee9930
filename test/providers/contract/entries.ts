import type { Test } from 'tap'
import type { CalendarEntry } from '../../../src/providers/provider.ts'
import { email, newWorld, shown, span, type Vendor } from '../setup.ts'

const ZONE = 'America/New_York'
const subjects = (entries: CalendarEntry[]) => entries.map(({ subject }) => subject)

export async function entries(t: Test, vendor: Vendor): Promise<void> {
  const week = span('2026-12-01T05:00:00Z', '2026-12-08T05:00:00Z')

  t.test('an entry is read with everything that people see of it', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const id = standIn.addEvent(email, {
      subject: 'Viewing with Kim',
      ...span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z'),
      location: '12 Elm St',
      description: 'Bring the keys & a map.\nSecond bell.',
      html: '<p>Bring the <b>keys</b> &amp; a map.<br>Second bell.</p><style>p { color: red }</style>',
      attendees: [
        { name: 'Kim Lee', email: 'kim@example.com' },
        { name: '', email: 'lee@example.com', answer: 'accepted' },
        { name: 'Sam', email: 'sam@example.com', answer: 'declined' },
        { name: 'Pat', email: 'pat@example.com', answer: 'tentative' },
        { name: 'Dana', email, answer: 'organizer' },
      ],
      meetingLink: 'https://meet.example.com/abc',
    })
    const found = await (await calendar()).events(week, ZONE)
    t.match(found, [
      {
        id,
        subject: 'Viewing with Kim',
        ...span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z'),
        isAllDay: false,
        location: '12 Elm St',
        isOnlineMeeting: true,
        link: /^https?:/,
        body: 'Bring the keys & a map.\nSecond bell.',
      },
    ])
    t.same(found[0]?.attendees, [
      { name: 'Kim Lee', email: 'kim@example.com', status: 'none' },
      { name: 'lee@example.com', email: 'lee@example.com', status: 'accepted' },
      { name: 'Sam', email: 'sam@example.com', status: 'declined' },
      { name: 'Pat', email: 'pat@example.com', status: 'tentative' },
      { name: 'Dana', email, status: 'organizer' },
    ])
  })

  t.test('an entry of which nothing is known but its time is read with empty words', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const times = span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z')
    standIn.addEvent(email, { subject: '', ...times })
    const [entry, ...more] = await (await calendar()).events(week, ZONE)
    t.same(more, [])
    const words = { subject: '', location: '', attendees: [], body: '' }
    t.same({ ...entry, id: '', link: '' }, { id: '', link: '', ...words, ...times, isAllDay: false, busy: {}, isOnlineMeeting: false })
  })

  t.test('what we booked is read as it was booked, under the id that booking gave', async (t) => {
    const { calendar } = await newWorld(t, vendor)
    const open = await calendar()
    const { id, link } = await open.create({
      bookingId: crypto.randomUUID(),
      subject: 'Viewing',
      description: 'Name: Ana\nRing twice.',
      location: '12 Elm St',
      ...span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z'),
      timeZone: ZONE,
      attendees: [{ name: 'Ana', email: 'ana@example.com' }],
      customer: { name: 'Ana', email: 'ana@example.com', phone: null },
    })
    t.match(await open.events(week, ZONE), [
      { id, link, subject: 'Viewing', body: 'Name: Ana\nRing twice.', location: '12 Elm St', attendees: [{ email: 'ana@example.com' }] },
    ])
  })

  t.test('entries come earliest first, and cancelled ones not at all', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const add = (day: number, subject: string, entry: object = {}) =>
      standIn.addEvent(email, {
        subject,
        startsAt: new Date(`2026-12-0${day}T15:00:00Z`),
        endsAt: new Date(`2026-12-0${day}T16:00:00Z`),
        ...entry,
      })
    add(5, 'third')
    add(1, 'first')
    add(2, 'gone', { cancelled: true })
    add(3, 'second', { showAs: 'free' })
    standIn.deleteEvent(email, add(4, 'deleted'))
    t.same(subjects(await (await calendar()).events(week, ZONE)), ['first', 'second', 'third'])
  })

  t.test('each time of a series is an entry with an id of its own, at its wall time across a clock change', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const daily = { every: 'day', count: 3 } as const
    standIn.addEvent(email, { subject: 'daily', ...span('2026-10-31T14:00:00Z', '2026-10-31T14:30:00Z'), recurrence: daily })
    standIn.addEvent(email, { subject: 'trip', allDay: { from: '2026-10-31', to: '2026-11-01' }, recurrence: daily })
    const found = await (await calendar()).events(span('2026-10-30T04:00:00Z', '2026-11-10T05:00:00Z'), ZONE)
    t.same(shown(found), [
      '2026-10-31T04:00/2026-11-01T04:00',
      '2026-10-31T14:00/2026-10-31T14:30',
      '2026-11-01T04:00/2026-11-02T05:00',
      '2026-11-01T15:00/2026-11-01T15:30',
      '2026-11-02T05:00/2026-11-03T05:00',
      '2026-11-02T15:00/2026-11-02T15:30',
    ])
    t.equal(new Set(found.map(({ id }) => id)).size, found.length)
  })

  for (const timeZone of ['America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland']) {
    t.test(`whole days last from midnight to midnight of a calendar in ${timeZone}, wherever the asker is`, async (t) => {
      const { standIn, calendar } = await newWorld(t, vendor, { timeZone })
      standIn.addEvent(email, { subject: 'trip', allDay: { from: '2026-12-02', to: '2026-12-04' } })
      const midnight = (date: string) => new Date(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds)
      const day = (from: string, to: string) => ({ startsAt: midnight(from), endsAt: midnight(to) })
      const open = await calendar()
      const [startsAt, endsAt] = [midnight('2026-12-02'), midnight('2026-12-04')]
      t.has(await open.events(day('2026-12-01', '2026-12-08'), 'America/Chicago'), [{ subject: 'trip', isAllDay: true, startsAt, endsAt }])
      t.equal((await open.events(day('2026-12-03', '2026-12-04'), 'America/Chicago')).length, 1, 'its last day')
      t.same(await open.events(day('2026-12-04', '2026-12-05'), 'America/Chicago'), [], 'the day after')
      t.same(await open.events(day('2026-12-01', '2026-12-02'), 'America/Chicago'), [], 'the day before')
    })
  }

  t.test('what reaches into the range is listed, what only touches it is not; an empty range is empty', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, { subject: 'before', ...span('2026-12-01T14:00:00Z', '2026-12-01T15:00:00Z') })
    standIn.addEvent(email, { subject: 'into', ...span('2026-12-01T14:30:00Z', '2026-12-01T15:30:00Z') })
    standIn.addEvent(email, { subject: 'out', ...span('2026-12-01T16:45:00Z', '2026-12-01T17:15:00Z') })
    standIn.addEvent(email, { subject: 'after', ...span('2026-12-01T17:00:00Z', '2026-12-01T18:00:00Z') })
    const open = await calendar()
    t.same(subjects(await open.events(span('2026-12-01T15:00:00Z', '2026-12-01T17:00:00Z'), ZONE)), ['into', 'out'])
    t.same(await open.events(span('2026-12-01T15:00:00Z', '2026-12-01T15:00:00Z'), ZONE), [])
  })

  t.test('entries are read to the last page, and an entry that moved between pages is one', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.setPageSize(2)
    for (const day of [1, 2, 3, 4, 5])
      standIn.addEvent(email, { subject: `${day}`, ...span(`2026-12-0${day}T15:00:00Z`, `2026-12-0${day}T16:00:00Z`) })
    const open = await calendar()
    t.same(subjects(await open.events(week, ZONE)), ['1', '2', '3', '4', '5'])
    // While the pages are read, an earlier entry appears and pushes the second one onto the next page.
    standIn.faults.add({ kind: 'slow', ms: 100, path: vendor.nextPage })
    const reading = open.events(week, ZONE)
    setTimeout(() => standIn.addEvent(email, { subject: '0', ...span('2026-12-01T10:00:00Z', '2026-12-01T11:00:00Z') }), 50)
    const found = await reading
    t.equal(new Set(found.map(({ id }) => id)).size, found.length)
  })

  t.test('a page that fails, or is not as described, is a failure of the whole list', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.setPageSize(1)
    for (const day of [1, 2]) standIn.addEvent(email, { subject: 'x', ...span(`2026-12-0${day}T15:00:00Z`, `2026-12-0${day}T16:00:00Z`) })
    const open = await calendar()
    standIn.faults.add({ kind: 'status', status: 503, times: 2, path: vendor.nextPage })
    await t.rejects(open.events(week, ZONE), { name: 'AppError', code: 'provider_unavailable' })
    for (const body of vendor.oddPages) {
      standIn.faults.add({ kind: 'status', status: 200, body, path: vendor.eventsPath })
      await t.rejects(open.events(week, ZONE), { name: 'AppError', code: 'provider_unavailable' }, JSON.stringify(body))
    }
    t.equal((await open.events(week, ZONE)).length, 2)
  })

  t.test('a list without end is a failure', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    standIn.faults.add({ kind: 'status', status: 200, body: vendor.endlessPage(standIn), times: Number.POSITIVE_INFINITY })
    await t.rejects(open.events(week, ZONE), { name: 'AppError', code: 'provider_unavailable' })
    t.ok(standIn.ledger.length <= 100)
  })
}
