import type { Test } from 'tap'
import type { CalendarEvent, Interval } from '../../../src/providers/provider.ts'
import { busyTimes, email, newBooking, newWorld, refOf, shown, span, type Vendor } from '../setup.ts'

const week = span('2026-12-01T00:00:00Z', '2026-12-08T00:00:00Z')
const ten = span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z')
const laterHalfHour = span('2026-12-03T18:00:00Z', '2026-12-03T18:30:00Z')
const laterAndLonger = span('2026-12-03T18:00:00Z', '2026-12-03T18:45:00Z')
const kim = { name: 'Kim Lee', email: 'kim@example.com' }
const lee = { name: 'Lee', email: 'lee@example.com' }

/** A world with one booking in it. */
async function booked(t: Test, vendor: Vendor, changes: Parameters<typeof newBooking>[0] = {}) {
  const world = await newWorld(t, vendor)
  const open = await world.calendar()
  const wanted = newBooking(changes)
  const made = await open.create(wanted)
  world.standIn.ledger.length = 0
  // Whatever its id is by now.
  const event = () => world.standIn.events(email).findLast(({ properties }) => properties.bookingId === wanted.bookingId)
  return { ...world, open, wanted, made, event }
}

export async function changing(t: Test, vendor: Vendor): Promise<void> {
  const later = vendor.isScheduler ? laterHalfHour : laterAndLonger
  /** The event as it was made, at another time: a scheduler makes another of it. */
  const at = (made: CalendarEvent, times: Interval) => (vendor.isScheduler ? times : { ...made, ...times })

  t.test('the event of a booking is read as it stands now, wherever its owner has moved it', async (t) => {
    const { standIn, open, wanted, made } = await booked(t, vendor)
    t.same(made, { id: made.id, link: made.link, ...ten })
    t.same(await open.read(refOf(wanted)), made)
    standIn.moveEvent(email, made.id, later)
    t.match(await open.read(refOf(wanted)), at(made, later))
    t.match(await open.read({ ...refOf(wanted), eventId: made.id }), at(made, later), 'by the id that it had')
    if (vendor.isScheduler) return
    standIn.moveEvent(email, made.id, { allDay: { from: '2026-12-03', to: '2026-12-04' } })
    t.match(await open.read(refOf(wanted)), span('2026-12-03T05:00:00Z', '2026-12-04T05:00:00Z'), 'from midnight to midnight in New York')
  })

  t.test('a moved booking is the same event at the new time, in the new words, and the guest is told', async (t) => {
    const { standIn, open, wanted, made, event } = await booked(t, vendor)
    const next = { ...wanted, ...later, subject: 'Second viewing', description: 'Bring the keys.', location: '12 Elm St' }
    t.match(await open.update(made.id, next), at(made, later))
    t.has(event(), {
      ...(vendor.isScheduler ? {} : { subject: 'Second viewing', description: 'Bring the keys.', location: '12 Elm St' }),
      ...later,
      attendees: [kim],
      status: 'confirmed',
      showAs: 'busy',
      properties: { bookingId: wanted.bookingId },
      told: [
        { email: kim.email, what: 'invited', startsAt: ten.startsAt },
        { email: kim.email, what: 'changed', startsAt: later.startsAt },
      ],
    })
    t.equal(standIn.events(email).filter(({ status }) => status === 'confirmed').length, 1)
    t.match(await open.read(refOf(wanted)), at(made, later))
    t.same(shown(await busyTimes(open, week)), shown([later]), 'its former time is free')
  })

  t.test('a move that is repeated changes nothing more, and tells nobody again', async (t) => {
    const { open, wanted, made, event } = await booked(t, vendor)
    for (let time = 0; time < 3; time += 1) t.match(await open.update(made.id, { ...wanted, ...later }), at(made, later))
    t.same(
      event()?.told.map(({ what }) => what),
      ['invited', 'changed'],
    )
  })

  t.test('guests who come are invited, guests who go are told so', async (t) => {
    const { open, wanted, made, event } = await booked(t, vendor)
    await open.update(made.id, { ...wanted, attendees: [lee] })
    if (vendor.isScheduler) {
      t.match(event()?.attendees, [kim, lee], 'whom it does not let go')
      return
    }
    t.match(event()?.attendees, [lee])
    await open.update(made.id, { ...wanted, attendees: [] })
    t.same(
      event()?.told.map((one) => `${one.email} ${one.what}`),
      ['kim@example.com invited', 'lee@example.com invited', 'kim@example.com cancelled', 'lee@example.com cancelled'],
    )
  })

  t.test('what its owner has made a matter of whole days becomes an appointment again', { skip: vendor.isScheduler }, async (t) => {
    const { standIn, open, wanted, made, event } = await booked(t, vendor)
    standIn.moveEvent(email, made.id, { allDay: { from: '2026-12-03', to: '2026-12-04' } })
    t.match(await open.update(made.id, { ...wanted, ...later }), later)
    t.match(event(), later)
  })

  t.test('an event that is gone cannot be moved, and none is made in its place', async (t) => {
    const { standIn, open, wanted, made, event } = await booked(t, vendor)
    standIn.deleteEvent(email, made.id)
    await t.rejects(open.update(made.id, { ...wanted, ...later }), { name: 'AppError', code: 'event_missing' })
    const never = newBooking()
    await t.rejects(open.update(made.id.replace(/.{6}$/, '000000'), never), { code: 'event_missing' })
    t.match(event(), { ...ten, status: 'cancelled' })
    t.equal(standIn.events(email).length, 1)
    t.ok(standIn.ledger.every(({ method }) => method === 'GET'))
  })

  t.test('an event that is deleted while it is being moved is gone', async (t) => {
    const { standIn, open, wanted, made } = await booked(t, vendor)
    standIn.faults.add({ kind: 'slow', ms: 150, ...vendor.moving })
    const moving = open.update(made.id, { ...wanted, ...later })
    setTimeout(() => standIn.deleteEvent(email, made.id), 75)
    await t.rejects(moving, { code: 'event_missing' })
  })

  t.test("somebody else's event is neither moved nor cancelled, and neither is that of another booking moved", async (t) => {
    const { standIn, open, wanted, made } = await booked(t, vendor)
    const id = standIn.addEvent(email, { subject: 'Surgeon', attendees: [kim], ...ten })
    await t.rejects(open.update(id, { ...wanted, ...later }), { code: 'event_missing' })
    await open.cancel(id)
    const other = newBooking()
    await t.rejects(open.update(made.id, { ...other, ...later }), { code: 'event_missing' })
    t.match(standIn.events(email), [
      { id: made.id, ...ten, status: 'confirmed' },
      { id, subject: 'Surgeon', ...ten, status: 'confirmed', told: [] },
    ])
    t.ok(standIn.ledger.every(({ method }) => method === 'GET'))
  })

  t.test('when the answer to a move is lost, it is asked for once more, and the guest is told once', async (t) => {
    const { standIn, open, wanted, made, event } = await booked(t, vendor)
    standIn.faults.add({ kind: 'lost', ...vendor.moving })
    t.match(await open.update(made.id, { ...wanted, ...later }), later)
    t.equal(event()?.told.length, 2)
    if (vendor.isScheduler) return // what was lost is found
    standIn.faults.add({ kind: 'lost', ...vendor.moving, times: 2 })
    await t.rejects(open.update(made.id, wanted), { code: 'provider_unavailable' })
    t.match(await open.read(refOf(wanted)), ten, 'which of both it was, reading tells')
  })

  t.test('a refusal after a lost answer does not say that nothing was moved or cancelled', async (t) => {
    const { standIn, open, wanted, made } = await booked(t, vendor)
    for (const status of vendor.isScheduler ? [] : [429, 401, 403]) {
      standIn.faults.add({ kind: 'lost', ...vendor.moving })
      standIn.faults.add({ kind: 'status', status, ...vendor.moving })
      await t.rejects(open.update(made.id, { ...wanted, ...later }), { code: 'provider_unavailable' })
    }
    standIn.faults.add({ kind: 'lost', ...vendor.cancelling })
    standIn.faults.add({ kind: 'status', status: 429, ...vendor.cancelling })
    await t.rejects(open.cancel(made.id), { code: 'provider_unavailable' })
  })

  t.test('a cancelled booking has no event any more, its time is free, and the guest is told once', async (t) => {
    const { open, wanted, made, event } = await booked(t, vendor)
    await open.cancel(made.id)
    t.match(event(), { status: 'cancelled', told: [{ what: 'invited' }, { email: kim.email, what: 'cancelled' }] })
    t.equal(await open.read(refOf(wanted)), null)
    t.same(await busyTimes(open, week), [])
    await open.cancel(made.id)
    t.equal(event()?.told.length, 2, 'and cancelling again is success')
    await t.rejects(open.create(wanted), { code: 'slot_taken' }, 'the vendor remembers it')
    await t.rejects(open.update(made.id, wanted), { code: 'event_missing' })
  })

  t.test('an event without guests, one that the owner has deleted and one that never was are cancelled', async (t) => {
    const { standIn, open, made, event } = await booked(t, vendor, { attendees: [] })
    await open.cancel(made.id)
    t.match(event(), { status: 'cancelled', ...(vendor.isScheduler ? {} : { told: [] }) })
    const second = await open.create(newBooking())
    standIn.deleteEvent(email, second.id)
    await open.cancel(second.id)
    await open.cancel(made.id.replace(/.{6}$/, '000000'))
  })

  t.test('when the answer to a cancellation is lost, that it is gone is success', async (t) => {
    const { standIn, open, made, event } = await booked(t, vendor)
    standIn.faults.add({ kind: 'lost', ...vendor.cancelling })
    await open.cancel(made.id)
    t.match(event(), { status: 'cancelled' })
    t.equal(event()?.told.length, 2)
  })

  t.test("a booking's own event is not in its way, and everything else is", async (t) => {
    const { standIn, open, wanted, made } = await booked(t, vendor)
    const except = refOf(wanted)
    const hours = (from: string, to: string) => span(`2026-12-01T${from}:00Z`, `2026-12-01T${to}:00Z`)
    t.same(await busyTimes(open, week, { except }), [])
    t.same(shown(await busyTimes(open, week, { except: refOf(newBooking()) })), shown([ten]), 'another booking has no event here')
    t.same(shown(await busyTimes(open, week)), shown([ten]))
    const same = standIn.addEvent(email, { subject: 'x', ...ten })
    t.same(shown(await busyTimes(open, week, { except })), shown([ten]), 'what lies at the very same time stays')
    standIn.deleteEvent(email, same)
    if (!vendor.isScheduler) {
      const twin = await open.create(newBooking())
      t.same(shown(await busyTimes(open, week, { except })), shown([ten]), 'another booking too')
      await open.cancel(twin.id)
    }
    standIn.addEvent(email, { subject: 'free', showAs: 'free', ...ten })
    standIn.addEvent(email, { subject: 'declined', declined: true, ...ten })
    standIn.addEvent(email, { subject: 'off', cancelled: true, ...ten })
    t.same(await busyTimes(open, week, { except }), [], 'what does not block does not block beside it either')
    standIn.addEvent(email, { subject: 'before', ...hours('14:45', '15:15') })
    standIn.addEvent(email, { subject: 'after', ...hours('15:15', '15:30') })
    t.same(shown(await busyTimes(open, week, { except })), ['2026-12-01T14:45/2026-12-01T15:30'])
    t.same(await busyTimes(open, hours('16:00', '16:30'), { except }), [])
    t.same(shown(await busyTimes(open, hours('15:15', '15:45'), { except })), ['2026-12-01T15:15/2026-12-01T15:30'])
    t.notOk(standIn.ledger.some(({ query }) => /subject|summary|description/.test(`${query.$select} ${query.fields}`)))
    t.equal(made.id, (await open.read(except))?.id)
  })

  t.test('series and whole days beside an excepted event are busy as ever', async (t) => {
    const { standIn, open, wanted } = await booked(t, vendor)
    standIn.addEvent(email, { subject: 'daily', ...ten, recurrence: { every: 'day', count: 3 } })
    standIn.addEvent(email, { subject: 'day off', allDay: { from: '2026-12-05', to: '2026-12-06' } })
    const all = shown(await busyTimes(open, week))
    t.same(shown(await busyTimes(open, week, { except: refOf(wanted) })), all)
    t.equal(all.length, 4)
    standIn.setPageSize(1)
    t.same(shown(await busyTimes(open, week, { except: refOf(wanted) })), all, 'read to the last page')
  })

  t.test('an excepted event does not make an unreadable calendar free', async (t) => {
    const { standIn, open, wanted } = await booked(t, vendor)
    standIn.faults.add({ kind: 'status', status: 503, path: vendor.eventsPath, times: 2 })
    await t.rejects(busyTimes(open, week, { except: refOf(wanted) }), { code: 'provider_unavailable' })
    standIn.faults.add({ kind: 'status', status: 503, method: 'GET', times: 2 })
    await t.rejects(busyTimes(open, week, { except: refOf(wanted) }), { code: 'provider_unavailable' })
  })
}
