import t, { type Test } from 'tap'
import { csvRows } from '../../src/calls/csv.ts'
import type { ListedCall } from '../../src/db/call-lists.ts'
import { inTenant } from '../../src/db/client.ts'
import { NOW, type Owner, testApp } from '../setup/app.ts'
import { ANA } from '../setup/changes.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '100000' })

const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)

interface Reported {
  vapiCallId?: string
  startedAt?: Date
  endedAt?: Date
  status?: string
  direction?: string
  customerNumber?: string
  customerName?: string
  intent?: string
  endedReason?: string
  endedClass?: string
  summary?: string
  cost?: number
  reportedAt?: Date
  hungAt?: Date[]
}

/** As Vapi's messages leave it; a function call has made it before. */
async function call({ clerkUserId }: Owner, { vapiCallId = crypto.randomUUID(), status = 'ended', ...known }: Reported = {}) {
  const { id } = await inTenant(test.deps.db, clerkUserId, (trx) =>
    trx
      .insertInto('calls')
      .values({ clerkUserId, vapiCallId, status, startedAt: NOW, ...known })
      .onConflict((conflict) => conflict.columns(['clerkUserId', 'vapiCallId']).doUpdateSet({ status, ...known }))
      .returning('id')
      .executeTakeFirstOrThrow(),
  )
  return id
}

async function get(user: Owner, url: string, query: Record<string, string> = {}) {
  const reply = await test.app.inject({ url, headers: user.headers(), query })
  return { status: reply.statusCode, headers: reply.headers, text: reply.body, body: url.endsWith('.csv') ? undefined : reply.json() }
}

async function visitor(): Promise<Owner> {
  const user = test.user()
  await get(user, '/users/me')
  return user
}

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: a call shows all that was said, asked, booked, changed and left in it, and each of these the call`, async (t) => {
    const owner = await test.owner({ vendor })
    const callId = crypto.randomUUID()
    const said = (name: string, values: object) => owner.call(name, values, { callId, number: ANA })
    t.match((await said('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana Ruiz' })).result, 'You are booked')
    t.match((await said('reschedule_appointment', { start_time: '2026-12-01T11:00' })).result, 'eleven')
    t.ok((await said('take_message', { message: 'Please bring the keys.' })).result)
    const known = { vapiCallId: callId, customerNumber: ANA, endedAt: new Date(Date.now() + 60_000), endedReason: 'customer-ended-call' }
    const id = await call(owner, { ...known, startedAt: new Date(Date.now() - 60_000), endedClass: 'normal', cost: 0.1234 })
    await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
      trx
        .insertInto('callTranscripts')
        .values(
          ['Hello?', 'Anything on Tuesday?'].map((text, sequence) => ({
            clerkUserId: owner.clerkUserId,
            callId: id,
            sequence,
            role: sequence === 0 ? 'assistant' : 'user',
            text,
            saidAt: sequence === 0 ? new Date(Date.now() - 50_000) : null,
          })),
        )
        .execute(),
    )

    const { body: detail } = await get(owner, `/calls/${id}`)
    t.match(detail, { id, vapi_call_id: callId, booking_created: true, cost: 0.1234, is_complete: false, customer_number: ANA })
    t.same(
      detail.transcript.map((turn: { text: string }) => turn.text),
      ['Hello?', 'Anything on Tuesday?'],
    )
    t.same(
      detail.function_calls.map((one: { function: string; outcome: string }) => [one.function, one.outcome]),
      [
        ['book_appointment', 'result'],
        ['reschedule_appointment', 'result'],
        ['take_message', 'result'],
      ],
    )
    t.has(detail.bookings, [{ id: detail.booking_ids[0], start_time: '2026-12-01T11:00:00-06:00', call_id: callId }])
    t.has(detail.changes, [{ kind: 'move', state: 'done', old_start_time: '2026-12-01T09:00:00-06:00' }])
    t.has(detail.messages, [{ message: 'Please bring the keys.', call_id: callId }])

    const { body: booking } = await get(owner, `/bookings/${detail.booking_ids[0]}`)
    t.same((await get(owner, `/calls/${booking.call_id}`)).body, detail, 'the call that a booking names is found by that name')

    const { body: timeline } = await get(owner, `/calls/${id}/timeline`)
    const entries: { kind: string; at: string; ms: number; took_ms: number | null; text: string; trace_id: string | null }[] =
      timeline.entries
    t.same(
      entries.map(({ ms }) => ms),
      entries.map(({ ms }) => ms).toSorted((a, b) => a - b),
      'in order',
    )
    const kinds = entries.map(({ kind }) => kind)
    for (const kind of [
      'turn',
      'request',
      'function_call',
      'database',
      'vendor_request',
      'booking',
      'change',
      'message',
      'notice',
      'answer',
    ])
      t.ok(kinds.includes(kind), kind)
    t.equal(entries[0]?.text, 'The call began')
    t.equal(entries.at(-1)?.text, 'The call ended: customer-ended-call')
    const [booked] = entries.filter(({ text }) => text === 'book_appointment')
    const traced = entries.filter(({ trace_id: id }) => id !== null && id === booked?.trace_id)
    t.equal(traced[0]?.kind, 'request')
    t.equal(traced.at(-1)?.kind, 'answer')
    t.ok(traced.some(({ kind, text }) => kind === 'vendor_request' && text.startsWith(vendor)))
    const made = entries.findIndex(({ kind }) => kind === 'booking')
    t.ok(made > entries.findIndex(({ kind }) => kind === 'function_call') && made < entries.findIndex(({ kind }) => kind === 'answer'))

    const { body: customer } = await get(owner, `/customers/${encodeURIComponent(ANA)}`)
    t.match(customer, { number: ANA, name: 'Ana Ruiz' })
    t.same([customer.calls.length, customer.bookings.length, customer.messages.length], [1, 1, 1])
    t.same((await get(owner, `/customers/${ANA.slice(1)}`)).body, customer, 'the + may be left out')
  })
}

t.test('a list is narrowed by every filter, and its pages hold each call once, latest first', async (t) => {
  const owner = await visitor()
  const ids: Record<string, string> = {
    busy: await call(owner, { startedAt: at(1), status: 'in-progress', direction: 'inbound' }),
    ana: await call(owner, { startedAt: at(2), customerNumber: ANA, intent: 'booking', direction: 'inbound' }),
    web: await call(owner, { startedAt: at(3), direction: 'web', endedClass: 'not-reached' }),
    // As long as they began at the same moment, their ids decide.
    half: await call(owner, { startedAt: at(4), summary: 'Asked for a 50% discount on C:\\keys.' }),
    same: await call(owner, { startedAt: at(4), summary: 'Asked for 50 things.' }),
  }
  const names = async (query: Record<string, string>) => {
    const { status, body } = await get(owner, '/calls', query)
    t.equal(status, 200, JSON.stringify(query))
    return body.calls.map((one: { id: string }) => Object.keys(ids).find((name) => ids[name] === one.id)).sort()
  }
  const all = Object.keys(ids).sort()
  t.same(await names({}), all)
  t.same(await names({ status: 'in-progress' }), ['busy'])
  t.same(await names({ direction: 'web' }), ['web'])
  t.same(await names({ customer_number: ANA }), ['ana'])
  t.same(await names({ intent: 'booking' }), ['ana'])
  t.same(await names({ ended_class: 'not-reached' }), ['web'])
  t.same(await names({ booked: 'true' }), [])
  t.same(await names({ booked: 'false' }), all)
  t.same(await names({ search: '50% DISC' }), ['half'], 'a per cent sign is one')
  t.same(await names({ search: 'c:\\k' }), ['half'])
  t.same(await names({ from: at(2).toISOString(), to: at(4).toISOString() }), ['ana', 'web'], 'half-open')
  const seen: string[] = []
  for (let cursor: string | undefined; ; ) {
    const { body } = await get(owner, '/calls', { limit: '2', ...(cursor ? { cursor } : {}) })
    seen.push(...body.calls.map((one: { id: string }) => one.id))
    if (body.next_cursor === null) break
    cursor = body.next_cursor
  }
  t.same(seen.slice(2), [ids.web, ids.ana, ids.busy])
  t.same([...seen].sort(), Object.values(ids).sort())
  t.same((await get(owner, '/calls', { cursor: crypto.randomUUID() })).body.calls, [], 'after nothing there is nothing')
  for (const query of [{ status: 'gone' }, { limit: '0' }, { limit: '101' }, { from: 'yesterday' }, { cursor: 'x' }, { booked: 'perhaps' }])
    t.equal((await get(owner, '/calls', query)).status, 400, JSON.stringify(query))
})

t.test('calls, their files and customers are nobody else’s, and nonsense is nobody’s', async (t) => {
  const [hers, mine] = [await visitor(), await visitor()]
  const vapiCallId = crypto.randomUUID()
  const id = await call(hers, { vapiCallId, customerNumber: ANA, summary: 'Hers' })
  t.equal((await get(hers, `/calls/${vapiCallId}`)).status, 200)
  for (const url of [`/calls/${id}`, `/calls/${vapiCallId}`, '/calls/%00', '/calls/unproven:x', `/customers/${ANA}`, '/customers/=1'])
    t.equal((await get(mine, url)).status, 404, url)
  t.same((await get(mine, '/calls')).body.calls, [])
  t.notMatch((await get(mine, '/calls/export.csv')).text, 'Hers')
})

t.test('of two calls with one id the one is meant for which somebody vouches', async (t) => {
  const owner = await visitor()
  const id = crypto.randomUUID()
  await call(owner, { vapiCallId: `unproven:${id}`, summary: 'made up' })
  t.has((await get(owner, `/calls/${id}`)).body, { vapi_call_id: id, summary: 'made up' })
  await call(owner, { vapiCallId: id, summary: 'real' })
  t.has((await get(owner, `/calls/${id}`)).body, { vapi_call_id: id, summary: 'real' })
})

t.test('a file holds every call, however many pages there are to read, and no cell of it is a formula', async (t) => {
  const owner = await visitor()
  const { clerkUserId } = owner
  await inTenant(test.deps.db, clerkUserId, (trx) =>
    trx
      .insertInto('calls')
      .values(Array.from({ length: 1001 }, (_, index) => ({ clerkUserId, vapiCallId: `c${index}`, status: 'ended', startedAt: at(index) })))
      .execute(),
  )
  await call(owner, { startedAt: at(2000), customerName: '=HYPERLINK("x")', summary: 'Two\nlines, "quoted"', customerNumber: ANA })
  const { status, headers, text } = await get(owner, '/calls/export.csv')
  t.equal(status, 200)
  t.equal(headers['content-type'], 'text/csv; charset=utf-8')
  t.match(headers['content-disposition'], 'calls.csv')
  const lines = text.split('\r\n')
  t.equal(lines.length, 1 + 1 + 1001 + 1, 'a header, every call, and an end')
  t.match(lines[0], /^id,vapi_call_id,began_at/)
  t.ok(lines[1]?.includes(`"'=HYPERLINK(""x"")"`))
  t.ok(lines[1]?.includes('"Two\nlines, ""quoted"""'))
  t.ok(lines[1]?.includes(`,${ANA},`), 'a number stays what it is')
  t.equal((await get(owner, '/calls/export.csv', { to: at(0).toISOString() })).text, `${lines[0]}\r\n`)
})

t.test('whatever a cell begins with, no spreadsheet computes it', async (t: Test) => {
  const plain: ListedCall = {
    ...{ id: 'x', vapiCallId: 'x', assistantId: null, direction: null, customerNumber: null, customerName: null, dialledNumber: null },
    ...{ status: 'ended', beganAt: NOW, startedAt: null, endedAt: null, durationSeconds: null, endedReason: null, endedClass: null },
    ...{ summary: null, intent: null, sentiment: null, success: null, structuredData: null, cost: '0.1', hasRecording: false, hangs: 0 },
    ...{ hungAt: [], firstHeardAt: NOW, reportedAt: null, appointmentIds: [] },
  }
  for (const start of ['=', '+', '-', '@', '\t=', ' =', '|', '%', '\n=']) {
    const summary = `${start}1+1`
    const cell =
      csvRows([{ ...plain, summary }])
        .slice(0, -2)
        .split(',')
        .at(-1) ?? ''
    t.match(cell.replace(/^"/, ''), /^'/, JSON.stringify(summary))
  }
})
