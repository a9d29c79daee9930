import type { Test } from 'tap'
import { email, newBooking, newWorld, refOf, span, type Vendor } from '../setup.ts'

export async function booking(t: Test, vendor: Vendor): Promise<void> {
  t.test('a booking becomes one event with the right time, zone and words, and the caller is invited', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const made = await (await calendar()).create(newBooking())
    t.match(made, { id: /./, link: /^https?:/ })
    const words = { subject: 'Viewing with Kim', description: 'Kim would like to see the garden.', location: '123 Main St' }
    const inNotes = { description: Object.values({ ...words, description: words.location, location: words.description }).join('\n') }
    t.match(standIn.events(email), [
      {
        id: made.id,
        ...(vendor.isScheduler ? inNotes : words),
        ...span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z'),
        timeZone: vendor.eventZone,
        attendees: [{ name: 'Kim Lee', email: 'kim@example.com' }],
        invitationsSent: true,
        status: 'confirmed',
        showAs: 'busy',
      },
    ])
    const writing = standIn.ledger.filter(({ method }) => method !== 'GET')
    t.equal(writing.length, 1)
    t.equal(standIn.ledger.length, vendor.isScheduler ? 3 : 1, 'looked at before, where nothing else keeps it from being two')
  })

  t.test('a booking without an e-mail address invites nobody', { skip: vendor.isScheduler }, async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    await (await calendar()).create(newBooking({ attendees: [] }))
    t.match(standIn.events(email), [{ attendees: [] }])
  })

  t.test('everybody whom a booking names is invited', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const attendees = ['kim', 'lee', 'sam'].map((name) => ({ name, email: `${name}@example.com` }))
    await (await calendar()).create(newBooking({ attendees, customer: { name: 'kim', email: 'kim@example.com', phone: null } }))
    t.match(standIn.events(email), [{ attendees: attendees.map(({ email }) => ({ email })), invitationsSent: true }])
  })

  t.test('what was booked is busy', async (t) => {
    const { calendar } = await newWorld(t, vendor)
    const open = await calendar()
    await open.create(newBooking())
    t.same(await open.busy(span('2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z')), [span('2026-12-01T15:00:00Z', '2026-12-01T15:30:00Z')])
  })

  for (const [timeZone, night] of [
    ['America/New_York', '2026-11-01T04:00:00Z'],
    ['America/New_York', '2027-03-14T05:00:00Z'],
    ['Europe/Berlin', '2026-10-24T22:00:00Z'],
    ['Europe/Berlin', '2027-03-27T23:00:00Z'],
  ] as const) {
    t.test(`each half hour of the night of ${night.slice(0, 10)} in ${timeZone} is booked at its instant`, async (t) => {
      const { standIn, calendar } = await newWorld(t, vendor, { timeZone })
      const open = await calendar()
      for (let half = 0; half < 10; half += 1) {
        const startsAt = new Date(Date.parse(night) + half * 1_800_000)
        const times = { startsAt, endsAt: new Date(startsAt.getTime() + 1_800_000) }
        const { id } = await open.create(newBooking({ ...times, timeZone }))
        t.match(
          standIn.events(email).find((event) => event.id === id),
          times,
        )
      }
    })
  }

  t.test('the same booking created twice is one event, in turn and at once', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    const wanted = newBooking()
    const made = [await open.create(wanted), await open.create(wanted), ...(await Promise.all([open.create(wanted), open.create(wanted)]))]
    t.equal(new Set(made.map(({ id }) => id)).size, 1)
    t.equal(standIn.events(email).length, 1)
  })

  t.test('when the vendor acts and its answer is lost, there is one event and we find it', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    standIn.faults.add({ kind: 'lost', method: 'POST', path: vendor.createPath })
    const made = await open.create(newBooking())
    t.same(
      standIn.events(email).map(({ id }) => id),
      [made.id],
    )
  })

  t.test('when every answer is lost, the outcome is unknown, and asking later still gives one event', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    const wanted = newBooking()
    standIn.faults.add({ kind: 'lost', times: Number.POSITIVE_INFINITY })
    await t.rejects(open.create(wanted), { code: 'provider_unavailable' })
    standIn.faults.clear()
    const made = await open.create(wanted)
    t.same(
      standIn.events(email).map(({ id }) => id),
      [made.id],
    )
  })

  // Where it is looked at first, what was lost is found.
  t.test('a refusal after a lost answer does not count as "nothing happened"', { skip: vendor.isScheduler }, async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    const wanted = newBooking()
    for (const status of [429, 401, 403, 404]) {
      standIn.faults.add({ kind: 'lost', method: 'POST', path: vendor.createPath })
      standIn.faults.add({ kind: 'status', status, method: 'POST', path: vendor.createPath })
      await t.rejects(open.create(wanted), { code: 'provider_unavailable' })
    }
    for (const status of [429, 401, 403]) {
      standIn.faults.add({ kind: 'status', status, method: 'GET' })
      await t.rejects(open.create(wanted), { code: 'provider_unavailable' }, 'nor does one while looking for the first event')
    }
    t.match(await open.create(wanted), { id: standIn.events(email)[0]?.id })
    t.equal(standIn.events(email).length, 1)
  })

  t.test('the event of a booking is found, and neither a deleted one nor one that never was', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    const wanted = newBooking()
    t.equal(await open.read(refOf(wanted)), null)
    const made = await open.create(wanted)
    await open.create(newBooking(span('2026-12-01T16:00:00Z', '2026-12-01T16:30:00Z')))
    t.match(await open.read(refOf(wanted)), { id: made.id })
    standIn.deleteEvent(email, made.id)
    t.equal(await open.read(refOf(wanted)), null)
    standIn.faults.add({ kind: 'status', status: 503, times: 2 })
    await t.rejects(open.read(refOf(wanted)), { code: 'provider_unavailable' }, 'not knowing is not "none"')
  })

  t.test('a booking whose event the owner has deleted is not success', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    const wanted = newBooking()
    standIn.deleteEvent(email, (await open.create(wanted)).id)
    await t.rejects(open.create(wanted), { code: 'slot_taken' })
    t.same(
      standIn.events(email).filter(({ status }) => status !== 'cancelled'),
      [],
    )
  })

  t.test('two bookings are two events, and at the same time where the vendor leaves it to us to prevent conflicts', async (t) => {
    const { standIn, calendar } = await newWorld(t, vendor)
    const open = await calendar()
    await open.create(newBooking())
    if (vendor.isScheduler) await t.rejects(open.create(newBooking()), { name: 'AppError', code: 'slot_taken' })
    await open.create(newBooking(vendor.isScheduler ? span('2026-12-01T16:00:00Z', '2026-12-01T16:30:00Z') : {}))
    t.equal(standIn.events(email).length, 2)
  })
}
