import { sql } from 'kysely'
import t from 'tap'
import { verifyChain } from '../../src/audit/verify.ts'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, type Owner, testApp } from '../setup/app.ts'
import { runJobs } from '../setup/jobs.ts'
import { deliveriesOf } from '../setup/notices.ts'
import { allRows, rowsOf } from '../setup/rows.ts'
import { say } from '../setup/voice.ts'
import { read } from '../world/mail/read.ts'
import { common } from '../world/vapi/messages.ts'

const test = await testApp(t, { MAIL_FROM: 'Ringbook <notices@ringbook.example>', LIMIT_REST_PER_MINUTE: '10000' })
const { app, deps, world, database } = test

const PHONE = '+13125550177'
const EMAIL = 'sentinel.caller@example.com'
const SENTINELS = ['Sentinella', PHONE, '3125550177', EMAIL, '99 Sentinel Street', 'sentinel words', 'sentinel note']

const ask = (method: 'GET' | 'DELETE', owner: Owner, query: Record<string, string>) =>
  app.inject({ method, url: `/privacy/callers?${new URLSearchParams(query)}`, headers: owner.headers() })

/** Everything that Vapi tells of a call when it is over. */
function report(owner: ConnectedOwner, callId: string) {
  const said = `I am Sentinella, these are my sentinel words, I live at 99 Sentinel Street.`
  const body = common('end-of-call-report', {
    assistantId: owner.assistantId,
    callId,
    customerNumber: PHONE,
    extra: {
      endedReason: 'customer-ended-call',
      startedAt: '2026-11-29T22:50:00.000Z',
      endedAt: '2026-11-29T22:58:00.000Z',
      customer: { number: PHONE, name: 'Sentinella Caller' },
      analysis: { summary: 'Sentinella booked.', structuredData: { name: 'Sentinella' }, successEvaluation: 'sentinel words' },
      artifact: {
        recordingUrl: 'https://storage.example.com/sentinel.wav',
        transcript: `User: ${said}`,
        messages: [{ role: 'user', message: said, time: 1_796_000_000_000, secondsFromStart: 1 }],
      },
    },
  })
  return say(test, { message: body }, { headers: { 'x-vapi-secret': owner.secret } })
}

/** A whole call: books, moves, leaves a message, and is reported. */
async function wholeCall(owner: ConnectedOwner): Promise<string> {
  const callId = crypto.randomUUID()
  const line = { callId, number: PHONE }
  const booking = {
    start_time: '2026-12-02T10:00',
    attendee_name: 'Sentinella Caller',
    attendee_email: EMAIL,
    property_address: '99 Sentinel Street',
    notes: 'sentinel note',
  }
  t.match(await owner.call('book_appointment', booking, line), { result: /You are booked/ })
  t.match(await owner.call('reschedule_appointment', { new_time: '2026-12-03T10:00' }, line), { result: /is now on/ })
  t.match(await owner.call('take_message', { message: 'sentinel words', name: 'Sentinella', email: EMAIL }, line), { result: /./ })
  t.equal((await report(owner, callId)).status, 200)
  return callId
}

/** In which tables a sentinel stands. Counters of the running minute know ids, and forget them with it. */
async function tablesWith(sentinels: string[], owner?: Owner): Promise<string[]> {
  const rows = owner ? await rowsOf(database.url, owner.clerkUserId) : await allRows(database.ownerUrl)
  const found = rows.filter(({ table, row }) => table !== 'rate_limits' && sentinels.some((one) => row.includes(one)))
  return [...new Set(found.map(({ table }) => table))]
}

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: of an erased caller nothing remains in any table or log, and the chain of events is whole`, async (t) => {
    const owner = await test.owner({ vendor })
    const bystander = await test.owner({ vendor })
    const webhook = { url: 'https://hooks.example.com/' }
    await app.inject({ method: 'PATCH', url: '/notices/settings', headers: owner.headers(), payload: { webhook } })
    const callId = await wholeCall(owner)
    await wholeCall(bystander)
    const underWay = await deliveriesOf(test, owner)
    for (const [at, state] of ['sent', 'dead', 'unsure'].entries())
      await inTenant(deps.db, owner.clerkUserId, (trx) =>
        trx.updateTable('noticeDeliveries').set({ state }).where('id', '=', underWay[at].id).execute(),
      )
    t.ok(underWay.length >= 6 && (await tablesWith([underWay[3].id], owner)).includes('jobs.job'), 'e-mails and webhooks are on their way')
    for (const table of ['bookings', 'caller_messages', 'notices', 'calls', 'call_transcripts'])
      t.ok((await tablesWith(SENTINELS, owner)).includes(table), `${table} told of her`)

    const refused = await ask('DELETE', owner, { phone: PHONE })
    t.match([refused.statusCode, refused.json().code], [409, 'caller_has_appointments'])
    t.ok((await tablesWith(SENTINELS, owner)).length > 4, 'nothing is erased then')

    const erased = await ask('DELETE', owner, { phone: '(312) 555-0177', cancel: 'true' })
    t.equal(erased.statusCode, 200, erased.body)
    t.match(erased.json(), {
      success: true,
      erased: { bookings: 1, messages: 1, calls: 1, transcripts: 1, function_calls: 3 },
      calendar_events: [],
      other_contacts: [EMAIL],
    })
    await runJobs(test)
    t.same(await tablesWith(SENTINELS, owner), [])
    const gone = new Set(underWay.map(({ id }: { id: string }) => id))
    t.notOk(
      (await deliveriesOf(test, owner)).some(({ id }: { id: string }) => gone.has(id)),
      'whatever became of them, they are gone',
    )
    t.notOk(
      world.mail.received.map(read).some(({ to, text }) => to === owner.email && /sentinel words/.test(text)),
      'and never arrive',
    )
    t.notMatch(test.logs.join('\n'), new RegExp(SENTINELS.map((one) => one.replace('+', '\\+')).join('|')), 'nor in the log')
    t.equal(world[vendor].events(owner.calendarEmail).filter((event) => event.status !== 'cancelled').length, 0, 'the event is off')
    const { events, faults } = await verifyChain(deps.db, owner.clerkUserId)
    t.same(faults, [])
    t.ok(events > 8)
    t.ok((await tablesWith(SENTINELS, bystander)).length > 4, "another tenant's caller of the same number stays hers")

    await report(owner, callId)
    const late = common('transcript', {
      assistantId: owner.assistantId,
      callId,
      customerNumber: PHONE,
      extra: { role: 'user', transcriptType: 'final', transcript: 'My sentinel words again' },
    })
    await say(test, { message: late }, { headers: { 'x-vapi-secret': owner.secret } })
    t.same(await tablesWith(SENTINELS, owner), [], 'what is heard of that call later brings nothing back')
    const again = await ask('DELETE', owner, { phone: PHONE, email: EMAIL })
    t.match([again.statusCode, again.json().erased.calls], [200, 0])
  })
}

t.test('an event that took place stays in the calendar, and the answer says where', async (t) => {
  const owner = await test.owner()
  await wholeCall(owner)
  test.setNow(new Date('2026-12-04T12:00:00Z'))
  const { statusCode, body } = await ask('DELETE', owner, { email: EMAIL.toUpperCase() })
  t.equal(statusCode, 200, body)
  const { calendar_events: events, other_contacts: contacts } = JSON.parse(body)
  t.match(events, [{ link: /^https?:/, start_time: '2026-12-03T16:00:00.000Z' }])
  t.same(contacts, [PHONE])
  t.same(await tablesWith(SENTINELS, owner), [], 'the call in which she left her address is hers, and so is its number')
  const [booking] = (await app.inject({ url: '/bookings?status=confirmed', headers: owner.headers() })).json().bookings
  t.match(booking, { subject: 'Appointment', start_time: '2026-12-03T10:00:00-06:00' }, 'the account of it stays')
  test.afresh()
})

t.test('a function call that is delivered again after the erasure does nothing again', async (t) => {
  const owner = await test.owner()
  const booking = { start_time: '2026-12-02T11:00', attendee_name: 'Sentinella' }
  const line = { callId: crypto.randomUUID(), number: PHONE, toolCallId: 'tool_again' }
  t.match(await owner.call('book_appointment', booking, line), { result: /You are booked/ })
  await report(owner, line.callId)
  t.equal((await ask('DELETE', owner, { phone: PHONE, cancel: 'true' })).statusCode, 200)
  t.match(await owner.call('book_appointment', booking, line), {
    result: 'That is settled already. Is there anything else I can do for you?',
  })
  t.same(await tablesWith(SENTINELS, owner), [])
})

t.test('while she is on the line nothing is erased', async (t) => {
  const owner = await test.owner()
  const line = { callId: crypto.randomUUID(), number: PHONE }
  await owner.call('book_appointment', { start_time: '2026-12-02T11:00', attendee_name: 'Sentinella' }, line)
  const { statusCode, body } = await ask('DELETE', owner, { phone: PHONE, cancel: 'true' })
  t.match([statusCode, JSON.parse(body).code], [409, 'caller_on_the_line'])
  const { bookings } = (await app.inject({ url: '/bookings', headers: owner.headers() })).json()
  t.match(bookings, [{ status: 'confirmed' }], 'nor cancelled')
  test.setNow(new Date('2026-11-29T23:16:00Z'))
  t.equal(
    (await ask('DELETE', owner, { phone: PHONE, cancel: 'true' })).statusCode,
    200,
    'unless nothing was heard for a quarter of an hour',
  )
  t.same(await tablesWith(SENTINELS, owner), [])
  test.afresh()
})

t.test("a guest is taken out of somebody else's appointment, which stands", async (t) => {
  const owner = await test.owner()
  const payload = {
    subject: 'Handover',
    start_time: '2026-12-01T09:00:00-06:00',
    end_time: '2026-12-01T09:30:00-06:00',
    attendees: ['first@example.com', EMAIL],
  }
  const made = await app.inject({ method: 'POST', url: '/calendar/events', headers: owner.headers(), payload })
  t.equal(made.statusCode, 201, made.body)
  test.setNow(new Date('2026-12-02T12:00:00Z'))
  t.equal((await ask('DELETE', owner, { email: EMAIL })).statusCode, 200)
  const rows = await inTenant(deps.db, owner.clerkUserId, (trx) =>
    trx.selectFrom('bookings').select(['subject', 'customerEmail', 'guests']).execute(),
  )
  t.same(rows, [{ subject: 'Handover', customerEmail: 'first@example.com', guests: [] }])
  test.afresh()
})

t.test('all that is stored of a caller is handed over, to her tenant alone', async (t) => {
  const owner = await test.owner()
  const other = await test.owner()
  await wholeCall(owner)
  const reply = await ask('GET', owner, { phone: '312-555-0177' })
  t.equal(reply.statusCode, 200, reply.body)
  t.match(reply.headers['content-disposition'], /attachment/)
  const stored = reply.json()
  t.match(stored, {
    phone: PHONE,
    bookings: [{ customer_name: 'Sentinella Caller', customer_email: EMAIL, property_address: '99 Sentinel Street' }],
    changes: [{ kind: 'move', state: 'done' }],
    messages: [{ message: 'sentinel words' }],
    calls: [{ summary: 'Sentinella booked.', transcript: [{ role: 'user', text: /sentinel words/ }] }],
    other_contacts: [EMAIL],
  })
  t.equal(stored.function_calls.length, 3)
  t.ok(stored.notices.length >= 2)
  const [{ deliveries }] = stored.notices
  t.match(deliveries, [{ channel: 'email', recipient: 'owner', state: 'waiting', sent_at: null }], 'each with how it went out')
  t.notMatch(reply.body, /operation_key|digest|clerk_user_id/, 'and nothing of our own')
  t.match((await ask('GET', other, { phone: PHONE })).json(), { bookings: [], calls: [], messages: [] })
  const events = (await app.inject({ url: '/events?action=caller.exported', headers: owner.headers() })).json().events
  t.match(events, [{ subject_kind: 'caller', details: { bookings: 1, calls: 1 } }])
  t.notMatch(JSON.stringify(events), /3125550177|example\.com/, 'the log does not say of whom')
})

t.test('whoever is not named is not looked for', async (t) => {
  const owner = await test.owner()
  for (const query of [{}, { phone: 'nobody' }, { phone: '12' }, { email: 'no address' }] as Record<string, string>[])
    for (const method of ['GET', 'DELETE'] as const) t.equal((await ask(method, owner, query)).statusCode, 400, JSON.stringify(query))
  t.equal((await app.inject({ url: `/privacy/callers?phone=${PHONE}` })).statusCode, 401)
  const nobody = await ask('DELETE', owner, { phone: '+13125550100' })
  t.match(nobody.json(), { success: true, erased: { bookings: 0, calls: 0 } }, 'whoever was never here is erased')
})

t.test('Vapi is told to forget what an erased caller said, and only in calls of the tenant’s own assistants', async (t) => {
  const owner = await test.owner()
  const foreign = await test.owner()
  const [own, hers, unknown] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  world.vapi.add('call', { id: own, assistantId: owner.assistantId, status: 'ended' })
  world.vapi.add('call', { id: hers, assistantId: foreign.assistantId, status: 'ended' })
  for (const callId of [own, hers, unknown]) await report(owner, callId)
  t.equal((await ask('DELETE', owner, { phone: PHONE })).statusCode, 200)
  await runJobs(test)
  t.notOk(world.vapi.things.call.has(own))
  t.ok(world.vapi.things.call.has(hers), 'a call id in a message is no proof')
  const deletions = world.vapi.ledger.filter(({ method }) => method === 'DELETE')
  t.match(deletions, [{ path: `/call/${own}`, status: 200 }])
  const left = await inTenant(deps.db, owner.clerkUserId, (trx) => sql`select from calls where vapi_data <> 'forgotten'`.execute(trx))
  t.equal(left.rows.length, 0)
})
