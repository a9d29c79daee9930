import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { Lines } from './providers/lines.ts'

/** What is measured. Labels take few values: never an id, an address or a name. */
export interface Metrics {
  registry: Registry
  request(labels: { method: string; route: string; code: string }, seconds: number): void
  voiceFunction(labels: { function: string; outcome: 'result' | 'error' }, seconds: number): void
  vendorRequest(labels: { vendor: string; operation: string; status: string }, seconds: number): void
  vendorWait(vendor: string, seconds: number): void
  bookingOutcome(outcome: string): void
  /** What Vapi sent besides function calls, and what became of it. */
  vapiMessage(labels: { type: string; outcome: 'stored' | 'unstored' | 'no_call' | 'unknown' }): void
  /** @param endedClass why, in few classes */
  callEnded(endedClass: string): void
  /** What became of one attempt to send a notice. */
  noticeDelivery(labels: { channel: string; outcome: 'sent' | 'put_off' | 'unsure' | 'dead' }): void
  /** How long the oldest job that is due has been waiting. */
  jobLag(seconds: number): void
  /** Tried five times and given up. */
  jobSetAside(job: string): void
}

// The targets lie inside: availability 2 s, booking 3 s, every answer to a caller 8 s, connecting 10 s.
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 10]

export function createMetrics(lines: Pick<Lines, 'states'>): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests that we answered',
    labelNames: ['method', 'route', 'code'] as const,
    buckets: SECONDS,
    registers,
  })
  const functions = new Histogram({
    name: 'voice_function_duration_seconds',
    help: 'Function calls of voice assistants',
    labelNames: ['function', 'outcome'] as const,
    buckets: SECONDS,
    registers,
  })
  const vendors = new Histogram({
    name: 'vendor_request_duration_seconds',
    help: 'Requests that we made, by attempt; status is the HTTP code or "none"',
    labelNames: ['vendor', 'operation', 'status'] as const,
    buckets: SECONDS,
    registers,
  })
  const waits = new Histogram({
    name: 'vendor_wait_seconds',
    help: 'How long requests to a vendor stood in the line of their mailbox',
    labelNames: ['vendor'] as const,
    buckets: SECONDS,
    registers,
  })
  new Gauge({
    name: 'vendor_mailboxes',
    help: 'Mailboxes asked lately, by the state of their breaker; resting: the vendor asked us to wait',
    labelNames: ['vendor', 'state'] as const,
    registers,
    collect() {
      this.reset()
      for (const { vendor, state, count } of lines.states()) this.set({ vendor, state }, count)
    },
  })
  const bookings = new Counter({ name: 'bookings_total', help: 'Bookings by outcome', labelNames: ['outcome'] as const, registers })
  const messages = new Counter({
    name: 'vapi_messages_total',
    help: 'Messages of Vapi besides function calls; stored, or not: nobody knows the assistant, there is no call, it failed',
    labelNames: ['type', 'outcome'] as const,
    registers,
  })
  const calls = new Counter({
    name: 'calls_ended_total',
    help: 'Calls by why they ended; our-answer-bad: lost by what we answered',
    labelNames: ['class'] as const,
    registers,
  })
  const deliveries = new Counter({
    name: 'notice_deliveries_total',
    help: 'Attempts to send a notice, by what became of them; unsure: the mail server may have it',
    labelNames: ['channel', 'outcome'] as const,
    registers,
  })
  const lag = new Gauge({ name: 'job_lag_seconds', help: 'How long the oldest background job that is due has been waiting', registers })
  const setAside = new Counter({
    name: 'jobs_set_aside_total',
    help: 'Background jobs that failed five times and were set aside',
    labelNames: ['job'] as const,
    registers,
  })
  return {
    registry,
    request: (labels, seconds) => requests.observe(labels, seconds),
    voiceFunction: (labels, seconds) => functions.observe(labels, seconds),
    vendorRequest: (labels, seconds) => vendors.observe(labels, seconds),
    vendorWait: (vendor, seconds) => waits.observe({ vendor }, seconds),
    bookingOutcome: (outcome) => bookings.inc({ outcome }),
    vapiMessage: (labels) => messages.inc(labels),
    callEnded: (endedClass) => calls.inc({ class: endedClass }),
    noticeDelivery: (labels) => deliveries.inc(labels),
    jobLag: (seconds) => lag.set(seconds),
    jobSetAside: (job) => setAside.inc({ job }),
  }
}
