import { sql } from 'kysely'
import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'

const test = await testApp(t)
const TEN = { start_time: '2026-12-01T10:00:00-06:00', attendee_name: 'Kim Lee' }
const SLOT = { start_time: '2026-12-01T10:00:00-06:00', end_time: '2026-12-01T10:30:00-06:00' }

/** As if so long ago the vendor had taken her bookings. */
function age(owner: ConnectedOwner, minutes: number) {
  const updatedAt = sql<Date>`now() - ${minutes} * interval '1 minute'`
  return inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.updateTable('bookings').set({ updatedAt }).execute())
}

const get = async (owner: ConnectedOwner, url: string) => (await test.app.inject({ url, headers: owner.headers() })).json()
const post = (owner: ConnectedOwner, subject: string) =>
  test.app.inject({ method: 'POST', url: '/calendar/events', headers: owner.headers(), payload: { subject, ...SLOT } })

for (const vendor of ['google', 'microsoft'] as const) {
  /** An owner with one appointment that a caller has booked, at ten. */
  const booked = async () => {
    const owner = await test.owner({ vendor })
    const seen = watch(test, owner)
    t.match((await owner.call('book_appointment', TEN)).result, /^You are booked/)
    const [event] = seen.live()
    if (!event) throw new Error('there is no event')
    return { owner, event, ...seen }
  }
  const isOffered = async (owner: ConnectedOwner) => {
    const { available_slots } = await get(owner, '/calendar/availability?days_ahead=3')
    return available_slots.some((slot: { start_time: string }) => slot.start_time === SLOT.start_time)
  }

  t.test(`${vendor}: an owner who deletes an appointment in her calendar has the time back, to offer and to book`, async (t) => {
    const { owner, event, standIn, statuses, live } = await booked()
    standIn.deleteEvent(owner.calendarEmail, event.id)
    await age(owner, 3)
    t.ok(await isOffered(owner))
    t.same(await statuses(), ['cancelled'])
    t.equal((await post(owner, 'Notary')).statusCode, 201)
    t.same(await statuses(), ['cancelled', 'confirmed'])
    t.match(live(), [{ subject: 'Notary' }])
  })

  t.test(`${vendor}: the time is given back to a caller who asks for it at once`, async (t) => {
    const { owner, event, standIn, statuses, live } = await booked()
    standIn.deleteEvent(owner.calendarEmail, event.id)
    await age(owner, 3)
    const again = await Promise.all(['call-2', 'call-3'].map((callId) => owner.call('book_appointment', TEN, { callId })))
    t.equal(again.filter(({ result }) => result?.startsWith('You are booked')).length, 1, JSON.stringify(again))
    t.same((await statuses()).sort(), ['cancelled', 'confirmed'])
    t.equal(live().length, 1)

    standIn.deleteEvent(owner.calendarEmail, live()[0]?.id ?? '')
    await age(owner, 3)
    standIn.faults.add({ kind: 'slow', ms: 100, times: 6, path: /freeBusy|calendarView/ })
    const twins = await Promise.all([1, 2, 3].map(() => owner.call('book_appointment', TEN, { callId: 'call-4', toolCallId: 'same' })))
    standIn.faults.clear()
    t.ok(
      twins.every(({ result }) => result?.startsWith('You are booked')),
      `delivered thrice, it is never called taken: ${JSON.stringify(twins)}`,
    )
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: what was booked a moment ago is taken, whatever a calendar shows yet`, async (t) => {
    const { owner, event, standIn, statuses } = await booked()
    standIn.deleteEvent(owner.calendarEmail, event.id)
    t.notOk(await isOffered(owner))
    standIn.ledger.length = 0
    t.equal((await post(owner, 'Notary')).statusCode, 409)
    t.same(standIn.ledger, [], 'and no calendar is asked about it')
    t.same(await statuses(), ['confirmed'])
  })

  t.test(`${vendor}: an appointment that she shows as free is still one`, async (t) => {
    const { owner, event, standIn, statuses } = await booked()
    standIn.showEventAs(owner.calendarEmail, event.id, 'free')
    await age(owner, 3)
    t.notOk(await isOffered(owner))
    t.equal((await post(owner, 'Notary')).statusCode, 409)
    t.same(await statuses(), ['confirmed'])
  })

  t.test(`${vendor}: a calendar that cannot tell whether it was deleted frees nothing`, async (t) => {
    const { owner, event, standIn, statuses } = await booked()
    standIn.showEventAs(owner.calendarEmail, event.id, 'free')
    await age(owner, 3)
    const asked = vendor === 'google' ? /\/events\/bk/ : /singleValueExtendedProperties/
    standIn.faults.add({ kind: 'status', status: 500, path: asked, times: Number.POSITIVE_INFINITY })
    t.teardown(() => standIn.faults.clear())
    t.equal((await post(owner, 'Notary')).statusCode, 502)
    t.match((await owner.call('book_appointment', TEN, { callId: 'call-2' })).error, /does not answer/)
    t.same(await statuses(), ['confirmed'])
  })
}
