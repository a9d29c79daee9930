import t from 'tap'
import { fillMonth } from '../../scripts/rig/month.ts'
import { recount } from '../../scripts/rig/recount.ts'
import { bookingFigures, callFigures, latencyFigures } from '../../src/calls/analytics.ts'
import { bookingAnalytics, callAnalytics, functionAnalytics } from '../../src/calls/analytics-body.ts'
import { inTenant } from '../../src/db/client.ts'
import { NOW } from '../setup/app.ts'
import { testDatabase } from '../setup/database.ts'

const { db } = await testDatabase(t)
const given = { db, clock: { now: () => NOW }, config: { defaultTimeZone: 'America/Chicago' } }
const nothing = { from: undefined, to: undefined }
const seed = Number(process.env.SEED ?? Math.trunc(Math.random() * 1e9))

async function tenant(clerkUserId: string): Promise<void> {
  await inTenant(db, clerkUserId, async (trx) => {
    await trx.insertInto('users').values({ clerkUserId }).execute()
    await trx.insertInto('businesses').values({ clerkUserId, name: 'Desk' }).execute()
  })
}

async function answers(clerkUserId: string, asked: { from: string | undefined; to: string | undefined } = nothing) {
  return {
    calls: callAnalytics(await callFigures(given, clerkUserId, asked)),
    bookings: bookingAnalytics(await bookingFigures(given, clerkUserId, asked)),
    functions: functionAnalytics(await latencyFigures(given, clerkUserId, asked)),
  }
}

t.test(`the figures of a month agree with those that are computed from its rows (SEED=${seed})`, async (t) => {
  await Promise.all([tenant('user_a'), tenant('user_b'), tenant('user_c')])
  // The night the clocks change is among them, and days before and after those that are asked for.
  const month = { from: new Date('2026-10-28T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') }
  await fillMonth(db, 'user_a', { ...month, calls: 400, seed })
  await fillMonth(db, 'user_b', { ...month, calls: 60, seed: seed + 1 })
  const usual = { from: '2026-10-31', to: '2026-11-29', time_zone: 'America/Chicago' }
  const found = await answers('user_a')
  t.ok(
    found.calls.totals.calls > 300 && found.bookings.totals.made > 30 && found.functions.vendors.length === 6,
    'there is something to count',
  )
  t.equal(found.calls.by_day.length, 30)
  t.same(found, await recount(db, 'user_a', usual))
  t.same(await answers('user_b'), await recount(db, 'user_b', usual), 'of another tenant, hers alone')

  const week = { from: '2026-11-01', to: '2026-11-07' }
  t.same(await answers('user_a', week), await recount(db, 'user_a', { ...week, time_zone: 'America/Chicago' }))

  await inTenant(db, 'user_a', (trx) => trx.updateTable('businesses').set({ timeZone: 'Australia/Lord_Howe' }).execute())
  const there = { from: '2026-11-01', to: '2026-11-30', time_zone: 'Australia/Lord_Howe' }
  t.same(await answers('user_a'), await recount(db, 'user_a', there), 'days and hours are those of the business')
})

t.test('of nothing there is nothing, and no share of it', async (t) => {
  const { calls, bookings, functions } = await answers('user_c')
  t.has(calls.totals, { calls: 0, conversion: null, minutes: 0, cost: 0 })
  t.equal(calls.by_day.length, 30)
  t.same([bookings.totals.made, bookings.popular_times, functions.functions, functions.vendors], [0, [], [], []])
})

t.test('days that are none, or too many, are refused', async (t) => {
  for (const asked of [
    { from: '2026-11-02', to: '2026-11-01' },
    { from: '2025-01-01', to: '2026-11-01' },
    { from: '2026-12-01', to: undefined },
  ])
    await t.rejects(callFigures(given, 'user_a', asked), { code: 'invalid_range' })
  t.equal((await callFigures(given, 'user_a', { from: '2026-11-01', to: '2026-11-01' })).byDay.length, 1)
})

t.test('the views hold nothing without a tenant, and nothing of another', async (t) => {
  for (const view of ['callFacts', 'bookingFacts', 'functionCallFacts', 'vendorRequestFacts'] as const) {
    t.same(await db.selectFrom(view).select('clerkUserId').execute(), [], view)
    const seen = await inTenant(db, 'user_b', (trx) => trx.selectFrom(view).select('clerkUserId').distinct().execute())
    t.same(seen, [{ clerkUserId: 'user_b' }], view)
  }
})
