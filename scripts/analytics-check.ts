import { rm } from 'node:fs/promises'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import pg from 'pg'
import { bookingFigures, callFigures, latencyFigures } from '../src/calls/analytics.ts'
import { bookingAnalytics, callAnalytics, functionAnalytics } from '../src/calls/analytics-body.ts'
import { customerByNumber } from '../src/calls/customer.ts'
import { pageOfCalls, wholeCall } from '../src/calls/listing.ts'
import { inTenant, openDatabase } from '../src/db/client.ts'
import { startEmbeddedPostgres } from '../src/db/embedded.ts'
import { migratedDatabase } from '../src/db/embedded-database.ts'
import { appUrl } from '../src/db/roles.ts'
import { embeddedFolder } from '../src/root.ts'
import { traced } from '../src/trace.ts'
import { fillMonth } from './rig/month.ts'
import { recount } from './rig/recount.ts'

// A month of calls, of two tenants: the figures of each must agree with those that are computed from her rows, and no query of what an owner
// reads may take longer than it should. Of this test/calls/analytics.test.ts does a small one.
const MOST_MS = 200
const ROUNDS = 5
const ZONE = 'America/Chicago'

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '10000' }, seed: { type: 'string', default: String(Date.now() % 1_000_000_000) } },
})
const [calls = 0, seed = 0] = [values.calls, values.seed].map(Number)
process.stdout.write(`A month of ${calls} calls. Once more with: npm run analytics-check -- --calls ${calls} --seed ${seed}\n`)

const folder = embeddedFolder('analytics-postgres')
const server = await startEmbeddedPostgres(folder, { fsync: 'off' })
try {
  const ownerUrl = await migratedDatabase(server.adminUrl, 'analytics')
  const database = openDatabase(appUrl(ownerUrl))
  try {
    process.exitCode = (await check(database.db, ownerUrl)) ? 0 : 1
  } finally {
    await database.end()
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

type Db = ReturnType<typeof openDatabase>['db']

async function check(db: Db, ownerUrl: string): Promise<boolean> {
  const month = { from: new Date('2026-10-31T05:00:00Z'), to: new Date('2026-11-30T06:00:00Z') }
  for (const [index, tenant] of ['user_a', 'user_b'].entries()) {
    await inTenant(db, tenant, async (trx) => {
      await trx.insertInto('users').values({ clerkUserId: tenant }).execute()
      await trx.insertInto('businesses').values({ clerkUserId: tenant, name: 'Desk', timeZone: ZONE }).execute()
    })
    await fillMonth(db, tenant, { ...month, calls, seed: seed + index })
  }
  await lookAt(ownerUrl)
  const agreed = [await agrees(db, 'user_a'), await agrees(db, 'user_b')]
  const fast = await isFast(db, 'user_a')
  return agreed.every(Boolean) && fast
}

/** What Postgres otherwise does by itself within a minute of so many new rows. */
async function lookAt(ownerUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl })
  await owner.connect()
  await owner.query('vacuum (analyze)')
  await owner.end()
}

async function agrees(db: Db, tenant: string): Promise<boolean> {
  const given = { db, clock: { now: () => new Date('2026-11-29T23:00:00Z') }, config: { defaultTimeZone: ZONE } }
  const asked = { from: '2026-10-31', to: '2026-11-29' }
  const found = {
    calls: callAnalytics(await callFigures(given, tenant, asked)),
    bookings: bookingAnalytics(await bookingFigures(given, tenant, asked)),
    functions: functionAnalytics(await latencyFigures(given, tenant, asked)),
  }
  const isSame = isDeepStrictEqual(found, await recount(db, tenant, { ...asked, time_zone: ZONE }))
  const { calls: all, booked } = found.calls.totals
  process.stdout.write(`${tenant}: ${all} calls, ${booked} booked: ${isSame ? 'agrees' : 'DOES NOT AGREE'} with the second computation\n`)
  return isSame
}

/** Every statement that an owner's page sends, with the month just read. */
async function isFast(db: Db, clerkUserId: string): Promise<boolean> {
  const given = { db, clock: { now: () => new Date('2026-11-29T23:00:00Z') }, config: { defaultTimeZone: ZONE } }
  const days = { from: '2026-10-31', to: '2026-11-29' }
  const [one] = (await pageOfCalls(given, clerkUserId, { after: undefined, limit: 1 })).calls
  const pages: [string, () => Promise<unknown>][] = [
    ['/analytics/calls', () => callFigures(given, clerkUserId, days)],
    ['/analytics/bookings', () => bookingFigures(given, clerkUserId, days)],
    ['/analytics/functions', () => latencyFigures(given, clerkUserId, days)],
    ['/calls', () => pageOfCalls(given, clerkUserId, { after: undefined, limit: 50 })],
    ['/calls?booked=true', () => pageOfCalls(given, clerkUserId, { isBooked: true, after: undefined, limit: 50 })],
    ['/calls?search=…', () => pageOfCalls(given, clerkUserId, { search: 'no such words', after: undefined, limit: 50 })],
    ['/calls/{id}', () => wholeCall(given, clerkUserId, one?.id ?? '')],
    ['/customers/{number}', () => customerByNumber(given, clerkUserId, one?.customerNumber ?? '')],
  ]
  let isFine = true
  for (const [name, read] of pages) {
    const slowest: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) slowest.push(await slowestOf(read))
    const median = slowest.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
    isFine &&= median < MOST_MS
    process.stdout.write(`${name.padEnd(22)} slowest query ${median.toFixed(0).padStart(5)} ms${median < MOST_MS ? '' : '  TOO SLOW'}\n`)
  }
  return isFine
}

function slowestOf(read: () => Promise<unknown>): Promise<number> {
  return traced(performance.now(), async (steps) => {
    await read()
    return Math.max(...steps().map((step) => (step.kind === 'database' ? step.slowestMs : 0)))
  })
}
