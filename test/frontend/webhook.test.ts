import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.8, as far as the frontend itself goes: its test page, and the assistants that it deploys. Message layouts are in test/vapi.
const test = await testApp(t)
const front = await frontend(t, test)

const Answer = z.object({ results: z.array(z.object({ toolCallId: z.string(), result: z.string().min(10) })).length(1) })

/** The body of src/actions/vapi-actions.ts. */
function pageBody(name: string, values: object): string {
  return JSON.stringify({ message: { toolCalls: [{ id: `${name}_1761000000000`, function: { name, arguments: values } }] } })
}

const calls = [
  ['get_availability', { user_id: 'someone@example.com', days_ahead: 3 }],
  [
    'set_appointment',
    {
      user_id: 'someone@example.com',
      property_address: '12 Elm St',
      start_time: '2026-12-01T10:00:00-06:00',
      attendee_name: 'Test User',
      attendee_email: 'test@example.com',
    },
  ],
] as const

t.test('the test page, which sends a body and nothing else, hears a sentence', async (t) => {
  for (const [name, values] of calls) {
    // Without a type of its own fetch calls a text plain.
    for (const headers of [{}, { 'Content-Type': 'application/json' }, { 'Content-Type': 'text/plain;charset=UTF-8' }]) {
      const response = await front.open('/vapi/webhook', { method: 'POST', headers, body: pageBody(name, values) })
      t.equal(response.status, 200, `${name} ${JSON.stringify(headers)}`)
      const { results } = Answer.parse(await response.json())
      t.equal(results[0]?.toolCallId, `${name}_1761000000000`)
      t.notMatch(results[0]?.result, /[\r\n{}<>]/, 'one line of plain text')
    }
    const bare = await test.app.inject({ method: 'POST', url: '/vapi/webhook', payload: Buffer.from(pageBody(name, values)) })
    t.equal(bare.statusCode, 200, 'not even a type')
  }
  t.equal(test.world.google.ledger.length, 0, 'and nothing happened anywhere')
})

t.test('another user’s id in the arguments opens nothing', async (t) => {
  const owner = await test.owner()
  const me = z.object({ user_id: z.string() }).parse(await (await front.action(owner, '/users/me')).json())
  for (const userId of [me.user_id, owner.email, owner.clerkUserId]) {
    const body = pageBody('get_availability', { user_id: userId, assistantId: owner.assistantId })
    const { results } = Answer.parse(await (await front.open('/vapi/webhook', { method: 'POST', body })).json())
    t.match(results[0]?.result, 'not set up')
  }
})

t.test('what is no JSON is refused, whatever it calls itself', async (t) => {
  for (const [body, headers, status] of [
    ['hello', {}, 400],
    ['hello', { 'content-type': 'application/json' }, 400],
    ['', {}, 400],
    ['{}', { 'content-type': 'text/html' }, 415],
    ['a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ] as const) {
    const response = await front.open('/vapi/webhook', { method: 'POST', headers, body })
    t.equal(response.status, status, `${body} ${JSON.stringify(headers)}`)
    t.match(await response.json(), { status: 'error', message: /./ })
  }
  const elsewhere = await fetch(`${front.url}/agents`, { method: 'POST', headers: test.user().headers(), body: '{"agent_name":"x"}' })
  t.equal(elsewhere.status, 415, 'and only the webhook is so tolerant')
})

t.test('an assistant that the frontend deployed and linked is served, without a secret', async (t) => {
  const owner = await test.owner()
  const created = await front.action(owner, '/agents', { method: 'POST', body: { agent_name: 'Desk', is_active: true } })
  const { agent_id, user_id } = z.object({ agent_id: z.int(), user_id: z.string() }).parse(await created.json())
  const { id } = test.world.vapi.add('assistant', { name: 'Desk', server: { url: `${front.url}/vapi/webhook` } })
  const ask = async () => {
    // As Vapi sends it, with the argument that the frontend baked in.
    const call = { id: 'call_1', type: 'function', function: { name: 'get_availability', arguments: { user_id, days_ahead: 3 } } }
    const body = JSON.stringify({ message: { type: 'tool-calls', toolCallList: [call], call: { id: 'c1', assistantId: id } } })
    const headers = { 'Content-Type': 'application/json' }
    return Answer.parse(await (await front.open('/vapi/webhook', { method: 'POST', headers, body })).json()).results[0]?.result
  }
  t.match(await ask(), 'not set up', 'not before it is linked')
  const linked = await front.action(owner, `/agents/${agent_id}`, { method: 'PATCH', body: { vapi_assistant_id: id } })
  t.equal(linked.status, 200)
  t.match(await ask(), /^I have/)
  await front.action(owner, `/agents/${agent_id}`, { method: 'DELETE' })
  t.match(await ask(), 'not set up', 'and not after its agent is gone')
})
