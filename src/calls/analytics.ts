import { openDiary } from '../calendar/access.ts'
import type { Config } from '../config.ts'
import {
  type BookingCount,
  type CallCount,
  type CallKey,
  countBookingsMade,
  countCallHours,
  countCalls,
  countPopularTimes,
  type FunctionFigures,
  functionFigures,
  type HourCount,
  type Scope,
  type VendorFigures,
  vendorFigures,
} from '../db/analytics.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

// Both days count.
const USUAL_DAYS = 30
const MOST_DAYS = 366

type Given = Pick<Deps, 'db' | 'clock'> & { config: Pick<Config, 'defaultTimeZone'> }

/** Days in the business's zone, as ISO 8601 writes them; both count. Left out: the last thirty, today among them. */
export interface Days {
  from: string | undefined
  to: string | undefined
}

/** Which days the figures are of, in which zone. */
export interface Span {
  from: string
  to: string
  timeZone: string
  /** Each of them, also those on which nothing happened. */
  days: string[]
}

export interface CallFigures {
  span: Span
  all: CallCount
  byDay: CallCount[]
  busiest: HourCount[]
  by: Record<Exclude<CallKey, 'all' | 'day'>, CallCount[]>
}

/** @throws AppError `invalid_range` */
export function callFigures(deps: Given, clerkUserId: string, asked: Days): Promise<CallFigures> {
  return within(deps, clerkUserId, asked, async (trx, scope, span) => {
    const { all, day, ...by } = await countCalls(trx, scope)
    const days = new Map(day.map((one) => [one.key, one]))
    return {
      span,
      all: all[0] ?? nothing('all'),
      byDay: span.days.map((date) => days.get(date) ?? nothing(date)),
      busiest: await countCallHours(trx, scope),
      by,
    }
  })
}

export interface BookingFigures {
  span: Span
  counts: BookingCount[]
  popular: HourCount[]
}

/** @throws AppError `invalid_range` */
export function bookingFigures(deps: Given, clerkUserId: string, asked: Days): Promise<BookingFigures> {
  return within(deps, clerkUserId, asked, async (trx, scope, span) => ({
    span,
    counts: await countBookingsMade(trx, scope),
    popular: await countPopularTimes(trx, scope),
  }))
}

export interface LatencyFigures {
  span: Span
  functions: FunctionFigures[]
  vendors: VendorFigures[]
}

/** @throws AppError `invalid_range` */
export function latencyFigures(deps: Given, clerkUserId: string, asked: Days): Promise<LatencyFigures> {
  return within(deps, clerkUserId, asked, async (trx, scope, span) => ({
    span,
    functions: await functionFigures(trx, scope),
    vendors: await vendorFigures(trx, scope),
  }))
}

function within<T>(
  deps: Given,
  clerkUserId: string,
  asked: Days,
  work: (trx: TenantDb, scope: Scope, span: Span) => Promise<T>,
): Promise<T> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const { timeZone } = (await openDiary(deps, trx, clerkUserId)).rules
    const span = spanOf(asked, timeZone, deps.clock.now())
    const begin = (day: Temporal.PlainDate) => new Date(day.toZonedDateTime(timeZone).epochMilliseconds)
    const scope = {
      clerkUserId,
      timeZone,
      from: begin(Temporal.PlainDate.from(span.from)),
      to: begin(Temporal.PlainDate.from(span.to).add({ days: 1 })),
    }
    return work(trx, scope, span)
  })
}

/** @throws AppError `invalid_range` */
function spanOf(asked: Days, timeZone: string, now: Date): Span {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone).toPlainDate()
  const last = asked.to === undefined ? today : Temporal.PlainDate.from(asked.to)
  const first = asked.from === undefined ? last.subtract({ days: USUAL_DAYS - 1 }) : Temporal.PlainDate.from(asked.from)
  const count = first.until(last).days + 1
  if (count < 1 || count > MOST_DAYS) throw new AppError('invalid_range', `${count} days`)
  const days = Array.from({ length: count }, (_, index) => first.add({ days: index }).toString())
  return { from: first.toString(), to: last.toString(), timeZone, days }
}

function nothing(key: string): CallCount {
  return { key, calls: 0, ended: 0, booked: 0, seconds: 0, cost: 0 }
}
