import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type Step, traceIdOf, vendorMs } from '../../src/trace.ts'
import { type ConnectedOwner, testApp } from '../setup/app.ts'

const test = await testApp(t)

const recorded = (owner: ConnectedOwner) =>
  inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.selectFrom('toolCalls').selectAll().orderBy('calledAt').execute())

/** Requests to calendars as they are counted, by the function call for which they were made. */
const requestsOf = async (owner: ConnectedOwner) => {
  const rows = await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
    trx.selectFrom('vendorRequests').select(['toolCallId', 'operation', 'status', 'ms']).execute(),
  )
  const byCall = Map.groupBy(rows, ({ toolCallId }): string | undefined => toolCallId)
  return new Map([...byCall].map(([id, some]) => [id, some.map(({ toolCallId: _, ...request }) => request)]))
}

const request = (at: number, ms: number): Step => ({ kind: 'vendor', at, ms, vendor: 'google', operation: 'events', status: '200' })

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: what was done for a function call is on its record, with milliseconds`, async (t) => {
    const owner = await test.owner({ vendor })
    await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' })
    const [row] = await recorded(owner)
    const steps: Step[] = JSON.parse(JSON.stringify(row?.steps))
    const requests = steps.filter((step) => step.kind === 'vendor')
    t.ok(requests.length >= 2, 'the calendar was read, and an event made')
    t.ok(requests.every((step) => step.vendor === vendor && /^2\d\d$/.test(step.status)))
    t.same(
      (await requestsOf(owner)).get(row?.id),
      requests.map(({ operation, status, ms }) => ({ operation, status, ms })),
      'for figures over many',
    )
    t.equal(row?.vendorMs, vendorMs(steps))
    t.ok(row && row.vendorMs <= row.ms + 1)
    const database = steps.find((step) => step.kind === 'database')
    t.ok(database && database.statements > 5)
    t.same(
      steps,
      steps.toSorted((a, b) => a.at - b.at),
      'in order',
    )
    t.ok(steps.every(({ at, ms }) => at >= 0 && ms >= 0 && Number.isInteger(at + ms)))
    t.notMatch(JSON.stringify(steps), /Ana|@|bk[0-9a-f]{6}/, 'no word of the caller, no id')
  })
}

t.test(
  'function calls of one request have one trace, and each its own steps; another request continues the trace that it names',
  async (t) => {
    const owner = await test.owner()
    const call = { id: 'call-1', assistantId: owner.assistantId }
    const asked = (id: string, name: string, values: object) => ({ id, type: 'function', function: { name, arguments: values } })
    const send = (toolCallList: object[], headers: Record<string, string> = {}) =>
      test.app.inject({
        method: 'POST',
        url: '/vapi/webhook',
        headers: { 'x-vapi-secret': owner.secret, ...headers },
        payload: { message: { type: 'tool-calls', toolCallList, call } },
      })
    await send([asked('1', 'get_availability', { date: 'tomorrow' }), asked('2', 'take_message', { message: 'Please call back.' })])
    const rows = await recorded(owner)
    const [id] = rows.map(({ traceId }) => traceId)
    t.match(id, /^[0-9a-f]{32}$/)
    t.same(
      rows.map(({ traceId }) => traceId),
      [id, id],
    )
    const looked = rows.find((row) => row.function === 'get_availability')
    const left = rows.find((row) => row.function === 'take_message')
    const requests = await requestsOf(owner)
    t.ok(requests.has(looked?.id))
    t.notOk(requests.has(left?.id), 'a message needs no calendar, whatever its neighbour does')
    t.ok(test.logs.some((line) => JSON.parse(line).traceId === id && JSON.parse(line).msg === 'answered'))

    const theirs = '4bf92f3577b34da6a3ce929d0e0e4736'
    await send([asked('3', 'take_message', { message: 'And once more.' })], { traceparent: `00-${theirs}-00f067aa0ba902b7-01` })
    t.equal((await recorded(owner)).at(-1)?.traceId, theirs)
  },
)

t.test('a request to a vendor that brings no answer is on record too', async (t) => {
  const owner = await test.owner()
  test.world.google.faults.add({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
  await owner.call('get_availability', { date: 'tomorrow' })
  const [row] = await recorded(owner)
  t.match(JSON.stringify(row?.steps), '"status":"503"')
  t.equal(row?.outcome, 'error')
})

t.test('a trace that is named wrongly is none', async (t) => {
  for (const header of [undefined, '', 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, '00-4BF92F-1-01']) {
    t.match(traceIdOf(header), /^[0-9a-f]{32}$/)
    t.not(traceIdOf(header), traceIdOf(header), 'a new one each time')
  }
})

t.test('requests that run side by side are waited for once', async (t) => {
  t.equal(vendorMs([]), 0)
  t.equal(vendorMs([request(0, 10), request(20, 10)]), 20)
  t.equal(vendorMs([request(5, 10), request(0, 10)]), 15)
  t.equal(vendorMs([request(0, 30), request(5, 10), { kind: 'database', at: 0, ms: 99, statements: 3, slowestMs: 50 }]), 30)
})
