import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { eachMatches } from '../setup/each-matches.ts'
import { speakable, words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const rest = async (owner: Owner, method: 'GET' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
  test.app.inject({ method, url, headers: owner.headers(), ...(payload ? { payload } : {}) })
const messages = async (owner: Owner) => (await rest(owner, 'GET', '/messages')).json().messages
const notices = async (owner: Owner) => (await rest(owner, 'GET', '/notices')).json().notices
const WISH = { message: 'Would like to see the apartment.', name: 'Ana Ruiz', wished_time: 'Thursday afternoon' }

t.test('what a caller leaves, the owner finds over REST and is told of', async (t) => {
  const owner = await test.owner()
  const left = await owner.call('take_message', { ...WISH, property_address: '12 Elm St' }, { number: '+13125550142', callId: 'c1' })
  t.equal(
    left.result,
    'I have taken your message down, with your number ending in zero one four two. Is there anything else I can do for you?',
  )
  speakable(t, words(left))
  const [message] = await messages(owner)
  t.match(message, {
    status: 'new',
    caller_name: 'Ana Ruiz',
    call_number: '+13125550142',
    phone: null,
    message: WISH.message,
    wished_time: 'Thursday afternoon',
    property_address: '12 Elm St',
    call_id: 'c1',
  })
  eachMatches(t, await notices(owner), [
    {
      kind: 'message_left',
      message_id: message.id,
      text: 'Ana Ruiz left a message: Would like to see the apartment. Wished time: Thursday afternoon. Contact: +13125550142.',
    },
  ])
  t.match((await rest(owner, 'PATCH', `/messages/${message.id}`, { status: 'done' })).json(), { status: 'done' })
  t.match((await rest(owner, 'GET', `/messages/${message.id}`)).json(), { status: 'done', caller_name: 'Ana Ruiz' })
  t.match((await rest(owner, 'GET', '/messages?status=new')).json(), { messages: [], next_cursor: null })
  t.equal((await rest(owner, 'PATCH', `/messages/${message.id}`, { status: 'lost' })).statusCode, 400)

  const stranger = test.user()
  for (const method of ['GET', 'DELETE'] as const) t.equal((await rest(stranger, method, `/messages/${message.id}`)).statusCode, 404)
  t.equal((await rest(owner, 'GET', '/messages/nonsense')).statusCode, 404)
  t.equal((await rest(owner, 'DELETE', `/messages/${message.id}`)).statusCode, 200)
  t.equal((await rest(owner, 'DELETE', `/messages/${message.id}`)).statusCode, 404)
  t.same(await notices(owner), [], 'and what she was told of it is gone with it')
})

t.test('messages come newest first, page by page', async (t) => {
  const owner = await test.owner()
  for (const index of [1, 2, 3])
    await owner.call('take_message', { message: `Number ${index}` }, { callId: `c${index}`, number: '+13125550142' })
  const first = (await rest(owner, 'GET', '/messages?limit=2')).json()
  t.match(first.messages, [{ message: 'Number 3' }, { message: 'Number 2' }])
  t.match((await rest(owner, 'GET', `/messages?limit=2&cursor=${first.next_cursor}`)).json(), {
    messages: [{ message: 'Number 1' }],
    next_cursor: null,
  })
})

t.test('the same function call and the same words in one call are one message', async (t) => {
  const owner = await test.owner()
  const from = { number: '+13125550142', callId: 'c1' }
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      owner.call('take_message', WISH, { ...from, toolCallId: index < 6 ? 'same' : `other-${index}` }),
    ),
  )
  t.equal(new Set(answers.map(words)).size, 1, words(answers[0]))
  t.equal((await messages(owner)).length, 1)
  t.equal((await notices(owner)).length, 1)
  await owner.call('take_message', { ...WISH, message: 'would like to SEE the apartment' }, from)
  t.equal((await messages(owner)).length, 1, 'whatever marks and case the model writes')
  await owner.call('take_message', { message: 'And one more thing.' }, { ...from, toolCallId: 'next' })
  t.match((await owner.call('take_message', { message: 'Else' }, { ...from, toolCallId: 'next' })).error, 'I already have that request')
  await owner.call('take_message', WISH, { ...from, callId: 'c2' })
  t.equal((await messages(owner)).length, 3, 'in another call it is another message')
})

t.test('a message without ids is kept once as well, whatever marks and case the model writes', async (t) => {
  const owner = await test.owner()
  const leave = async (message: string) => {
    const functionCall = { name: 'take_message', parameters: { message } }
    const call = { id: 'legacy', assistantId: owner.assistantId, customer: { number: '+13125550142' } }
    const payload = { message: { type: 'function-call', call, functionCall } }
    return (await test.app.inject({ method: 'POST', url: '/vapi/webhook', headers: { 'x-vapi-secret': owner.secret }, payload })).json()
      .result
  }
  for (const words of ['Would like to see it', 'would like to SEE it.']) t.match(await leave(words), /^I have taken your message down/)
  t.equal((await messages(owner)).length, 1)
})

t.test('whoever calls without a number is asked for one, and the message is kept meanwhile', async (t) => {
  const owner = await test.owner()
  t.match((await owner.call('take_message', {})).error, /^What shall I pass on\?$/)
  t.same(await messages(owner), [])
  t.match((await owner.call('take_message', WISH)).result, 'but I have no number for you. Under which number can you be reached?')
  t.match(await messages(owner), [{ phone: null, call_number: null }])
  const short = await owner.call('take_message', { ...WISH, phone: 'five five five, oh one two three' })
  t.match(short.result, 'I did not get the whole phone number. Could you say it once more, with the area code?')
  const whole = await owner.call('take_message', { ...WISH, phone: 'area code two one two, triple five, oh one two three' })
  t.match(whole.result, 'with your number ending in zero one two three.')
  t.match(await messages(owner), [{ phone: '+12125550123', message: WISH.message }], 'one message, now with a number')
  t.match((await owner.call('take_message', { wished_time: 'Friday at ten' })).result, 'no number')
  t.match((await messages(owner))[0], { message: 'Would like an appointment.', wished_time: 'Friday at ten' })
})

t.test('a message can be left where nothing else works: no calendar, a silent vendor, an assistant without a secret', async (t) => {
  const user = test.user()
  const assistantId = crypto.randomUUID()
  await test.app.inject({
    method: 'POST',
    url: '/agents',
    headers: user.headers(),
    payload: { agent_name: 'Desk', vapi_assistant_id: assistantId },
  })
  const ask = async (name: string, parameters: object) => {
    const call = { id: crypto.randomUUID(), function: { name, arguments: parameters } }
    const customer = { number: '+13125550142' }
    const message = { type: 'tool-calls', toolCallList: [call], call: { id: 'c', assistantId, customer } }
    return (await test.app.inject({ method: 'POST', url: '/vapi/webhook', payload: { message } })).json().results[0]
  }
  t.match(
    (await ask('book_appointment', { start_time: '2026-12-01T09:00' })).error,
    /so I cannot book anything\. Shall I take a message instead\?$/,
  )
  t.match((await ask('take_message', WISH)).result, 'no number for you', 'nobody vouches for the number of such a call')
  t.match(await messages(user), [{ message: WISH.message, call_number: null }])

  const owner = await test.owner({ vendor: 'microsoft' })
  test.world.microsoft.faults.add({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
  t.match((await owner.call('get_availability', {})).error, /or take a message\?$/)
  t.match((await owner.call('take_message', WISH, { number: '+13125550142' })).result, 'I have taken your message down')
  test.world.microsoft.faults.clear()
})

t.test('nobody buries the owner in messages', async (t) => {
  const owner = await test.owner()
  const leave = (callId: string, message: string) => owner.call('take_message', { message }, { callId, number: '+13125550142' })
  for (const index of [1, 2, 3, 4, 5]) t.match((await leave('c1', `One ${index}`)).result, 'I have taken')
  t.match((await leave('c1', 'Six')).error, /^I cannot take another message at the moment\./)
  t.match((await leave('c1', 'One 1')).result, 'I have taken', 'one that is kept already is no further one')
  for (const index of [1, 2, 3, 4, 5]) t.match((await leave(`d${index}`, 'x')).result, 'I have taken')
  t.match((await leave('e', 'x')).error, 'I cannot take another message', 'ten a day of one number')
  t.match((await owner.call('take_message', { message: 'x' }, { callId: 'f', number: '+13125550177' })).result, 'I have taken')
  await inTenant(test.deps.db, owner.clerkUserId, (trx) =>
    trx
      .updateTable('callerMessages')
      .set({ createdAt: new Date(0) })
      .execute(),
  )
  t.match((await leave('g', 'x')).result, 'I have taken', 'and tomorrow is another day')
})

t.test('who only knows the id of an assistant cannot use up the messages of a day', async (t) => {
  const owner = await test.owner()
  const assistantId = crypto.randomUUID()
  const payload = { agent_name: 'Open', vapi_assistant_id: assistantId }
  await test.app.inject({ method: 'POST', url: '/agents', headers: owner.headers(), payload })
  const leave = async (index: number): Promise<{ result?: string; error?: string }> => {
    const call = { id: 'one', function: { name: 'take_message', arguments: { message: `Spam ${index}` } } }
    const message = { type: 'tool-calls', toolCallList: [call], call: { id: `c${index}`, assistantId } }
    return (await test.app.inject({ method: 'POST', url: '/vapi/webhook', payload: { message } })).json().results[0]
  }
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => leave(index)))
  t.equal(answers.filter(({ result }) => result).length, 50)
  t.match((await owner.call('take_message', WISH, { number: '+13125550142' })).result, 'I have taken your message down')
})

t.test('text from outside is cleaned before the owner reads it', async (t) => {
  const owner = await test.owner()
  const nasty = `A\u202E\u0000\r\nb${'x'.repeat(5000)}`
  await owner.call('take_message', { message: nasty, name: nasty, wished_time: nasty, property_address: nasty, email: nasty, phone: nasty })
  const [message] = await messages(owner)
  t.notMatch(JSON.stringify(Object.values(message)), /[\p{Cc}\p{Cf}]|\\n|\\r|\\u/u)
  t.ok(message.message.length <= 1000 && message.caller_name.length <= 100 && message.wished_time.length <= 200)
})
