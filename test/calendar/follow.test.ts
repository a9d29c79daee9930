import { sql } from 'kysely'
import t from 'tap'
import { work } from '../../src/background.ts'
import { tellVendor } from '../../src/bookings/tell-vendor.ts'
import { findToFollow, followCalendar } from '../../src/calendar/follow-calendar.ts'
import { untold } from '../../src/db/bookings.ts'
import { inTenant } from '../../src/db/client.ts'
import type { Deps } from '../../src/deps.ts'
import type { Calendar, Interval } from '../../src/providers/provider.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { at, caller, standingStill } from '../setup/changes.ts'
import { bringJobsForward, jobs, runJobs } from '../setup/jobs.ts'

const test = await testApp(t)
const HALF_HOUR = 30 * 60_000
const until = (startsAt: Date, ms = HALF_HOUR) => ({ startsAt, endsAt: new Date(startsAt.getTime() + ms) })
const never = new AbortController().signal

/** As if her bookings had been made so long ago that every view of the calendar shows them. */
async function settled({ clerkUserId }: ConnectedOwner) {
  const updatedAt = sql<Date>`now() - interval '3 minutes'`
  await inTenant(test.deps.db, clerkUserId, (trx) => trx.updateTable('bookings').set({ updatedAt }).execute())
}

async function connectionOf({ clerkUserId }: ConnectedOwner) {
  return inTenant(test.deps.db, clerkUserId, (trx) => trx.selectFrom('oauthTokens').select(['id', 'lookedAt']).executeTakeFirstOrThrow())
}

async function look(owner: ConnectedOwner, deps: Deps = test.deps) {
  await followCalendar(deps, { clerkUserId: owner.clerkUserId, connectionId: (await connectionOf(owner)).id }, never)
}

/** What was told of her appointments once they stood, whoever did it, and what the event log has. */
function told({ clerkUserId }: ConnectedOwner) {
  return inTenant(test.deps.db, clerkUserId, async (trx) => ({
    notices: await trx
      .selectFrom('notices')
      .select(['kind', 'madeBy', 'text'])
      .where('kind', '<>', 'booking_created')
      .orderBy('createdAt')
      .execute(),
    events: await trx
      .selectFrom('eventLog')
      .select(['action', 'actor', 'details'])
      .where('action', 'in', ['booking.moved', 'booking.cancelled'])
      .execute(),
  }))
}

for (const vendor of ['google', 'microsoft', 'calcom'] as const) {
  /** A caller with an appointment at ten, long enough ago. */
  const booked = async (...more: Date[]) => {
    const ana = await caller(test.afresh(), vendor)
    for (const startsAt of [at(10), ...more]) {
      const { result } = await ana.book(startsAt, undefined, EMAIL)
      if (!result?.startsWith('You are booked')) throw new Error(`not booked: ${result}`)
    }
    await settled(ana.owner)
    const [event] = ana.live().filter(({ startsAt }) => startsAt.getTime() === at(10).getTime())
    if (!event) throw new Error('there is no event')
    const moveTo = (startsAt: Date, ms?: number) => ana.standIn.moveEvent(ana.owner.calendarEmail, event.id, until(startsAt, ms))
    return { ...ana, event, moveTo }
  }
  const EMAIL = { attendee_email: 'ana@example.com' }

  t.test(`${vendor}: an appointment that its owner moves in her calendar is when she has moved it to, once`, async (t) => {
    const ana = await booked()
    const code = await ana.code()
    await look(ana.owner)
    t.same((await told(ana.owner)).notices, [], 'while nothing has changed, nothing is told')
    ana.moveTo(at(14))
    await Promise.all([look(ana.owner), look(ana.owner)])
    await settled(ana.owner)
    await look(ana.owner)
    const [row] = await ana.rows()
    t.same([row?.status, row?.startsAt, row?.endsAt], ['confirmed', at(14), at(14, 30)])
    t.equal(row?.providerEventId, ana.live()[0]?.id, 'known by the id that its event has now')
    const { notices, events } = await told(ana.owner)
    t.match(notices, [{ kind: 'booking_moved', madeBy: 'owner', text: /^In your calendar .* from .*10:00 AM.* to .*2:00 PM/ }])
    t.equal(notices.length, 1, 'two processes that look at once tell it once')
    t.match(events, [
      { action: 'booking.moved', actor: 'system', details: { old_start_time: at(10).toISOString(), new_start_time: at(14).toISOString() } },
    ])
    t.equal(events.length, 1)
    const found = await ana.find({ vapiCallId: 'another call', code })
    t.same('booking' in found && found.booking.startsAt, at(14), 'its code is good, and leads to the new time')
    t.match((await ana.book(at(10), undefined, EMAIL)).result, /^You are booked/, 'the old time is free')
    t.notMatch((await ana.book(at(14), undefined, EMAIL)).result ?? '', /^You are booked/)
  })

  t.test(`${vendor}: an appointment that its owner deletes in her calendar is off, once, and its code is dead`, async (t) => {
    const ana = await booked()
    const code = await ana.code()
    ana.standIn.deleteEvent(ana.owner.calendarEmail, ana.event.id)
    await Promise.all([look(ana.owner), look(ana.owner)])
    t.same(await ana.statuses(), ['cancelled'])
    const { notices, events } = await told(ana.owner)
    t.match(notices, [{ kind: 'booking_cancelled', madeBy: 'owner', text: /no longer in your calendar/ }])
    t.same([notices.length, events.length], [1, 1])
    t.match(await ana.find({ vapiCallId: 'another call', code }), { refused: 'not_proven' })
  })

  t.test(`${vendor}: another length, a time that has begun, and back again: the appointment is what the event is`, async (t) => {
    const ana = await booked()
    const times = async () => (await ana.rows()).map(({ startsAt, endsAt }) => [startsAt, endsAt])
    let id = ana.event.id
    for (const time of [
      until(at(10), 3 * HALF_HOUR),
      until(new Date(test.deps.clock.now().getTime() - HALF_HOUR), 2 * HALF_HOUR),
      until(at(11)),
    ]) {
      id = ana.standIn.moveEvent(ana.owner.calendarEmail, id, time) ?? id
      await settled(ana.owner)
      await look(ana.owner)
      t.same(await times(), [[time.startsAt, time.endsAt]])
    }
    const [longer] = (await told(ana.owner)).notices
    t.match(
      longer,
      { kind: 'booking_moved', text: /on .*10:00 AM ends on .*11:30 AM now, and so does the appointment/ },
      'told as what it is',
    )
    if (vendor === 'calcom') return
    ana.standIn.moveEvent(ana.owner.calendarEmail, id, { allDay: { from: '2026-12-02T00:00', to: '2026-12-03T00:00' } })
    await settled(ana.owner)
    await look(ana.owner)
    t.same(await times(), [[new Date('2026-12-02T06:00:00Z'), new Date('2026-12-03T06:00:00Z')]], 'a whole day')
  })

  t.test(`${vendor}: moved onto another appointment it stays where it was, and its owner is told once`, async (t) => {
    const ana = await booked(at(13))
    ana.moveTo(at(13, 15))
    await look(ana.owner)
    await look(ana.owner)
    t.same((await ana.rows()).map(({ startsAt }) => startsAt).sort(), [at(10), at(13)])
    const { notices, events } = await told(ana.owner)
    t.match(notices, [{ kind: 'booking_conflict', text: /moved from .*10:00 AM.* to .*1:15 PM.*, where another appointment is/ }])
    t.same([notices.length, events.length], [1, 0])
  })

  t.test(`${vendor}: appointments that change places follow, in one look and without a word of a conflict`, async (t) => {
    const ana = await booked(at(13), at(13, 30))
    const events = new Map(ana.live().map((event) => [event.startsAt.getTime(), event.id]))
    const free = at(17)
    const idAt = (time: Date) => events.get(time.getTime()) ?? ''
    const move = (id: string, to: Date) => ana.standIn.moveEvent(ana.owner.calendarEmail, id, until(to)) ?? id
    // Two change places by way of a third, the last follows into what is left.
    const first = move(idAt(at(10)), free)
    move(idAt(at(13)), at(10))
    move(idAt(at(13, 30)), at(13))
    move(first, at(13, 30))
    const was = new Map((await ana.rows()).map(({ id, startsAt }) => [id, startsAt.getTime()]))
    await look(ana.owner)
    const now = new Map((await ana.rows()).map(({ id, startsAt }) => [was.get(id), startsAt]))
    t.same(
      [at(10), at(13), at(13, 30)].map((time) => now.get(time.getTime())),
      [at(13, 30), at(10), at(13)],
    )
    t.same(
      (await told(ana.owner)).notices.map(({ kind }) => kind),
      ['booking_moved', 'booking_moved', 'booking_moved'],
    )
  })

  t.test(`${vendor}: what its vendor is told late of an appointment does not undo its owner's move`, async (t) => {
    const ana = await booked()
    const [row] = await ana.rows()
    const { clerkUserId } = ana.owner
    await inTenant(test.deps.db, clerkUserId, (trx) => trx.updateTable('bookings').set(untold('update')).execute())
    ana.moveTo(at(14))
    await tellVendor(test.deps, { clerkUserId, bookingId: row?.id ?? '' }, AbortSignal.timeout(5000))
    t.same(
      ana.live().map(({ startsAt }) => startsAt),
      [at(14)],
    )
    await settled(ana.owner)
    await look(ana.owner)
    t.same(
      (await ana.rows()).map(({ startsAt, toTell }) => [startsAt, toTell]),
      [[at(14), null]],
    )
  })

  t.test(
    `${vendor}: from a calendar that cannot be read nothing follows, and what was booked a moment ago is looked at later`,
    async (t) => {
      const ana = await booked()
      ana.moveTo(at(14))
      ana.standIn.faults.add({ kind: 'status', status: 500, path: /./, times: Number.POSITIVE_INFINITY })
      await look(ana.owner)
      ana.standIn.faults.clear()
      t.same(await ana.statuses(), ['confirmed'])
      t.same((await ana.rows())[0]?.startsAt, at(10))
      const { clerkUserId } = ana.owner
      await inTenant(test.deps.db, clerkUserId, (trx) => trx.updateTable('bookings').set({ updatedAt: sql<Date>`now()` }).execute())
      await look(ana.owner)
      t.same((await ana.rows())[0]?.startsAt, at(10), 'perhaps its vendor does not show yet what we have written')
      const waiting = (await jobs(test)).filter(
        ({ name, data }) => name === 'follow-calendar' && JSON.stringify(data).includes(clerkUserId),
      )
      t.equal(waiting.length, 1)
      t.ok((waiting[0]?.waits ?? 0) > 110 && (waiting[0]?.waits ?? 0) <= 120)
      await settled(ana.owner)
      await bringJobsForward(test, { of: clerkUserId })
      await runJobs(test)
      t.same((await ana.rows())[0]?.startsAt, at(14))
    },
  )

  t.test(`${vendor}: a caller who moves an appointment while its owner does is not overtaken`, async (t) => {
    const ana = await booked()
    const reading = pausedRead(vendor)
    ana.moveTo(at(14))
    const looking = look(ana.owner, reading.deps)
    await reading.reached
    t.match(await ana.move(at(15)), { kind: 'moved' })
    reading.go()
    await looking
    t.same(
      (await ana.rows()).map(({ startsAt }) => startsAt),
      [at(15)],
      'what was read before says nothing of it',
    )

    await settled(ana.owner)
    const still = standingStill(test, vendor, 'update', 'after')
    const moving = ana.move(at(16), { deps: still.deps })
    await still.reached
    await look(ana.owner)
    t.equal(
      (await ana.rows()).find(({ moves }) => moves === null)?.startsAt.getTime(),
      at(15).getTime(),
      'whoever moves it says how it ends',
    )
    still.go()
    t.match(await moving, { kind: 'moved' })
    t.same(
      (await ana.rows()).map(({ startsAt }) => startsAt),
      [at(16)],
    )
    const kinds = (await told(ana.owner)).notices.map(({ kind, madeBy }) => [kind, madeBy])
    t.same(kinds, [
      ['booking_moved', 'caller'],
      ['booking_moved', 'caller'],
    ])
  })
}

/** The same service, in which a reading of one event stands still until `go`. */
function pausedRead(vendor: string) {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const provider = test.deps.providers.get(vendor)
  if (!provider) throw new Error(`no ${vendor}`)
  const calendar = (...account: Parameters<typeof provider.calendar>): Calendar => {
    const real = provider.calendar(...account)
    const read: Calendar['read'] = async (booking) => {
      const event = await real.read(booking)
      reached.resolve()
      await opened.promise
      return event
    }
    return { ...real, read }
  }
  const deps: Deps = { ...test.deps, providers: new Map([[vendor, { ...provider, calendar }]]) }
  return { deps, reached: reached.promise, go: () => opened.resolve() }
}

t.test('an appointment that its owner puts right next to another one follows, whatever buffers callers have to keep', async (t) => {
  const ana = await caller(test.afresh(), 'google')
  await inTenant(test.deps.db, ana.owner.clerkUserId, (trx) =>
    trx.updateTable('businesses').set({ bufferBeforeMinutes: 15, bufferAfterMinutes: 15 }).execute(),
  )
  for (const hour of [10, 13]) t.match((await ana.book(at(hour))).result, /^You are booked/)
  await settled(ana.owner)
  const [event] = ana.live().filter(({ startsAt }) => startsAt.getTime() === at(10).getTime())
  ana.standIn.moveEvent(ana.owner.calendarEmail, event?.id ?? '', until(at(13, 30)))
  await look(ana.owner)
  t.same((await ana.rows()).map(({ startsAt }) => startsAt.getTime()).sort(), [at(13).getTime(), at(13, 30).getTime()])
  t.same(
    (await told(ana.owner)).notices.map(({ kind }) => kind),
    ['booking_moved'],
  )
})

t.test('an appointment of next year is looked at without a list of all that lies before it', async (t) => {
  const ana = await caller(test.afresh(), 'google')
  for (const hour of [10, 13]) await ana.book(at(hour))
  const nextYear = new Date('2027-11-02T16:00:00Z')
  const [event] = ana.live().filter(({ startsAt }) => startsAt.getTime() === at(13).getTime())
  const later = async (change: () => void) => {
    change()
    await settled(ana.owner)
    const asked: Interval[] = []
    const provider = test.deps.providers.get('google')
    if (!provider) throw new Error('no google')
    const calendar = (...account: Parameters<typeof provider.calendar>): Calendar => {
      const real = provider.calendar(...account)
      const events: Calendar['events'] = (range, timeZone) => {
        asked.push(range)
        return real.events(range, timeZone)
      }
      return { ...real, events }
    }
    await look(ana.owner, { ...test.deps, providers: new Map([['google', { ...provider, calendar }]]) })
    return asked
  }
  await later(() => ana.standIn.moveEvent(ana.owner.calendarEmail, event?.id ?? '', until(nextYear)))
  const asked = await later(() => ana.standIn.deleteEvent(ana.owner.calendarEmail, event?.id ?? ''))
  t.same(asked, [until(at(10)), until(nextYear)])
  t.same((await ana.statuses()).sort(), ['cancelled', 'confirmed'])
})

t.test('every calendar with appointments to come is looked at within a quarter of an hour, and no other', async (t) => {
  test.afresh()
  const [ana, ben, idle] = [await caller(test, 'google'), await caller(test, 'microsoft'), await caller(test, 'google')]
  for (const one of [ana, ben]) {
    await one.book(at(10))
    await settled(one.owner)
    one.standIn.deleteEvent(one.owner.calendarEmail, one.live()[0]?.id ?? '')
  }
  const lookedAt = (minutes: number) =>
    Promise.all(
      [ana, ben, idle].map(({ owner }) =>
        inTenant(test.deps.db, owner.clerkUserId, (trx) =>
          trx
            .updateTable('oauthTokens')
            .set({ lookedAt: sql<Date>`now() - ${minutes} * interval '1 minute'` })
            .execute(),
        ),
      ),
    )
  const waiting = async ({ owner }: typeof ana) =>
    (await jobs(test)).filter(({ name, data }) => name === 'follow-calendar' && JSON.stringify(data).includes(owner.clerkUserId))
  await lookedAt(9)
  await findToFollow(test.deps)
  t.same([...(await waiting(ana)), ...(await waiting(ben))], [], 'not more often than it has to be')
  await lookedAt(11)
  await Promise.all([findToFollow(test.deps), findToFollow(test.deps)])
  const waits = [...(await waiting(ana)), ...(await waiting(ben))].map((one) => one.waits)
  t.equal(waits.length, 2, 'one look each, however many processes find it due')
  t.ok(Math.abs((waits[0] ?? 0) - (waits[1] ?? 0)) > 20 && Math.max(...waits) < 60, 'the looks of one minute are spread over it')
  // A vendor that is dead is nobody else's trouble.
  ana.standIn.faults.add({ kind: 'silent', path: /./, times: Number.POSITIVE_INFINITY })
  for (const { owner } of [ana, ben, idle]) await bringJobsForward(test, { of: owner.clerkUserId })
  const { config } = test.deps
  const impatient = { ...test.deps, config: { ...config, timeouts: { ...config.timeouts, providerCreateMs: 150 } } }
  await runJobs({ deps: impatient }, { ...work, 'look-for-conflict': async () => {} })
  ana.standIn.faults.clear()
  t.same([await ana.statuses(), await ben.statuses()], [['confirmed'], ['cancelled']])
  t.same(await waiting(idle), [], 'where nothing is to come nobody looks')
})
