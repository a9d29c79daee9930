import { type RawBuilder, sql } from 'kysely'
import type { TenantDb } from './client.ts'

/** Whose figures, of which time (half-open), and where days and hours are counted. */
export interface Scope {
  clerkUserId: string
  from: Date
  to: Date
  timeZone: string
}

export interface CallCount {
  /** Of what these are: a day, a class of ends, an intent …; `null`: of what nobody knows it. */
  key: string | null
  calls: number
  ended: number
  booked: number
  seconds: number
  /** US dollars. */
  cost: number
}

/** By what calls are counted. `all`: together. */
export type CallKey = 'all' | 'day' | 'ended_class' | 'intent' | 'sentiment' | 'direction'

/** In the order of their keys. */
export async function countCalls(trx: TenantDb, scope: Scope, by: CallKey): Promise<CallCount[]> {
  const key = by === 'all' ? sql`'all'` : by === 'day' ? dayOf(sql`began_at`, scope) : sql.ref(by)
  const { rows } = await sql<CallCount>`
    select ${key} as key, count(*)::int as calls, (count(*) filter (where status = 'ended'))::int as ended,
      (count(*) filter (where is_booked))::int as booked, coalesce(sum(seconds), 0)::double precision as seconds,
      coalesce(sum(cost), 0)::double precision as cost
    from call_facts where ${within(sql`began_at`, scope)}
    group by 1 order by 1`.execute(trx)
  return rows
}

export interface HourCount {
  /** 1: Monday … 7: Sunday. */
  weekday: number
  /** 0 to 23. */
  hour: number
  count: number
}

/** When calls begin: every hour of the week that had one, the busiest first. */
export function countCallHours(trx: TenantDb, scope: Scope): Promise<HourCount[]> {
  return countHours(trx, scope, sql`call_facts where ${within(sql`began_at`, scope)}`, sql`began_at`)
}

/** For when appointments are made that are made in this time, the most popular first. */
export function countPopularTimes(trx: TenantDb, scope: Scope): Promise<HourCount[]> {
  return countHours(trx, scope, sql`booking_facts where ${within(sql`made_at`, scope)} and status <> 'failed'`, sql`starts_at`)
}

async function countHours(trx: TenantDb, { timeZone }: Scope, facts: RawBuilder<unknown>, at: RawBuilder<unknown>): Promise<HourCount[]> {
  const { rows } = await sql<HourCount>`
    select extract(isodow from ${at} at time zone ${timeZone})::int as weekday, extract(hour from ${at} at time zone ${timeZone})::int as hour,
      count(*)::int as count
    from ${facts} group by 1, 2 order by 3 desc, 1, 2`.execute(trx)
  return rows
}

export interface BookingCount {
  day: string
  /** held | confirmed | cancelled | completed | no_show | failed */
  status: string
  /** caller | owner */
  bookedBy: string
  count: number
}

/** Appointments by the day on which they were made, what has become of them, and who made them. */
export async function countBookingsMade(trx: TenantDb, scope: Scope): Promise<BookingCount[]> {
  const { rows } = await sql<BookingCount>`
    select ${dayOf(sql`made_at`, scope)} as day, status, booked_by, count(*)::int as count
    from booking_facts where ${within(sql`made_at`, scope)}
    group by 1, 2, 3 order by 1, 2, 3`.execute(trx)
  return rows
}

export interface FunctionFigures {
  function: string
  calls: number
  errors: number
  p50Ms: number
  p95Ms: number
  vendorP50Ms: number
  vendorP95Ms: number
  /** How often it was refused, by our error codes. */
  failures: Record<string, number>
}

/** How long function calls took and how often they failed, by name. */
export async function functionFigures(trx: TenantDb, scope: Scope): Promise<FunctionFigures[]> {
  const { rows } = await sql<FunctionFigures>`
    with facts as (select * from function_call_facts where ${within(sql`called_at`, scope)}),
      failed as (select function, failure, count(*)::int as count from facts where failure is not null group by 1, 2)
    select function, count(*)::int as calls, (count(*) filter (where outcome = 'error'))::int as errors,
      percentile_cont(0.5) within group (order by ms) as "p50Ms", percentile_cont(0.95) within group (order by ms) as "p95Ms",
      percentile_cont(0.5) within group (order by vendor_ms) as "vendorP50Ms",
      percentile_cont(0.95) within group (order by vendor_ms) as "vendorP95Ms",
      coalesce((select jsonb_object_agg(failure, failed.count) from failed where failed.function = facts.function), '{}') as failures
    from facts group by function order by function`.execute(trx)
  return rows
}

export interface VendorFigures {
  vendor: string
  operation: string
  requests: number
  failed: number
  p50Ms: number
  p95Ms: number
}

/** How long requests to calendars took while callers waited and how often they failed, by vendor and operation. */
export async function vendorFigures(trx: TenantDb, scope: Scope): Promise<VendorFigures[]> {
  const { rows } = await sql<VendorFigures>`
    select vendor, operation, count(*)::int as requests, (count(*) filter (where is_failed))::int as failed,
      percentile_cont(0.5) within group (order by ms) as "p50Ms", percentile_cont(0.95) within group (order by ms) as "p95Ms"
    from vendor_request_facts where ${within(sql`called_at`, scope)}
    group by 1, 2 order by 1, 2`.execute(trx)
  return rows
}

function within(at: RawBuilder<unknown>, { clerkUserId, from, to }: Scope) {
  return sql`clerk_user_id = ${clerkUserId} and ${at} >= ${from} and ${at} < ${to}`
}

function dayOf(at: RawBuilder<unknown>, { timeZone }: Scope) {
  return sql`to_char(${at} at time zone ${timeZone}, 'YYYY-MM-DD')`
}
