import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 6: every page of the frontend, with the calls it makes at once or one after the other, and what it does with the answers,
// unguarded where the page is. One owner walks through them all.
const test = await testApp(t)
const front = await frontend(t, test)
const dana = test.user('dana@example.com')
test.world.google.addPerson({ name: 'Dana Reyes', email: 'dana.viewings@example.com', timeZone: 'America/Chicago' })

// What the pages read, and no more.
const Me = z.object({ user_id: z.string().or(z.int()), email: z.string(), full_name: z.string().nullable(), created_at: z.iso.datetime() })
const Status = z.object({
  authorized: z.boolean(),
  provider: z.enum(['microsoft', 'google']).nullable(),
  user_email: z.string().min(1),
  calendar_email: z.string().nullable(),
  token_valid: z.boolean(),
  calendar_verified: z.boolean(),
})
const Agent = z.object({
  agent_id: z.int(),
  user_id: z.string().or(z.int()),
  agent_name: z.string(),
  vapi_assistant_id: z.string().nullable(),
  is_active: z.boolean(),
})
const DatabaseStatus = z.object({
  database_stats: z.object({ total_rentals: z.int(), websites_tracked: z.int(), last_updated: z.iso.datetime().nullish() }),
})
const Slot = z.object({ start_time: z.string(), end_time: z.string(), formatted_time: z.string(), day: z.string() })
const Slots = z.object({ available_slots: z.array(Slot) })
const Event = z.object({
  id: z.string(),
  subject: z.string(),
  start_time: z.iso.datetime({ offset: true }),
  location: z.string(),
  attendees: z.array(z.object({ name: z.string(), email: z.string(), status: z.string() })),
  is_online_meeting: z.boolean(),
})
const Events = z.object({ events: z.array(Event) })
const Assistant = z.object({ id: z.string(), model: z.object({ model: z.string() }), voice: z.object({ voiceId: z.string() }) })
const Assistants = z.object({ assistants: z.array(Assistant) })
const Rental = z.object({
  id: z.int(),
  price: z.number(),
  bedrooms: z.number(),
  bathrooms: z.number(),
  source_type: z.string(),
  available_date: z.string(),
})
const Rentals = z.object({ rentals: z.array(Rental) })
const Spoken = z.object({ results: z.array(z.object({ toolCallId: z.string(), result: z.string().min(10) })).min(1) })
const Message = z.object({ message: z.string().min(1) })

async function json<T extends z.ZodType>(schema: T, answer: Promise<Response> | Response): Promise<z.infer<T>> {
  const response = await answer
  t.ok(response.ok, `${response.url} answered ${response.status}`)
  return schema.parse(await response.json())
}

/** The navigation bar, on every page: `/api/users/current` of the frontend, which asks twice at once because the page does too. */
async function navigation() {
  const [health] = await Promise.all([front.page('/health')])
  t.ok(health.response.ok, 'the whole page is hidden until then')
  const [me, again, status] = await Promise.all([
    json(Me, front.action(dana, '/users/me')),
    json(Me, front.action(dana, '/users/me')),
    json(Status, front.action(dana, '/calendar/auth/status')),
  ])
  t.equal(me.user_id, again.user_id)
  const [first, ...rest] = (me.full_name ?? '').trim().split(/\s+/)
  return {
    id: me.user_id.toString(),
    first,
    last: rest.join(' '),
    email: me.email,
    since: new Date(me.created_at),
    calendar: status.authorized ? (status.provider ?? 'microsoft') : null,
    calendarEmail: status.calendar_email ?? status.user_email,
    warnings: [status.authorized && status.token_valid !== true, status.authorized && status.calendar_verified !== true].filter(Boolean)
      .length,
  }
}

async function dashboard() {
  const [agents, database, microsoft, google] = await Promise.all([
    json(z.array(Agent), front.action(dana, '/agents')),
    json(DatabaseStatus, front.open('/database/status')),
    json(Status, front.action(dana, '/calendar/auth/status')),
    json(Status, front.action(dana, '/calendar/google/auth/status')),
  ])
  return {
    active: agents.filter((agent) => agent.is_active !== false).length,
    rentals: database.database_stats.total_rentals,
    websites: database.database_stats.websites_tracked,
    updated: new Date(database.database_stats.last_updated ?? Date.now()),
    connected: [microsoft.authorized, google.authorized],
  }
}

t.test('a first visit shows the name, no calendar and a dashboard of true zeros', async (t) => {
  const user = await navigation()
  t.match(user, { first: 'Dana', last: 'Reyes', email: 'dana@example.com', calendar: null, warnings: 0 })
  t.match(user.id, /^[0-9a-f-]{36}$/)
  t.notOk(Number.isNaN(user.since.getTime()))
  t.match(await dashboard(), { active: 0, rentals: 0, websites: 0, connected: [false, false] })
})

t.test('the calendar page asks for events although nothing is connected, and hides the answer', async (t) => {
  const answer = await front.action(dana, '/calendar/events?days_ahead=14')
  t.equal(answer.status, 409, 'not 401, which would tell her to sign in again')
  t.match(await answer.json(), { code: 'calendar_not_connected', message: /connect/i })
})

t.test(
  'the profile page connects Google: the other vendor is disconnected first, then the browser goes to the consent page and back',
  async (t) => {
    const gone = await json(Message, front.action(dana, '/calendar/auth/disconnect', { method: 'DELETE' }))
    t.type(gone.message, 'string')
    const started = await front.action(dana, '/calendar/google/auth/start?redirect_url=http%3A%2F%2Flocalhost%3A3000')
    t.equal(started.status, 307)
    const callback = await test.world.google.signIn(started.headers.get('location') ?? '', 'dana.viewings@example.com')
    const returned = await fetch(front.url + callback.pathname + callback.search, { redirect: 'manual' })
    const page = new URL(returned.headers.get('location') ?? '')
    t.match([page.origin, page.pathname, page.searchParams.get('auth')], ['http://localhost:3000', '/users', 'success'])
    t.match(await navigation(), { calendar: 'google', calendarEmail: 'dana.viewings@example.com', warnings: 0 })
    t.same((await dashboard()).connected, [true, true], 'both, because the first reports whichever is connected')
  },
)

t.test('the calendar and appointment pages list, offer and book, and a taken time is told in words', async (t) => {
  const list = async () => (await json(Events, front.action(dana, '/calendar/events?days_ahead=30'))).events
  t.same(await list(), [])
  const { available_slots } = await json(Slots, front.action(dana, '/calendar/availability?days_ahead=7&start_hour=9&end_hour=17'))
  const [slot] = available_slots
  if (!slot) throw new Error('nothing to book')
  const query = new URLSearchParams({
    subject: 'Property Viewing: 12 Elm St',
    start_time: slot.start_time,
    end_time: slot.end_time,
    body: 'Viewing with Kim Lee',
    attendee_email: 'kim@example.com',
  })
  const booked = await json(z.object({ event_id: z.string() }), front.action(dana, `/calendar/events?${query}`, { method: 'POST' }))
  const [event] = await list()
  t.match(event, { id: booked.event_id, subject: 'Property Viewing: 12 Elm St', location: '', is_online_meeting: false })
  t.equal(event?.attendees.length, 1)
  t.equal(new Date(event?.start_time ?? '').getTime(), new Date(slot.start_time).getTime())
  query.set('subject', 'Another viewing')
  const taken = await front.action(dana, `/calendar/events?${query}`, { method: 'POST' })
  t.equal(taken.status, 409)
  t.match(await taken.json(), { code: 'slot_taken', message: 'That time is no longer free.' })
})

t.test('the agent builder makes, opens, edits, deploys and deletes an agent; an unknown one shows the not-found page', async (t) => {
  const made = await json(Agent, front.action(dana, '/agents', { method: 'POST', body: { agent_name: 'Viewing desk', is_active: true } }))
  const page = `/agents/${made.agent_id}`
  const [agent, variables, functions] = await Promise.all([
    json(Agent, front.action(dana, page)),
    json(z.object({ variables: z.array(z.unknown()) }), front.action(dana, `${page}/variables`)),
    json(z.object({ functions: z.array(z.unknown()) }), front.action(dana, `${page}/functions`)),
  ])
  t.equal(agent.user_id.toString(), (await navigation()).id)
  t.same([variables.variables, functions.functions], [[], []])
  const config = {
    model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'You arrange viewings.' }] },
    voice: { provider: 'playht', voiceId: 'jennifer' },
    firstMessage: 'Hello!',
    serverUrl: 'https://backend.example/vapi/webhook',
  }
  const saved = await json(Agent, front.action(dana, page, { method: 'PATCH', body: { agent_name: 'Front desk', config } }))
  t.equal(saved.agent_name, 'Front desk')
  const assistant = test.world.vapi.add('assistant', { name: 'Front desk', model: config.model, voice: config.voice })
  await json(Agent, front.action(dana, page, { method: 'PATCH', body: { vapi_assistant_id: assistant.id } }))
  const { assistants } = await json(Assistants, front.action(dana, '/vapi/assistants'))
  const agents = await json(z.array(Agent), front.action(dana, '/agents'))
  const imported = assistants.filter((one) => agents.some((agent) => agent.vapi_assistant_id === one.id))
  t.equal(imported.length, 1, 'labelled as imported')
  t.equal((await dashboard()).active, 1)
  for (const id of ['999999', 'new', 'undefined', '%20']) t.equal((await front.action(dana, `/agents/${id}`)).status, 404, id)
  t.ok((await front.action(dana, page, { method: 'DELETE' })).ok)
  t.same(await json(z.array(Agent), front.action(dana, '/agents')), [])
})

t.test('the voice page lists assistants from the browser with a session token', async (t) => {
  const { preflight, response } = await front.page('/vapi/assistants', { token: test.world.clerk.token(dana.clerkUserId) })
  t.ok(preflight?.ok)
  t.equal(preflight?.headers.get('access-control-allow-origin'), 'http://localhost:3000')
  t.match(preflight?.headers.get('access-control-allow-headers'), /authorization/i)
  t.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
  const { assistants } = await json(Assistants, response)
  t.ok(assistants.length > 0)
})

t.test('the voice testing page shows the refusal as JSON, since it sends no token', async (t) => {
  for (const path of ['/calendar/availability?user_id=user_2abc&days_ahead=7', '/calendar/auth/status?user_id=user_2abc']) {
    const { response } = await front.page(path)
    t.equal(response.status, 401)
    t.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
    t.ok(Message.safeParse(await response.json()).success)
  }
})

t.test('a new property is opened right after it was made, edited and deleted', async (t) => {
  const form = { property_address: '12 Elm St, Austin, TX', price: 1850, bedrooms: 2, bathrooms: 1.5, available_date: '2026-12-15' }
  const made = await json(Rental, front.action(dana, '/rentals', { method: 'POST', body: form }))
  const opened = async (id: string) => {
    const { response } = await front.page('/database/available')
    const { rentals } = await json(Rentals, response)
    return rentals.find((rental) => rental.price.toLocaleString() && rental.id.toString() === id)
  }
  const found = await opened(made.id.toString())
  t.match(found, { price: 1850, bedrooms: 2, bathrooms: 1.5, source_type: 'manual' })
  t.equal(new Date(found?.available_date ?? '').toLocaleDateString('en-US'), '12/15/2026', 'whatever the zone of the viewer')
  t.equal((await dashboard()).rentals, 1)
  const edited = await json(
    Rental,
    front.action(dana, `/rentals/${Number.parseInt(String(made.id), 10)}`, { method: 'PATCH', body: { price: 1900 } }),
  )
  t.equal(edited.price, 1900)
  t.ok((await front.action(dana, `/rentals/${made.id}`, { method: 'DELETE' })).ok)
  t.equal(await opened(made.id.toString()), undefined)
})

t.test('the test suite page finds everything running', async (t) => {
  await json(z.object({ status: z.literal('running'), features: z.array(z.string()).min(1) }), front.open('/'))
  await json(Status, front.action(dana, '/calendar/auth/status'))
  for (const [name, parameters] of [
    ['get_availability', { user_id: 'someone@example.com', days_ahead: 3 }],
    [
      'set_appointment',
      { user_id: 'someone@example.com', property_address: '12 Elm St', start_time: '2026-12-01T10:00:00', attendee_name: 'Kim' },
    ],
  ] as const) {
    const toolCalls = [{ id: `${name}_1761000000000`, function: { name, arguments: parameters } }]
    const answer = await front.open('/vapi/webhook', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ message: { toolCalls } }),
    })
    t.equal(answer.status, 200)
    const { results } = Spoken.parse(await answer.json())
    t.equal(results[0]?.toolCallId, `${name}_1761000000000`)
  }
})

t.test('the profile page disconnects, as often as it is pressed', async (t) => {
  for (let press = 0; press < 2; press += 1) {
    const { message } = await json(Message, front.action(dana, '/calendar/google/auth/disconnect', { method: 'DELETE' }))
    t.match(message, /Google Calendar/)
  }
  t.match(await navigation(), { calendar: null, warnings: 0 })
})
