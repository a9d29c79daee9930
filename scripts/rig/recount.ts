import { type Db, inTenant } from '../../src/db/client.ts'

const ROWS_AT_ONCE = 2000

/** The days whose figures are computed, as the service was asked for them. */
export interface Asked {
  from: string
  to: string
  time_zone: string
}

/**
 * The answers of `/analytics/…`, computed a second time: from the rows themselves, in TypeScript, by somebody who does not know the views.
 */
export async function recount(db: Db, clerkUserId: string, asked: Asked) {
  const rows = {
    calls: await everyRow((after) =>
      inTenant(db, clerkUserId, (trx) => {
        const columns = ['id', 'vapiCallId', 'startedAt', 'endedAt', 'firstHeardAt', 'status', 'cost'] as const
        const query = trx.selectFrom('calls').select([...columns, 'endedClass', 'intent', 'sentiment', 'direction'])
        return query.where('id', '>', after).orderBy('id').limit(ROWS_AT_ONCE).execute()
      }),
    ),
    bookings: await everyRow((after) =>
      inTenant(db, clerkUserId, (trx) => {
        const columns = ['id', 'appointmentId', 'moves', 'status', 'vapiCallId', 'createdAt', 'startsAt', 'bookedBy'] as const
        return trx.selectFrom('bookings').select(columns).where('id', '>', after).orderBy('id').limit(ROWS_AT_ONCE).execute()
      }),
    ),
    toolCalls: await everyRow((after) =>
      inTenant(db, clerkUserId, (trx) => {
        const columns = ['id', 'calledAt', 'function', 'outcome', 'failure', 'ms', 'vendorMs', 'steps'] as const
        return trx.selectFrom('toolCalls').select(columns).where('id', '>', after).orderBy('id').limit(ROWS_AT_ONCE).execute()
      }),
    ),
  }
  const local = (at: Date) => Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(asked.time_zone)
  const day = (at: Date) => local(at).toPlainDate().toString()
  const isAsked = (at: Date) => day(at) >= asked.from && day(at) <= asked.to
  const days: string[] = []
  for (let one = Temporal.PlainDate.from(asked.from); one.toString() <= asked.to; one = one.add({ days: 1 })) days.push(one.toString())

  const real = rows.bookings.filter(({ moves, status }) => moves === null && status !== 'failed')
  const bookedCalls = new Set(real.map(({ vapiCallId }) => vapiCallId))
  const calls = rows.calls
    .map((call) => ({ ...call, at: call.startedAt ?? call.firstHeardAt, isBooked: bookedCalls.has(call.vapiCallId) }))
    .filter(({ at }) => isAsked(at))
  type Call = (typeof calls)[number]

  const counts = (some: Call[]) => {
    const booked = some.filter(({ isBooked }) => isBooked).length
    const ms = some.reduce((sum, { startedAt, endedAt }) => sum + (startedAt && endedAt ? endedAt.getTime() - startedAt.getTime() : 0), 0)
    const microDollars = some.reduce((sum, { cost }) => sum + Math.round(Number(cost ?? 0) * 1e6), 0)
    return {
      calls: some.length,
      ended: some.filter(({ status }) => status === 'ended').length,
      booked,
      conversion: share(booked, some.length),
      minutes: rounded(ms / 60_000, 2),
      cost: rounded(microDollars / 1e6, 6),
    }
  }
  const grouped = (key: (call: Call) => string | null) =>
    [...Map.groupBy(calls, key)].map(([value, some]) => ({ value, ...counts(some) })).sort(byValue)

  const hours = (times: Date[]) =>
    [...Map.groupBy(times, (at) => `${local(at).dayOfWeek} ${local(at).hour}`)]
      .map(([key, some]) => ({ weekday: Number(key.split(' ')[0]), hour: Number(key.split(' ')[1]), count: some.length }))
      .sort((a, b) => b.count - a.count || a.weekday - b.weekday || a.hour - b.hour)

  // An appointment is its latest booking that did not fail; where all failed, the latest.
  const appointments = [
    ...Map.groupBy(
      rows.bookings.filter(({ moves }) => moves === null),
      ({ appointmentId }) => appointmentId,
    ).values(),
  ]
    .flatMap((some) => {
      const sorted = some.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
      return [sorted.findLast(({ status }) => status !== 'failed') ?? sorted.at(-1)]
    })
    .filter((one) => one !== undefined)
    .filter(({ createdAt }) => isAsked(createdAt))
  const made = (some: typeof appointments) => {
    const was = (status: string) => some.filter((one) => one.status === status).length
    const by = (who: string) => some.filter((one) => one.status !== 'failed' && one.bookedBy === who).length
    const endings = { cancelled: was('cancelled'), completed: was('completed'), no_show: was('no_show'), failed: was('failed') }
    return {
      ...{ made: some.length - endings.failed, by_caller: by('caller'), by_owner: by('owner') },
      ...{ pending: was('held'), confirmed: was('confirmed'), ...endings },
    }
  }

  const toolCalls = rows.toolCalls.filter(({ calledAt }) => isAsked(calledAt))
  const requests = toolCalls
    .flatMap(({ steps }) => (Array.isArray(steps) ? steps : []))
    .map(requestOf)
    .filter((one) => one !== undefined)
  return {
    calls: {
      ...asked,
      totals: counts(calls),
      by_day: days.map((date) => ({ date, ...counts(calls.filter(({ at }) => day(at) === date)) })),
      busiest_hours: hours(calls.map(({ at }) => at)).map(({ count, ...when }) => ({ ...when, calls: count })),
      ended_classes: grouped(({ endedClass }) => endedClass),
      intents: grouped(({ intent }) => intent),
      sentiments: grouped(({ sentiment }) => sentiment),
      directions: grouped(({ direction }) => direction),
    },
    bookings: {
      ...asked,
      totals: made(appointments),
      by_day: days.map((date) => ({ date, ...made(appointments.filter(({ createdAt }) => day(createdAt) === date)) })),
      popular_times: hours(appointments.filter(({ status }) => status !== 'failed').map(({ startsAt }) => startsAt)).map(
        ({ count, ...when }) => ({ ...when, bookings: count }),
      ),
    },
    functions: {
      ...asked,
      functions: [...Map.groupBy(toolCalls, (one) => one.function)].toSorted(byName).map(([name, some]) => {
        const errors = some.filter(({ outcome }) => outcome === 'error').length
        const failures = [...Map.groupBy(some, ({ failure }) => failure)].flatMap(([code, found]) =>
          code === null ? [] : [[code, found.length]],
        )
        return {
          ...{ function: name, calls: some.length, errors, error_rate: share(errors, some.length) },
          ...percentiles(some.map(({ ms }) => ms)),
          vendor_p50_ms: percentiles(some.map(({ vendorMs }) => vendorMs)).p50_ms,
          vendor_p95_ms: percentiles(some.map(({ vendorMs }) => vendorMs)).p95_ms,
          failures: Object.fromEntries(failures),
        }
      }),
      vendors: [...Map.groupBy(requests, ({ vendor, operation }) => `${vendor}\t${operation}`)].toSorted(byName).map(([name, some]) => {
        const [vendor = '', operation = ''] = name.split('\t')
        const failed = some.filter(({ status }) => !(Number(status) >= 200 && Number(status) < 500) || status === '429').length
        const rates = { requests: some.length, failed, error_rate: share(failed, some.length) }
        return { vendor, operation, ...rates, ...percentiles(some.map(({ ms }) => ms)) }
      }),
    },
  }
}

/** A statement has two seconds; a month is read in pieces. */
async function everyRow<T extends { id: string }>(read: (after: string) => Promise<T[]>): Promise<T[]> {
  const rows: T[] = []
  for (let after = '00000000-0000-0000-0000-000000000000'; ; after = rows.at(-1)?.id ?? after) {
    const piece = await read(after)
    rows.push(...piece)
    if (piece.length < ROWS_AT_ONCE) return rows
  }
}

function requestOf(step: unknown) {
  if (!(step instanceof Object && 'kind' in step && step.kind === 'vendor')) return undefined
  if (!('vendor' in step && 'operation' in step && 'status' in step && 'ms' in step)) throw new Error('a request without its parts')
  return { vendor: String(step.vendor), operation: String(step.operation), status: String(step.status), ms: Number(step.ms) }
}

/** Between the two nearest values, as far as the share lies between them. */
function percentiles(values: number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => {
    const place = part * (sorted.length - 1)
    const [low = 0, high = low] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    return rounded(low + (place - Math.floor(place)) * (high - low), 1)
  }
  return { p50_ms: at(0.5), p95_ms: at(0.95) }
}

function byValue(one: { value: string | null }, other: { value: string | null }): number {
  if (one.value === null || other.value === null) return one.value === null ? 1 : -1
  return one.value < other.value ? -1 : 1
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : rounded(part / whole, 4)
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
