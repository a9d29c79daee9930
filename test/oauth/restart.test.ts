import t from 'tap'
import * as z from 'zod'
import { startedService, surroundings } from '../setup/service.ts'
import { post, toolCalls } from '../world/vapi/index.ts'
import { both, grants, halfHour, otherThan, type Vendor, type VendorId } from './setup.ts'

const Connections = z.object({
  connections: z.array(
    z.looseObject({
      id: z.string(),
      provider: z.string(),
      role: z.string(),
      calendar_email: z.string(),
      last_error: z.string().nullable(),
    }),
  ),
})
const ZONE = 'America/Chicago'

/** A working day some days from now, for callers as for the owner. */
function workday(): Temporal.PlainDate {
  let day = Temporal.Now.plainDateISO(ZONE).add({ days: 3 })
  while (day.dayOfWeek > 5) day = day.add({ days: 1 })
  return day
}

const at = (time: string) => new Date(workday().toZonedDateTime({ timeZone: ZONE, plainTime: time }).epochMilliseconds)

t.test('stopping and starting the service keeps every connection of both vendors, and nobody has to consent again', async (t) => {
  const around = await surroundings(t)
  const { world, baseUrl } = around
  const first = await startedService(t, around)

  async function ownerOf(vendor: Vendor) {
    const { id } = world.clerk.addUser({ email: `${vendor.id}@example.com` })
    const request = (method: string, path: string, body?: object) => {
      const headers = { authorization: `Bearer ${world.clerk.token(id)}`, ...(body ? { 'content-type': 'application/json' } : {}) }
      return fetch(baseUrl + path, { method, redirect: 'manual', headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    }
    const connect = async (provider: VendorId, role: string) => {
      const { email } = world[provider].addPerson({ name: 'Dana', email: `${role}-of-${id}@example.com`, timeZone: ZONE })
      const begun = await request('GET', `/calendar/auth/start?provider=${provider}&role=${role}`)
      const callback = await world[provider].signIn(begun.headers.get('location') ?? '', email)
      const returned = await fetch(callback, { redirect: 'manual' })
      t.match(returned.headers.get('location'), /auth=success/)
      return email
    }
    const email = await connect(vendor.id, 'destination')
    const busyEmail = await connect(otherThan(vendor).id, 'busy')
    const assistantId = crypto.randomUUID()
    const made = await request('POST', '/agents', { agent_name: 'Desk', vapi_assistant_id: assistantId })
    const { agent_id } = Object(await made.json())
    const { secret } = Object(await (await request('POST', `/agents/${agent_id}/secret`)).json())
    const read = async (path: string): Promise<unknown> => (await request('GET', path)).json()
    const book = async (time: string) => {
      const parameters = { start_time: `${workday()}T${time}`, name: 'Ana' }
      const call = toolCalls([{ id: `tool-${time}`, name: 'book_appointment', arguments: parameters }], { assistantId })
      return Object((await post(baseUrl, call, { secret })).json).results[0]
    }
    return { vendor, email, busyEmail, read, book }
  }

  const owners = await Promise.all(both.map(ownerOf))
  const connected = await Promise.all(owners.map(async ({ read }) => Connections.parse(await read('/calendar/connections')).connections))
  for (const { vendor, email, busyEmail } of owners) {
    world[vendor.id].expireAccessTokens(email)
    world[otherThan(vendor).id].expireAccessTokens(busyEmail)
  }

  first.child.kill('SIGTERM')
  t.equal(await first.ended, 0)
  for (const { id } of both) world[id].ledger.length = 0
  const second = await startedService(t, around)

  for (const [index, { vendor, email, busyEmail, read, book }] of owners.entries()) {
    const before = connected[index] ?? []
    const { connections } = Connections.parse(await read('/calendar/connections'))
    const what = (all: typeof connections) => all.map(({ id, provider, role, calendar_email }) => ({ id, provider, role, calendar_email }))
    t.same(what(connections), what(before))
    t.match(connections, [
      { provider: vendor.id, role: 'destination', calendar_email: email, state: 'active', last_error: null, calendars: [{}] },
      { provider: otherThan(vendor).id, role: 'busy', calendar_email: busyEmail, state: 'active', last_error: null, calendars: [{}] },
    ])
    t.match(await read('/calendar/auth/status'), { authorized: true, token_valid: true, calendar_verified: true, provider: vendor.id })
    t.match(await read('/calendar/google/auth/status'), { authorized: vendor.id === 'google' })

    world[otherThan(vendor).id].addEvent(busyEmail, { subject: 'Dentist', ...halfHour(at('10:00')) })
    t.match((await book('10:00')).error, /taken/, 'what is busy still counts')
    t.match((await book('14:00')).result, /^You are booked/)
    t.match(world[vendor.id].events(email), [halfHour(at('14:00'))])
  }
  for (const { id } of both) {
    t.same(grants(world[id].ledger, 'authorization_code'), [], 'no new consent')
    t.notOk(world[id].ledger.some(({ path }) => /auth(orize)?$/.test(path)))
    t.equal(grants(world[id].ledger, 'refresh_token').length, 2, 'each account was renewed with what was stored')
  }
  second.child.kill('SIGTERM')
  t.equal(await second.ended, 0)
})
