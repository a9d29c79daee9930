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
const CALL_KEYS = ['all', 'day', 'ended_class', 'intent', 'sentiment', 'direction'] as const
export type CallKey = (typeof CALL_KEYS)[number]

/** Counted in every one of these ways, each in the order of its keys; the calls are gone through once. */
export async function countCalls(trx: TenantDb, scope: Scope): Promise<Record<CallKey, CallCount[]>> {
  const counts = sql`count(*)::int as calls, (count(*) filter (where status = 'ended'))::int as ended,
    (count(*) filter (where is_booked))::int as booked, coalesce(sum(seconds), 0)::double precision as seconds,
    coalesce(sum(cost), 0)::double precision as cost`
  const ways = CALL_KEYS.map((by) =>
    by === 'all'
      ? sql`select ${by} as by, ${by} as key, ${counts} from facts`
      : sql`select ${by}, ${sql.ref(by)}, ${counts} from facts group by 2`,
  )
  const { rows } = await sql<CallCount & { by: CallKey }>`
    with facts as materialized (
      select f.*, ${dayOf(sql`began_at`, scope)} as day from call_facts f where ${within(sql`began_at`, scope)})
    ${sql.join(ways, sql` union all `)} order by key`.execute(trx)
  const of = (by: CallKey) => rows.filter((row) => row.by === by).map(({ by: _, ...count }) => count)
  return {
    ...{ all: of('all'), day: of('day'), direction: of('direction') },
    ...{ ended_class: of('ended_class'), intent: of('intent'), sentiment: of('sentiment') },
  }
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

/** What half of them do not exceed, and what all but a twentieth do not. */
export type Percentiles = [p50: number, p95: number]

export interface FunctionFigures {
  function: string
  calls: number
  errors: number
  /** Milliseconds. */
  percentiles: Percentiles
  /** Of these, spent waiting for calendars. */
  vendorPercentiles: Percentiles
  /** How often it was refused, by our error codes. */
  failures: Record<string, number>
}

/** How long function calls took and how often they failed, by name. */
export async function functionFigures(trx: TenantDb, scope: Scope): Promise<FunctionFigures[]> {
  const { rows } = await sql<FunctionFigures>`
    with refused as (
        select function, failure, count(*)::int as count from function_call_facts
        where ${within(sql`called_at`, scope)} and failure is not null group by 1, 2),
      failed as (select function, jsonb_object_agg(failure, count) as failures from refused group by 1)
    select function, count(*)::int as calls, (count(*) filter (where outcome = 'error'))::int as errors,
      ${percentiles(sql`ms`)} as percentiles, ${percentiles(sql`vendor_ms`)} as vendor_percentiles,
      coalesce((select failures from failed where failed.function = facts.function), '{}') as failures
    from function_call_facts facts where ${within(sql`called_at`, scope)} group by function order by function`.execute(trx)
  return rows
}

export interface VendorFigures {
  vendor: string
  operation: string
  requests: number
  failed: number
  percentiles: Percentiles
}

/** How long requests to calendars took while callers waited and how often they failed, by vendor and operation. */
export async function vendorFigures(trx: TenantDb, scope: Scope): Promise<VendorFigures[]> {
  const { rows } = await sql<VendorFigures>`
    select vendor, operation, count(*)::int as requests, (count(*) filter (where is_failed))::int as failed,
      ${percentiles(sql`ms`)} as percentiles
    from vendor_request_facts where ${within(sql`called_at`, scope)}
    group by 1, 2 order by 1, 2`.execute(trx)
  return rows
}

/** Both at once: the values are sorted once. */
function percentiles(of: RawBuilder<unknown>) {
  return sql`percentile_cont(array[0.5, 0.95]) within group (order by ${of})`
}

function within(at: RawBuilder<unknown>, { clerkUserId, from, to }: Scope) {
  return sql`clerk_user_id = ${clerkUserId} and ${at} >= ${from} and ${at} < ${to}`
}

function dayOf(at: RawBuilder<unknown>, { timeZone }: Scope) {
  return sql`to_char(${at} at time zone ${timeZone}, 'YYYY-MM-DD')`
}
