import { type Db, inTenant } from '../../src/db/client.ts'
import type { Step } from '../../src/trace.ts'
import { chance } from './chance.ts'

/** A month that nobody lived through: as many calls as wanted, with function calls and appointments, the same for the same seed. */
export interface Month {
  calls: number
  seed: number
  /** The calls begin within these, some of them before or after the days of which figures are asked. */
  from: Date
  to: Date
}

const CLASSES = ['normal', 'normal', 'normal', 'not-reached', 'platform-fault', 'unknown'] as const
const INTENTS = ['booking', 'booking', 'reschedule', 'cancel', 'inquiry'] as const
const SENTIMENTS = ['positive', 'neutral', 'negative'] as const
const DIRECTIONS = ['inbound', 'inbound', 'outbound', 'web'] as const
const WISHES = ['asked for a viewing', 'was angry', 'wants the keys'] as const
const FUNCTIONS = ['get_availability', 'book_appointment', 'take_message', 'find_appointment'] as const
const FAILURES = ['provider_unavailable', 'slot_taken', 'internal'] as const
const OPERATIONS = ['freeBusy', 'events.insert', 'events.get'] as const
const ANSWERS = ['200', '200', '200', '200', '201', '204', '404', '429', '503', 'timeout', 'network'] as const
const ENDINGS = ['confirmed', 'confirmed', 'held', 'cancelled', 'completed', 'no_show', 'failed'] as const
const HALF_HOUR_MS = 1_800_000
const ROWS_AT_ONCE = 1000

/** Writes the month of one tenant, who is there already. */
export async function fillMonth(db: Db, clerkUserId: string, month: Month): Promise<void> {
  const { calls, toolCalls, bookings } = rowsOf(clerkUserId, month)
  await inPieces(calls, (rows) => inTenant(db, clerkUserId, (trx) => trx.insertInto('calls').values(rows).execute()))
  await inPieces(toolCalls, (rows) => inTenant(db, clerkUserId, (trx) => trx.insertInto('toolCalls').values(rows).execute()))
  await inPieces(bookings, (rows) => inTenant(db, clerkUserId, (trx) => trx.insertInto('bookings').values(rows).execute()))
}

function rowsOf(clerkUserId: string, { calls: count, seed, from, to }: Month) {
  const { next, between, is, pick } = chance(seed)
  const moment = () => new Date(from.getTime() + between(0, (to.getTime() - from.getTime()) / 1000 - 1) * 1000)
  /** Now and then nobody knows. */
  const known = <T>(value: T) => (is(0.15) ? null : value)

  const calls = Array.from({ length: count }, (_, index) => {
    const startedAt = moment()
    const isOver = is(0.97)
    const endedClass = isOver ? known(pick(CLASSES)) : null
    return {
      clerkUserId,
      vapiCallId: `call-${index}`,
      direction: known(pick(DIRECTIONS)),
      status: isOver ? 'ended' : 'in-progress',
      startedAt,
      endedAt: isOver ? new Date(startedAt.getTime() + between(0, 600) * 1000) : null,
      endedReason: endedClass,
      endedClass,
      customerNumber: `+1312555${String(between(0, count)).padStart(4, '0')}`,
      summary: known(`Call ${index}: ${pick(WISHES)}`),
      intent: known(pick(INTENTS)),
      sentiment: known(pick(SENTIMENTS)),
      cost: known(between(0, 500_000) / 1_000_000),
    }
  })

  const toolCalls = calls.flatMap(({ vapiCallId, startedAt }) =>
    Array.from({ length: between(0, 6) }, (_, index) => {
      const steps: Step[] = Array.from({ length: between(0, 4) }, () => ({
        kind: 'vendor',
        at: between(0, 500),
        ms: between(0, 2500),
        vendor: pick(['google', 'microsoft']),
        operation: pick(OPERATIONS),
        status: pick(ANSWERS),
      }))
      const failure = is(0.1) ? pick(FAILURES) : null
      return {
        clerkUserId,
        vapiCallId,
        toolCallId: `tool-${index}`,
        function: pick(FUNCTIONS),
        argumentsDigest: 'x',
        answer: 'x',
        outcome: failure === null && is(0.95) ? 'result' : 'error',
        failure,
        isFinal: true,
        ms: between(0, 8000),
        vendorMs: between(0, 4000),
        calledAt: new Date(startedAt.getTime() + index * 1000),
        traceId: 'x'.repeat(32),
        steps: JSON.stringify([...steps, { kind: 'database', at: 0, ms: 1, statements: 9, slowestMs: 1 }]),
      }
    }),
  )

  // Each half hour once, so that no two are in each other's way.
  const bookings = calls.flatMap(({ vapiCallId, startedAt }, index) => {
    if (is(0.7)) return []
    const appointmentId = idOf(next)
    const startsAt = new Date(to.getTime() + index * HALF_HOUR_MS)
    const endsAt = new Date(startsAt.getTime() + HALF_HOUR_MS)
    const common = {
      ...{ clerkUserId, appointmentId, startsAt, endsAt, timeZone: 'America/Chicago', subject: 'Viewing', leasedUntil: new Date(0) },
      during: `[${startsAt.toISOString()},${endsAt.toISOString()})`,
      bookedBy: is(0.9) ? 'caller' : 'owner',
      vapiCallId: is(0.9) ? vapiCallId : null,
    }
    const first = { ...common, id: appointmentId, createdAt: new Date(startedAt.getTime() + 60_000), status: pick(ENDINGS) }
    if (first.status !== 'cancelled' || is(0.5)) return [first]
    // It stands again, or restoring it failed.
    const again = { ...common, id: idOf(next), createdAt: new Date(startedAt.getTime() + 120_000), status: pick(['confirmed', 'failed']) }
    return [first, again]
  })
  return { calls, toolCalls, bookings }
}

async function inPieces<T>(rows: T[], write: (rows: T[]) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < rows.length; index += ROWS_AT_ONCE) await write(rows.slice(index, index + ROWS_AT_ONCE))
}

function idOf(next: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16)).join('')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`
}
