import t from 'tap'
import { definitions, functionNames } from '../../src/functions/definitions.ts'
import { promptOf } from '../../src/functions/prompt.ts'
import { templates } from '../../src/functions/templates.ts'
import { testApp } from '../setup/app.ts'
import { say } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })

interface Tool {
  function: { name: string; description: string; parameters: { properties: object; required: string[] } }
  server: { url: string }
}

async function tools(url: string): Promise<Tool[]> {
  const reply = await test.app.inject(url)
  t.equal(reply.statusCode, 200, url)
  return reply.json().functions
}
const names = (list: Tool[]) => list.map((tool) => tool.function.name)

t.test('the functions are there for whoever sets up an assistant, without signing in', async (t) => {
  const own = await tools('/vapi/functions')
  t.same(names(own), functionNames)
  for (const tool of own) t.equal(tool.server.url, 'http://localhost:8000/vapi/webhook')
  const older = await tools('/vapi/functions?names=older')
  t.ok(names(older).includes('set_appointment'))
  t.same(names(await tools('/vapi/functions?names=all')), [...names(own), ...names(older)])
  t.equal((await test.app.inject('/vapi/functions?names=some')).statusCode, 400)
})

t.test('the calendar functions have the names and the arguments of their document', async (t) => {
  const list = await tools('/api/calendar/vapi-functions')
  const shown = Object.fromEntries(list.map(({ function: one }) => [one.name, Object.keys(one.parameters.properties)]))
  t.match(shown, {
    find_available_times: ['start_date', 'duration'],
    schedule_meeting: ['title', 'start_time', 'duration', 'attendee_email', 'description'],
  })
  t.same(Object.keys(shown).sort(), ['find_available_times', 'get_next_available', 'schedule_meeting'])
  t.ok(shown.get_next_available?.includes('duration'))
})

t.test('every function is carried out with the arguments of its example, and asks for those that it requires', async (t) => {
  const owner = await test.owner()
  const listed = await tools('/vapi/functions?names=all')
  const examples = Object.entries(definitions).flatMap(([own, { example, aliases }]) => [
    [own, example] as const,
    ...Object.entries(aliases).map(([alias, told]) => [alias, told.example] as const),
  ])
  let calls = 0
  for (const [name, example] of examples) {
    calls += 1
    const answer = await owner.call(name, example, { callId: `example-${calls}` })
    t.notMatch(answer.result ?? answer.error, /I did not get the details|I cannot do that on this line|Something went wrong/, name)
    const { required = [] } = listed.find((tool) => tool.function.name === name)?.function.parameters ?? {}
    for (const argument of required) {
      const rest = Object.fromEntries(Object.entries(example).filter(([key]) => key !== argument))
      const asked = await owner.call(name, rest, { callId: `without-${calls}` })
      t.match(asked.error, /\?$/, `${name} without ${argument}`)
    }
  }
})

t.test('every answer about times tells the assistant what day it is, where the business is', async (t) => {
  const owner = await test.owner({ timeZone: 'America/Chicago' })
  const ask = async (name: string, parameters: object) => {
    const call = { id: crypto.randomUUID(), function: { name, arguments: parameters } }
    const message = { type: 'tool-calls', toolCallList: [call], call: { id: 'c', assistantId: owner.assistantId } }
    const { results } = await say(test, { message }, { headers: { 'x-vapi-secret': owner.secret } })
    return results[0]?.result ?? results[0]?.error
  }
  const note = / <today is Sunday the twenty ninth of November, time zone America\/Chicago>$/
  t.match(await ask('get_next_available', {}), note)
  t.match(await ask('get_availability', { when: 'Tuesday' }), /<slots [A-Z, ]+> <today is /, 'where an offer is made')
  t.match(await ask('get_availability', { when: 'noon' }), note, 'where a question is asked')
  t.match(await ask('get_availability', { when: '2026-11-20' }), note, 'where it cannot be')
})

const business = {
  name: 'Elm Street',
  timeZone: 'Europe/Berlin',
  openingHours: {
    monday: [
      ['09:00', '12:30'],
      ['13:00', '24:00'],
    ],
    tuesday: [['00:00', '12:00']],
  } satisfies object,
}

t.test('a prompt begins with the date where the business is, and says when it is open', async (t) => {
  const hours = { monday: business.openingHours.monday.map(([from = '', to = '']): [string, string] => [from, to]) }
  const prompt = promptOf({ business: { ...business, openingHours: hours }, functions: functionNames })
  t.match(prompt, /^Today is \{\{ "now" \| date: "%A, %B %-d, %Y", "Europe\/Berlin" \}\} and the local time is/)
  t.match(prompt, /Tomorrow is \{% assign t = "now" \| date: "%s" \| plus: 86400 %\}/)
  t.match(prompt, 'Monday from 9 am to 12.30 pm and from 1 pm to midnight, closed on Tuesday to Sunday')
  t.notMatch(
    promptOf({ business: { ...business, openingHours: {}, timeZone: '+02:00' }, functions: [] }),
    /\{\{/,
    'a zone that Vapi does not know ends no call',
  )
})

t.test('a prompt is true of a business that never closes, and of one without any hours', async (t) => {
  const said = (openingHours: Record<string, [string, string][]>) =>
    promptOf({ business: { ...business, openingHours }, functions: functionNames })
  const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
  t.match(said(Object.fromEntries(weekdays.map((day) => [day, [['00:00', '24:00']]]))), 'Opening hours are Monday to Sunday all day.')
  for (const none of [{}, { monday: [] }]) {
    t.match(said(none), 'There are no regular opening hours. Which times are free, only the diary knows.')
    t.notMatch(said(none), 'Opening hours are')
  }
})

t.test('no prompt names a function, or promises what nobody keeps', async (t) => {
  for (const { id, promptPart, functions } of templates) {
    for (const names of [functions, []]) {
      const prompt = promptOf({ business: { ...business, openingHours: {} }, functions: names, part: promptPart })
      for (const name of functionNames) t.notMatch(prompt, name, id)
      t.notMatch(prompt, /text message|\bSMS\b|waiting list|call you back|[a-z]+_[a-z]+/i, id)
    }
  }
})

t.test('a template begins an agent in the name and the hours of the business', async (t) => {
  const owner = test.user()
  const headers = owner.headers()
  const [{ id }] = (await test.app.inject({ url: '/businesses', headers })).json().businesses
  await test.app.inject({
    method: 'PATCH',
    url: `/businesses/${id}`,
    headers,
    payload: { name: 'Corner Salon', time_zone: 'Europe/Paris' },
  })
  const reply = await test.app.inject({ url: '/agents/templates', headers })
  t.equal(reply.statusCode, 200)
  const list: { id: string; functions: string[]; config: { firstMessage: string; model: { messages: { content: string }[] } } }[] =
    reply.json().templates
  t.same(
    list.map((one) => one.id),
    ['property_viewing', 'clinic', 'salon', 'appointments'],
  )
  for (const { id, functions, config } of list) {
    t.match(config.firstMessage, /^Hello, this is Corner Salon\. .*\?$/, id)
    t.match(config.model.messages[0]?.content, /"Europe\/Paris"[\s\S]*Corner Salon/, id)
    t.ok(functions.includes('take_message'))
    const payload = { agent_name: id, config }
    t.equal((await test.app.inject({ method: 'POST', url: '/agents', headers, payload })).statusCode, 201, 'as it is')
  }
  t.equal((await test.app.inject('/agents/templates')).statusCode, 401)
})
