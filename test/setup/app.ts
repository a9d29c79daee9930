import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createDeps } from '../../src/create-deps.ts'
import { inTenant } from '../../src/db/client.ts'
import type { Deps } from '../../src/deps.ts'
import { loggerOptions } from '../../src/http/logging.ts'
import type { Vendor } from '../../src/vendors.ts'
import { trust } from '../world/tls.ts'
import { startWorld, type World } from '../world/world.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { heard } from './heard.ts'

/** Sunday evening in Chicago, three days after Thanksgiving: a plain week begins tomorrow. */
export const NOW = new Date('2026-11-29T23:00:00Z')

// Tests change calendars behind our back and ask again at once; one of them looks at what is kept for a while.
const UNKEPT = { BUSY_KEPT_MS: '1' }
// Most tests book more in one call than anybody should; one of them looks at the limits themselves.
const MANY_BOOKINGS = { LIMIT_TOOL_CALLS_PER_CALL: '100000', LIMIT_BOOKINGS_PER_CALL: '1000', LIMIT_BOOKINGS_PER_NUMBER: '1000' }
// And most that make a vendor fail look at what becomes of each failure, not at the pause after many.
const NO_BREAKER = { PROVIDER_BREAKER_FAILURES: '1000000' }

// Most tests look at calendars; those that look at mail name a sender.
const NO_MAIL = { SMTP_URL: '', MAIL_FROM: '' }

export interface TestApp {
  app: FastifyInstance
  deps: Deps
  world: World
  database: TestDatabase
  /** What was logged, line by line. */
  logs: string[]
  /** Moves the stopped clock. */
  setNow(now: Date): void
  /** The vendors well, nothing on record with them nor logged, the clock as at first: for the next test of those that share this one. */
  afresh(): TestApp
  /** A signed-in user of her own, with nothing connected. */
  user(email?: string): Owner
  /** A user with a connected calendar and an assistant whose secret is on file. */
  owner(options?: { vendor?: Vendor; timeZone?: string; openingHours?: object; noticeMinutes?: number }): Promise<ConnectedOwner>
}

export interface Owner {
  clerkUserId: string
  email: string
  headers(): { authorization: string }
}

export interface ConnectedOwner extends Owner {
  vendor: Vendor
  /** Of the calendar account at the vendor. */
  calendarEmail: string
  assistantId: string
  secret: string
  /** One function call over the webhook, as this owner's assistant makes it. @returns what the caller hears */
  call(
    name: string,
    parameters: object,
    options?: { callId?: string; toolCallId?: string; number?: string },
  ): Promise<{ result?: string; error?: string }>
}

/** The whole service over real HTTP to the stand-ins, a database of its own and a stopped clock. Entered by `app.inject`. */
export async function testApp(t: Test, env: Record<string, string> = {}): Promise<TestApp> {
  let now = NOW
  const world = await startWorld('http://localhost:8000', () => now)
  t.teardown(() => world.stop())
  trust(world.ca)
  const database = await testDatabase(t)
  const logs: string[] = []
  const mail = 'MAIL_FROM' in env ? {} : NO_MAIL
  const config = readConfig({
    ...world.settings,
    ...MANY_BOOKINGS,
    ...UNKEPT,
    ...NO_BREAKER,
    ...mail,
    DATABASE_URL: database.ownerUrl,
    ...env,
  })
  const log = pino(loggerOptions('debug'), { write: (line) => logs.push(line) })
  const deps = createDeps(config, { db: database.db, clock: { now: () => now }, log })
  await deps.jobs.prepare()
  // Beside other tests the machine is often as busy as this; that is no caller's business.
  const app = await buildApp(deps, () => false, 0)
  t.teardown(() => app.close())

  const test: TestApp = {
    app,
    deps,
    world,
    database,
    logs,
    setNow: (moment) => {
      now = moment
    },
    afresh: () => {
      for (const { faults, ledger } of [world.google, world.microsoft, world.calcom, world.clerk, world.vapi]) {
        faults.clear()
        ledger.length = 0
      }
      logs.length = 0
      now = NOW
      return test
    },
    user: (email) => {
      const person = world.clerk.addUser({
        email: email ?? `owner-${crypto.randomUUID().slice(0, 8)}@example.com`,
        firstName: 'Dana',
        lastName: 'Reyes',
      })
      return {
        clerkUserId: person.id,
        email: person.email_addresses[0]?.email_address ?? '',
        headers: () => ({ authorization: `Bearer ${world.clerk.token(person.id)}` }),
      }
    },
    owner: async ({ vendor = 'google', timeZone = 'America/Chicago', openingHours, noticeMinutes } = {}) => {
      const user = test.user()
      const calendarEmail = `diary-${crypto.randomUUID().slice(0, 8)}@example.com`
      world[vendor].addPerson({ name: 'Dana Reyes', email: calendarEmail, timeZone })
      if (vendor === 'calcom') offerHours(world.calcom, calendarEmail)
      const returned = await connect(test, user, vendor, calendarEmail)
      if (!['auth', 'success'].some((name) => /success|_connected/.test(returned.searchParams.get(name) ?? '')))
        throw new Error(`not connected: ${returned}`)
      if (openingHours || noticeMinutes !== undefined) {
        await inTenant(deps.db, user.clerkUserId, (trx) =>
          trx
            .updateTable('businesses')
            .set({
              ...(openingHours ? { openingHours: JSON.stringify(openingHours) } : {}),
              ...(noticeMinutes === undefined ? {} : { noticeMinutes }),
            })
            .execute(),
        )
      }
      const assistantId = crypto.randomUUID()
      const created = await app.inject({
        method: 'POST',
        url: '/agents',
        headers: user.headers(),
        payload: { agent_name: 'Desk', vapi_assistant_id: assistantId },
      })
      const made = await app.inject({ method: 'POST', url: `/agents/${created.json().agent_id}/secret`, headers: user.headers() })
      const { secret } = made.json()
      let calls = 0
      return {
        ...user,
        vendor,
        calendarEmail,
        assistantId,
        secret,
        call: async (name, parameters, { callId = 'call-1', toolCallId, number } = {}) => {
          calls += 1
          const id = toolCallId ?? `tool_${calls}`
          const reply = await app.inject({
            method: 'POST',
            url: '/vapi/webhook',
            headers: { 'x-vapi-secret': secret },
            payload: {
              message: {
                type: 'tool-calls',
                toolCallList: [{ id, type: 'function', function: { name, arguments: parameters } }],
                call: { id: callId, assistantId, ...(number ? { customer: { number } } : {}) },
              },
            },
          })
          return heard(reply.json().results[0])
        },
      }
    },
  }
  return test
}

/** Half hours and hours, so that a caller may ask for either as at other vendors. */
function offerHours(calcom: World['calcom'], email: string): void {
  for (const { id } of calcom.eventTypes(email)) calcom.changeEventType(email, id, { lengths: [30, 60] })
}

/** Start, consent and callback in the user's browser. @returns where the browser stands at the end */
export async function connect(
  { app, world }: Pick<TestApp, 'app' | 'world'>,
  user: Owner,
  vendor: Vendor,
  calendarEmail: string,
  choice?: { deny?: boolean; scopes?: string[] },
): Promise<URL> {
  const started = await app.inject({ url: `/calendar/auth/start?provider=${vendor}`, headers: user.headers() })
  if (started.statusCode !== 307) throw new Error(`start answered ${started.statusCode} ${started.body}`)
  const callback = await world[vendor].signIn(String(started.headers.location), calendarEmail, choice)
  const returned = await app.inject({ url: callback.pathname + callback.search })
  return new URL(String(returned.headers.location))
}
