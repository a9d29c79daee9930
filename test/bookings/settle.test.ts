import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { settleBookingLater } from '../../src/bookings/later.ts'
import { openDiary } from '../../src/calendar/access.ts'
import { type Booking, holdBooking, markAsked } from '../../src/db/bookings.ts'
import { inTenant } from '../../src/db/client.ts'
import { useCalendar } from '../../src/oauth/use-calendar.ts'
import { type ConnectedOwner, NOW, testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import { eachMatches } from '../setup/each-matches.ts'
import { bringJobsForward } from '../setup/jobs.ts'
import { cuttableLine } from '../setup/line.ts'
import { say, soundEntries } from '../setup/voice.ts'
import { common, toolCalls } from '../world/vapi/messages.ts'

const env = {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '300',
  PROVIDER_CREATE_TIMEOUT_MS: '300',
  TOOL_CALL_TIMEOUT_MS: '2500',
}
const test = await testApp(t, env)
const SILENT = { method: 'POST', path: /\/events(\?|$)/, kind: 'silent', times: Number.POSITIVE_INFINITY } as const
const NINE = { start_time: '2026-12-01T09:00', name: 'Ana' }
const [startsAt, endsAt] = [new Date('2026-12-01T15:00:00Z'), new Date('2026-12-01T15:30:00Z')]

/** What a process leaves that is killed after it took the time, before or while it asked the vendor. */
async function leftBehind(owner: ConnectedOwner, { asked }: { asked: boolean }): Promise<Booking | undefined> {
  const id = crypto.randomUUID()
  const booking = await inTenant(test.deps.db, owner.clerkUserId, async (trx) => {
    const { id: connectionId, calendarId } = await trx.selectFrom('oauthTokens').select(['id', 'calendarId']).executeTakeFirstOrThrow()
    const customer = { customerName: 'Ana', customerEmail: null, customerPhone: null }
    const rest = {
      bookedBy: 'caller',
      guests: [],
      subject: 'Viewing',
      address: null,
      notes: null,
      vapiCallId: 'call-1',
      operationKey: id,
      wish: null,
      callKey: id,
      timeZone: 'America/Chicago',
    }
    const held = await holdBooking(trx, {
      clerkUserId: owner.clerkUserId,
      id,
      appointmentId: id,
      connectionId,
      calendarId,
      startsAt,
      endsAt,
      ...customer,
      ...rest,
      during: { startsAt, endsAt },
      leaseMs: 1,
    })
    if (held) await settleBookingLater(test.deps, trx, held, 1)
    if (held && asked) await markAsked(trx, held)
    return held
  })
  await delay(5)
  return booking
}

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: what a killed process left is finished by the next, once, however many there are`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, statuses } = watch(test, owner)
    await leftBehind(owner, { asked: true })
    test.world[vendor].faults.add({ kind: 'slow', ms: 50, method: 'POST' })
    const taken = await Promise.all([settle(test), settle(test), settle(test)])
    t.equal(
      taken.reduce((sum, one) => sum + one),
      1,
      'one of them took it up',
    )
    t.same(await statuses(), ['confirmed'])
    t.has(live(), [{ startsAt, endsAt, subject: 'Viewing' }])
    t.equal(await settle(test), 0)
  })

  t.test(`${vendor}: what a killed process left does not go over an event that came meanwhile`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, rows } = watch(test, owner)
    await leftBehind(owner, { asked: true })
    test.world[vendor].addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt, endsAt })
    await settle(test)
    eachMatches(t, await rows(), [{ status: 'failed', failure: 'slot_taken' }])
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: an event that was made before the process died is found, and not made again`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, statuses } = watch(test, owner)
    const booking = await leftBehind(owner, { asked: true })
    if (!booking) throw new Error('nothing was held')
    const { connections } = await inTenant(test.deps.db, owner.clerkUserId, (trx) => openDiary(test.deps, trx, owner.clerkUserId))
    for (const connection of connections) {
      const event = {
        bookingId: booking.id,
        subject: 'Viewing',
        description: '',
        location: '',
        startsAt,
        endsAt,
        attendees: [],
        customer: null,
      }
      await useCalendar(test.deps, connection, AbortSignal.timeout(2000), (calendar) =>
        calendar.create({ ...event, timeZone: 'America/Chicago' }),
      )
    }
    test.setNow(new Date('2026-12-01T15:10:00Z'))
    await settle(test)
    test.setNow(NOW)
    t.same(await statuses(), ['confirmed'], 'however late that is')
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: an event that its owner has deleted before it was confirmed is no success, and is not made again`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, rows, standIn, notices, expireLeases } = watch(test, owner)
    standIn.faults.add({ ...SILENT, kind: 'lost' })
    t.match((await owner.call('book_appointment', NINE)).error, /^I am holding/)
    standIn.faults.clear()
    standIn.deleteEvent(owner.calendarEmail, live()[0]?.id ?? '')
    await expireLeases()
    await settle(test)
    eachMatches(t, await rows(), [{ status: 'failed', failure: 'slot_taken' }])
    t.same(live(), [])
    eachMatches(t, await notices(), [{ kind: 'booking_failed' }])
    t.match((await owner.call('book_appointment', NINE, { callId: 'another' })).result, /^You are booked/, 'and its time is free')
  })

  t.test(`${vendor}: where the vendor was never asked the time is free at once, and the same call may try again`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, rows } = watch(test, owner)
    await leftBehind(owner, { asked: false })
    await settle(test)
    eachMatches(t, await rows(), [{ status: 'failed', failure: 'unavailable' }])
    t.equal(live().length, 0)
    t.match((await owner.call('book_appointment', NINE)).result, /^You are booked/)
  })

  t.test(`${vendor}: a vendor that stays silent keeps the time for a while, then gives it free`, async (t) => {
    const owner = await test.owner({ vendor })
    const { standIn, live, statuses, rows, expireLeases, age } = watch(test, owner)
    standIn.faults.add(SILENT)
    t.match((await owner.call('book_appointment', NINE, { toolCallId: 'same' })).error, /^I am holding/)
    const again = performance.now()
    t.match((await owner.call('book_appointment', NINE, { toolCallId: 'same' })).error, /^I am holding/, 'the same call again: still open')
    t.ok(performance.now() - again < 2500)
    await age(14)
    await expireLeases()
    await settle(test)
    t.same(await statuses(), ['held'], 'fourteen minutes')
    await age(2)
    await expireLeases()
    await settle(test)
    eachMatches(t, await rows(), [{ status: 'failed', failure: 'provider_unavailable' }])
    standIn.faults.clear()
    const repeated = await owner.call('book_appointment', NINE, { toolCallId: 'same' })
    t.notOk(repeated.result, 'the same call hears that it did not work')
    t.match((await owner.call('book_appointment', NINE, { callId: 'another' })).result, /^You are booked/)
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: a calendar that was disconnected meanwhile is left alone`, async (t) => {
    const owner = await test.owner({ vendor })
    const { live, rows } = watch(test, owner)
    await leftBehind(owner, { asked: true })
    const path = vendor === 'google' ? '/calendar/google/auth/disconnect' : '/calendar/auth/disconnect'
    t.equal((await test.app.inject({ method: 'DELETE', url: path, headers: owner.headers() })).statusCode, 200)
    await settle(test)
    eachMatches(t, await rows(), [{ status: 'failed', failure: 'calendar_not_connected' }])
    t.equal(live().length, 0)
  })

  t.test(`${vendor}: whatever the vendor's own limits, the caller is answered within the budget`, async (t) => {
    const patient = await testApp(t, { PROVIDER_TIMEOUT_MS: '60000', PROVIDER_CREATE_TIMEOUT_MS: '60000', TOOL_CALL_TIMEOUT_MS: '1500' })
    const owner = await patient.owner({ vendor })
    for (const path of [/\/events(\?|$)/, /freeBusy|calendarView/, /\/token$/]) {
      patient.world[vendor].expireAccessTokens(owner.calendarEmail)
      patient.world[vendor].faults.add({
        kind: 'silent',
        path,
        times: Number.POSITIVE_INFINITY,
        ...(path.test('/events') ? { method: 'POST' } : {}),
      })
      const startedAt = performance.now()
      const answer = await owner.call('book_appointment', NINE, { callId: String(path) })
      t.ok(performance.now() - startedAt < 1500, `${performance.now() - startedAt} ms`)
      t.match(answer.error, /^(I am holding|The diary does not answer|That time is taken)/)
      patient.world[vendor].faults.clear()
    }
  })
}

t.test('the database goes away during a call: the caller hears a sentence, REST a 503, and afterwards all goes on', async (t) => {
  const owner = await test.owner()
  const { standIn, live, statuses, expireLeases } = watch(test, owner)
  const line = await cuttableLine(t, test.database.url)
  const app = await buildApp({ ...test.deps, db: line.db })
  t.teardown(() => app.close())
  const headers = { 'x-vapi-secret': owner.secret }
  const book = (toolCallId: string, time: string) => {
    const call = { id: toolCallId, name: 'book_appointment', arguments: { start_time: time } }
    return say({ app }, toolCalls([call], { assistantId: owner.assistantId }), { headers })
  }

  for (const fault of [/freeBusy/, /\/events(\?|$)/]) {
    standIn.faults.add({ kind: 'slow', ms: 200, path: fault })
    setTimeout(line.cut, 150)
    const startedAt = performance.now()
    const { status, results } = await book(String(fault), fault.test('freeBusy') ? '2026-12-01T09:00' : '2026-12-02T09:00')
    t.equal(status, 200)
    t.match(results[0]?.error, /^(I cannot reach the diary|I am holding)/)
    t.ok(performance.now() - startedAt < 3000)
    soundEntries(t, results)
    line.mend()
  }

  // She spells her address, and the process is gone while the vendor is asked to invite her.
  const { result } = await owner.call('book_appointment', { start_time: '2026-12-04T09:00' }, { callId: 'call-1' })
  t.match(result, /^You are booked/)
  const wish = { start_time: '2026-12-04T09:00', attendee_email: 'ana@example.com' }
  const invite = { id: 'invite', name: 'book_appointment', arguments: wish }
  standIn.faults.add({ kind: 'silent', method: 'PATCH', path: /\/events/, times: 2 })
  const cutting = setInterval(() => {
    if (!standIn.ledger.some(({ method }) => method === 'PATCH')) return
    clearInterval(cutting)
    line.cut()
  }, 5)
  const ids = { assistantId: owner.assistantId, callId: 'call-1' }
  t.match((await say({ app }, toolCalls([invite], ids), { headers })).results, [{ error: /./ }])
  const ana = () => live().filter(({ attendees }) => attendees.some(({ email }) => email === 'ana@example.com')).length
  t.equal(ana(), 0)
  t.match((await owner.call('book_appointment', wish, { callId: 'call-1' })).result, /An invitation comes by e-mail/)
  await bringJobsForward(test, { of: owner.clerkUserId })
  await settle(test)
  t.equal(ana(), 1, 'and so it does')
  line.mend()

  line.cut()
  const gone = await book('none', '2026-12-03T09:00')
  t.equal(gone.status, 200)
  t.match(gone.results, [{ toolCallId: 'none', error: /^I cannot reach the diary right now/ }])
  soundEntries(t, gone.results)
  const signed = await say({ app }, { message: common('end-of-call-report', { assistantId: owner.assistantId }) }, { headers })
  t.equal(signed.status, 503, 'a report may come again')
  const rest = await app.inject({ url: '/agents', headers: owner.headers() })
  t.equal(rest.statusCode, 503)
  t.match(rest.json(), { status: 'error', code: 'unavailable', message: String, detail: rest.json().message, error: rest.json().message })
  t.match(rest.headers, { 'retry-after': /^\d+$/ })
  t.equal((await app.inject('/health')).statusCode, 200)

  line.mend()
  t.match((await book('after', '2026-12-03T09:00')).results[0]?.result, /^You are booked/)
  await expireLeases()
  await settle(test)
  t.notOk((await statuses()).includes('held'), 'nothing is left half-way')
  t.equal(live().length, (await statuses()).filter((status) => status === 'confirmed').length)
})
