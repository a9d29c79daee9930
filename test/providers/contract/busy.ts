import type { Test } from 'tap'
import { busyTimes, email, newWorld, shown, span, type Vendor } from '../setup.ts'

/** Per zone, the instants around one change of its clocks: with the night's local dates. */
const nights = [
  { timeZone: 'America/New_York', date: '2026-11-01', next: '2026-11-02', starts: '2026-11-01T04:00', ends: '2026-11-02T05:00' },
  { timeZone: 'America/New_York', date: '2027-03-14', next: '2027-03-15', starts: '2027-03-14T05:00', ends: '2027-03-15T04:00' },
  { timeZone: 'Europe/Berlin', date: '2026-10-25', next: '2026-10-26', starts: '2026-10-24T22:00', ends: '2026-10-25T23:00' },
  { timeZone: 'Europe/Berlin', date: '2027-03-28', next: '2027-03-29', starts: '2027-03-27T23:00', ends: '2027-03-28T22:00' },
]

export async function busy(t: Test, vendor: Vendor): Promise<void> {
  const week = span('2026-12-01T00:00:00Z', '2026-12-08T00:00:00Z')

  t.test('what the owner has accepted is busy; free, declined and cancelled entries are not', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const add = (day: number, entry: object) =>
      standIn.addEvent(email, {
        subject: 'private',
        startsAt: new Date(`2026-12-0${day}T15:00:00Z`),
        endsAt: new Date(`2026-12-0${day}T16:00:00Z`),
        ...entry,
      })
    add(5, {})
    add(1, {})
    add(2, { showAs: 'free' })
    add(3, { cancelled: true })
    add(4, { declined: true })
    t.same(shown(await busyTimes(await calendar(), week)), ['2026-12-01T15:00/2026-12-01T16:00', '2026-12-05T15:00/2026-12-05T16:00'])
  })

  t.test('each occurrence of a series is busy, at its wall time across a clock change', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, {
      subject: 'daily',
      ...span('2026-10-31T14:00:00Z', '2026-10-31T14:30:00Z'),
      recurrence: { every: 'day', count: 3 },
    })
    t.same(shown(await busyTimes(await calendar(), span('2026-10-30T00:00:00Z', '2026-11-10T00:00:00Z'))), [
      '2026-10-31T14:00/2026-10-31T14:30',
      '2026-11-01T15:00/2026-11-01T15:30',
      '2026-11-02T15:00/2026-11-02T15:30',
    ])
  })

  t.test('of a series a time that was called off is free, and one that was moved is busy where it is now', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, {
      subject: 'daily',
      ...span('2026-12-01T14:00:00Z', '2026-12-01T14:30:00Z'),
      recurrence: {
        every: 'day',
        count: 4,
        exceptions: [
          { index: 1, to: 'cancelled' },
          { index: 2, to: span('2026-12-03T18:00:00Z', '2026-12-03T19:00:00Z') },
        ],
      },
    })
    const open = await calendar()
    t.same(shown(await busyTimes(open, week)), [
      '2026-12-01T14:00/2026-12-01T14:30',
      '2026-12-03T18:00/2026-12-03T19:00',
      '2026-12-04T14:00/2026-12-04T14:30',
    ])
    t.same(await busyTimes(open, span('2026-12-03T14:00:00Z', '2026-12-03T15:00:00Z')), [])
    if (!vendor.isScheduler) t.equal((await open.events(week, 'America/New_York')).length, 3)
  })

  t.test('an entry over many days blocks each of them, a whole day that is shown as free none', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, { subject: 'away', allDay: { from: '2026-12-02', to: '2026-12-05' } })
    standIn.addEvent(email, { subject: 'birthday', allDay: { from: '2026-12-06', to: '2026-12-07' }, showAs: 'free' })
    standIn.addEvent(email, { subject: 'declined', allDay: { from: '2026-12-01', to: '2026-12-02' }, declined: true })
    t.same(shown(await busyTimes(await calendar(), week)), ['2026-12-02T05:00/2026-12-05T05:00'])
  })

  // What stands in the calendars of a scheduler's host shows only in the times that it offers.
  t.test('which entries are busy, a list of entries says as well', { skip: vendor.isScheduler }, async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const add = (day: number, entry: object) =>
      standIn.addEvent(email, { subject: `${day}`, ...span(`2026-12-0${day}T15:00:00Z`, `2026-12-0${day}T16:00:00Z`), ...entry })
    add(1, {})
    add(2, { showAs: 'free' })
    add(3, { declined: true })
    const entries = await (await calendar()).events(week, 'America/New_York')
    t.same(
      entries.map(({ subject, busy }) => [subject, busy !== null]),
      [
        ['1', true],
        ['2', false],
        ['3', false],
      ],
    )
  })

  t.test('overlapping and touching entries are one busy time', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, { subject: 'c', ...span('2026-12-01T16:00:00Z', '2026-12-01T17:00:00Z') })
    standIn.addEvent(email, { subject: 'a', ...span('2026-12-01T15:00:00Z', '2026-12-01T15:45:00Z') })
    standIn.addEvent(email, { subject: 'b', ...span('2026-12-01T15:30:00Z', '2026-12-01T16:00:00Z') })
    t.same(shown(await busyTimes(await calendar(), week)), ['2026-12-01T15:00/2026-12-01T17:00'])
  })

  t.test('what touches the asked range from outside is not in the answer, what reaches into it is', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, { subject: 'before', ...span('2026-12-01T14:00:00Z', '2026-12-01T15:00:00Z') })
    standIn.addEvent(email, { subject: 'after', ...span('2026-12-01T17:00:00Z', '2026-12-01T18:00:00Z') })
    const range = span('2026-12-01T15:00:00Z', '2026-12-01T17:00:00Z')
    t.same(shown(await busyTimes(await calendar(), range)), [])
    standIn.addEvent(email, { subject: 'across', ...span('2026-12-01T16:45:00Z', '2026-12-01T17:15:00Z') })
    t.has(await busyTimes(await calendar(), range), [{ startsAt: new Date('2026-12-01T16:45:00Z') }])
  })

  for (const { timeZone, date, next, starts, ends } of nights) {
    t.test(`an all-day entry lasts from midnight to midnight of its owner in ${timeZone} on ${date}`, async (t) => {
      const { standIn, calendar } = await newWorld(t, vendor, { timeZone })
      standIn.addEvent(email, { subject: 'day off', allDay: { from: date, to: next } })
      const range = {
        startsAt: new Date(Date.parse(`${date}T00:00Z`) - 3 * 86_400_000),
        endsAt: new Date(Date.parse(`${date}T00:00Z`) + 4 * 86_400_000),
      }
      t.same(shown(await busyTimes(await calendar(), range)), [`${starts}/${ends}`])
      const lastHour = { startsAt: new Date(Date.parse(`${ends}Z`) - 3_600_000), endsAt: new Date(`${ends}Z`) }
      t.equal((await busyTimes(await calendar(), lastHour)).length, 1, 'its last hour is busy, whatever day that is in UTC')
      const hourAfter = { startsAt: new Date(`${ends}Z`), endsAt: new Date(Date.parse(`${ends}Z`) + 3_600_000) }
      t.same(await busyTimes(await calendar(), hourAfter), [])
    })

    t.test(`entries around the clock change in ${timeZone} on ${date} keep their instants`, async (t) => {
      const { standIn, calendar } = await newWorld(t, vendor, { timeZone })
      const hours = Array.from({ length: 13 }, (_, index) => Date.parse(`${starts}Z`) + (2 * index + 0.25) * 3_600_000)
      for (const at of hours) standIn.addEvent(email, { subject: 'x', startsAt: new Date(at), endsAt: new Date(at + 1_800_000) })
      const busy = await busyTimes(await calendar(), {
        startsAt: new Date(`${starts}Z`),
        endsAt: new Date(Date.parse(`${starts}Z`) + 2 * 86_400_000),
      })
      t.same(
        busy.map(({ startsAt }) => startsAt.getTime()),
        hours,
      )
    })
  }

  t.test('a long range is read to its end', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const first = Date.parse('2026-12-01T15:00:00Z')
    // A scheduler is asked for a month at a time, and shows thousands of quarters of an hour.
    const days = vendor.isScheduler ? 34 : 150
    for (let day = 0; day < days; day += 1) {
      const startsAt = new Date(first + day * 86_400_000)
      standIn.addEvent(email, { subject: 'x', startsAt, endsAt: new Date(startsAt.getTime() + 1_800_000) })
    }
    const range = { startsAt: new Date('2026-12-01T00:00:00Z'), endsAt: new Date(first + days * 86_400_000) }
    const busy = await busyTimes(await calendar(), range)
    t.equal(busy.length, days)
  })

  t.test('entries are read to the last page', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.setPageSize(2)
    const starts = [1, 2, 3, 4, 5].map((day) => new Date(`2026-12-0${day}T15:00:00Z`))
    for (const startsAt of starts) standIn.addEvent(email, { subject: 'x', startsAt, endsAt: new Date(startsAt.getTime() + 1_800_000) })
    t.same(
      (await busyTimes(await calendar(), week)).map(({ startsAt }) => startsAt),
      starts,
    )
  })

  t.test('an empty range is empty', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, { subject: 'x', ...span('2026-12-01T15:00:00Z', '2026-12-01T16:00:00Z') })
    t.same(await busyTimes(await calendar(), span('2026-12-02T15:00:00Z', '2026-12-02T15:00:00Z')), [])
  })

  t.test('the titles of entries are not even read', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    standIn.addEvent(email, { subject: 'Surgeon', ...span('2026-12-01T15:00:00Z', '2026-12-01T16:00:00Z') })
    await busyTimes(await calendar(), week)
    t.notOk(standIn.ledger.some(({ query }) => String(query.$select ?? '').includes('subject')))
  })
}
