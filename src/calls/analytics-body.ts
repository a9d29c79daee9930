import * as z from 'zod'
import type { CallCount, FunctionFigures, HourCount, VendorFigures } from '../db/analytics.ts'
import type { BookingFigures, CallFigures, LatencyFigures, Span } from './analytics.ts'

const span = {
  from: z.iso.date(),
  to: z.iso.date().describe('Counts too'),
  time_zone: z.string().describe('In which days and hours are counted'),
}
const spanExample = { from: '2026-12-01', to: '2026-12-01', time_zone: 'America/Chicago' }
const rate = z.number().min(0).max(1).nullable().describe('From 0 to 1; null of nothing')

const counts = {
  calls: z.int(),
  ended: z.int(),
  booked: z.int().describe('Calls in which an appointment was made'),
  conversion: rate,
  minutes: z.number(),
  cost: z.number().describe('US dollars'),
}
const countsExample = { calls: 40, ended: 39, booked: 10, conversion: 0.25, minutes: 81.5, cost: 4.2 }
const group = z.array(z.object({ value: z.string().nullable().describe('Null: not known'), ...counts }))

const hour = {
  weekday: z.int().min(1).max(7).describe('1: Monday'),
  hour: z.int().min(0).max(23).describe('Wall clock'),
}

/** What callers did. */
export const CallAnalytics = z
  .object({
    ...span,
    totals: z.object(counts),
    by_day: z.array(z.object({ date: z.iso.date(), ...counts })).describe('Every day, also those without calls'),
    busiest_hours: z.array(z.object({ ...hour, calls: z.int() })).describe('Every hour of the week that had a call, the busiest first'),
    ended_classes: group.describe('By what kind of reason calls ended for'),
    intents: group,
    sentiments: group,
    directions: group,
  })
  .meta({
    id: 'CallAnalytics',
    examples: [
      {
        ...spanExample,
        totals: countsExample,
        by_day: [{ date: '2026-12-01', ...countsExample }],
        busiest_hours: [{ weekday: 2, hour: 9, calls: 12 }],
        ended_classes: [{ value: 'normal', ...countsExample }],
        intents: [{ value: 'booking', ...countsExample }],
        sentiments: [{ value: null, ...countsExample }],
        directions: [{ value: 'inbound', ...countsExample }],
      },
    ],
  })

const made = {
  made: z.int(),
  by_caller: z.int(),
  by_owner: z.int(),
  pending: z.int(),
  confirmed: z.int(),
  cancelled: z.int(),
  completed: z.int(),
  no_show: z.int(),
  failed: z.int().describe('Not among those made'),
}
const madeExample = { made: 12, by_caller: 10, by_owner: 2, pending: 0, confirmed: 9, cancelled: 2, completed: 1, no_show: 0, failed: 1 }

/** What appointments were made. */
export const BookingAnalytics = z
  .object({
    ...span,
    totals: z.object(made).describe('Of the appointments that were made in this time, by what has become of them'),
    by_day: z.array(z.object({ date: z.iso.date(), ...made })).describe('By the day on which they were made'),
    popular_times: z.array(z.object({ ...hour, bookings: z.int() })).describe('For when they were made, the most popular first'),
  })
  .meta({
    id: 'BookingAnalytics',
    examples: [
      {
        ...spanExample,
        totals: madeExample,
        by_day: [{ date: '2026-12-01', ...madeExample }],
        popular_times: [{ weekday: 4, hour: 10, bookings: 5 }],
      },
    ],
  })

const latency = { p50_ms: z.number(), p95_ms: z.number() }

/** How well assistants were served. */
export const FunctionAnalytics = z
  .object({
    ...span,
    functions: z.array(
      z.object({
        function: z.string(),
        calls: z.int(),
        errors: z.int().describe('Answered with an error, a taken time among them'),
        error_rate: rate,
        ...latency,
        vendor_p50_ms: z.number().describe('Of these, spent waiting for calendars'),
        vendor_p95_ms: z.number(),
        failures: z.record(z.string(), z.int()).describe('How often each code of ours refused it'),
      }),
    ),
    vendors: z.array(
      z.object({
        vendor: z.string(),
        operation: z.string(),
        requests: z.int().describe('Every attempt, while a caller waited'),
        failed: z.int().describe('Without an answer, asked to slow down, or answered with 5xx'),
        error_rate: rate,
        ...latency,
      }),
    ),
  })
  .meta({
    id: 'FunctionAnalytics',
    examples: [
      {
        ...spanExample,
        functions: [
          {
            ...{ function: 'book_appointment', calls: 12, errors: 1, error_rate: 0.0833, p50_ms: 610, p95_ms: 1480 },
            ...{ vendor_p50_ms: 480, vendor_p95_ms: 1300, failures: { provider_unavailable: 1 } },
          },
        ],
        vendors: [{ vendor: 'google', operation: 'events.insert', requests: 13, failed: 1, error_rate: 0.0769, p50_ms: 240, p95_ms: 700 }],
      },
    ],
  })

export function callAnalytics({ span, all, byDay, busiest, by }: CallFigures): z.input<typeof CallAnalytics> {
  return {
    ...spanBody(span),
    totals: countsBody(all),
    by_day: byDay.map((one) => ({ date: one.key ?? '', ...countsBody(one) })),
    busiest_hours: busiest.map(({ count, ...when }) => ({ ...when, calls: count })),
    ended_classes: groupBody(by.ended_class),
    intents: groupBody(by.intent),
    sentiments: groupBody(by.sentiment),
    directions: groupBody(by.direction),
  }
}

export function bookingAnalytics({ span, counts, popular }: BookingFigures): z.input<typeof BookingAnalytics> {
  return {
    ...spanBody(span),
    totals: madeBody(counts),
    by_day: span.days.map((date) => ({ date, ...madeBody(counts.filter(({ day }) => day === date)) })),
    popular_times: popular.map(({ count, ...when }: HourCount) => ({ ...when, bookings: count })),
  }
}

export function functionAnalytics({ span, functions, vendors }: LatencyFigures): z.input<typeof FunctionAnalytics> {
  return { ...spanBody(span), functions: functions.map(functionBody), vendors: vendors.map(vendorBody) }
}

function spanBody({ from, to, timeZone }: Span) {
  return { from, to, time_zone: timeZone }
}

function countsBody({ calls, ended, booked, seconds, cost }: CallCount) {
  return { calls, ended, booked, conversion: share(booked, calls), minutes: rounded(seconds / 60, 2), cost: rounded(cost, 6) }
}

function groupBody(counts: CallCount[]) {
  return counts.map((one) => ({ value: one.key, ...countsBody(one) }))
}

function madeBody(counts: BookingFigures['counts']) {
  const sum = (fits: (one: BookingFigures['counts'][number]) => boolean) => counts.filter(fits).reduce((all, { count }) => all + count, 0)
  const was = (status: string) => sum((one) => one.status === status)
  return {
    made: sum(({ status }) => status !== 'failed'),
    by_caller: sum(({ status, bookedBy }) => status !== 'failed' && bookedBy === 'caller'),
    by_owner: sum(({ status, bookedBy }) => status !== 'failed' && bookedBy === 'owner'),
    pending: was('held'),
    confirmed: was('confirmed'),
    cancelled: was('cancelled'),
    completed: was('completed'),
    no_show: was('no_show'),
    failed: was('failed'),
  }
}

function functionBody({ calls, errors, failures, ...one }: FunctionFigures) {
  return {
    function: one.function,
    calls,
    errors,
    error_rate: share(errors, calls),
    p50_ms: rounded(one.percentiles[0], 1),
    p95_ms: rounded(one.percentiles[1], 1),
    vendor_p50_ms: rounded(one.vendorPercentiles[0], 1),
    vendor_p95_ms: rounded(one.vendorPercentiles[1], 1),
    failures,
  }
}

function vendorBody({ vendor, operation, requests, failed, percentiles: [p50, p95] }: VendorFigures) {
  const times = { p50_ms: rounded(p50, 1), p95_ms: rounded(p95, 1) }
  return { vendor, operation, requests, failed, error_rate: share(failed, requests), ...times }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : rounded(part / whole, 4)
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
