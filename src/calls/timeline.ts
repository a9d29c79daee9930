import * as z from 'zod'
import type { ListedFunctionCall } from '../db/call-lists.ts'
import type { WholeCall } from './listing.ts'

/** What happens in a call, cause before effect: of two things of the same millisecond the one that is named earlier here comes first. */
export const TIMELINE_KINDS = [
  'call',
  'turn',
  'request',
  'function_call',
  'database',
  'booking',
  'change',
  'message',
  'vendor_request',
  'notice',
  'answer',
] as const

export interface TimelineEntry {
  kind: (typeof TIMELINE_KINDS)[number]
  at: Date
  /** How long it took, where that is known. */
  tookMs: number | null
  /** For people. */
  text: string
  /** Of what it tells, where that has one: a function call, an appointment, a change, a message, a notice. */
  id: string | null
  traceId: string | null
}

/** All of a call in order: what was said, asked, done and answered. */
export function timelineOf(whole: WholeCall): TimelineEntry[] {
  const entries = [
    ...ofCall(whole),
    ...ofTurns(whole),
    ...ofRequests(whole.functionCalls),
    ...whole.functionCalls.flatMap(ofFunctionCall),
    ...ofDeeds(whole),
  ]
  const rank = ({ kind }: TimelineEntry) => TIMELINE_KINDS.indexOf(kind)
  return entries.sort((a, b) => a.at.getTime() - b.at.getTime() || rank(a) - rank(b))
}

function entry(kind: TimelineEntry['kind'], at: Date, text: string, more: Partial<TimelineEntry> = {}): TimelineEntry {
  return { kind, at, text, tookMs: null, id: null, traceId: null, ...more }
}

function ofCall({ call }: WholeCall): TimelineEntry[] {
  const { beganAt, endedAt, endedReason, durationSeconds, reportedAt, hungAt } = call
  const tookMs = durationSeconds === null ? null : Math.round(durationSeconds * 1000)
  return [
    entry('call', beganAt, 'The call began'),
    ...(endedAt ? [entry('call', endedAt, endedReason ? `The call ended: ${endedReason}` : 'The call ended', { tookMs })] : []),
    ...hungAt.map((at) => entry('call', at, 'The assistant was late with its answer')),
    ...(reportedAt ? [entry('call', reportedAt, "Vapi's report was stored")] : []),
  ]
}

/** A turn of which nobody knows when it was said stands with the one before it. */
function ofTurns({ call, turns }: WholeCall): TimelineEntry[] {
  let last = call.beganAt
  return turns.map(({ role, text, saidAt }) => {
    last = saidAt ?? last
    return entry('turn', last, `${role}: ${text}`)
  })
}

/** One for each message of Vapi's that brought function calls. */
function ofRequests(calls: ListedFunctionCall[]): TimelineEntry[] {
  const first = new Map<string, ListedFunctionCall>()
  for (const call of calls) {
    if (call.traceId === null) continue
    const known = first.get(call.traceId)
    if (!known || requestedAt(call) < requestedAt(known)) first.set(call.traceId, call)
  }
  return [...first.values()].map((call) => entry('request', requestedAt(call), 'Vapi asked', { traceId: call.traceId }))
}

function takenUpAt({ calledAt, ms }: ListedFunctionCall): Date {
  return new Date(calledAt.getTime() - ms)
}

function requestedAt(call: ListedFunctionCall): Date {
  return new Date(takenUpAt(call).getTime() - call.beforeMs)
}

const Steps = z.array(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('vendor'), at: z.number(), ms: z.number(), vendor: z.string(), operation: z.string(), status: z.string() }),
    z.object({ kind: z.literal('database'), at: z.number(), ms: z.number(), statements: z.number() }),
  ]),
)

function ofFunctionCall(call: ListedFunctionCall): TimelineEntry[] {
  const { id, traceId } = call
  const steps = Steps.parse(call.steps).map((step) => {
    const more = { traceId, tookMs: step.ms }
    const at = new Date(requestedAt(call).getTime() + step.at)
    return step.kind === 'vendor'
      ? entry('vendor_request', at, `${step.vendor} ${step.operation}: ${step.status}`, more)
      : entry('database', at, `${step.statements} statements`, more)
  })
  return [
    entry('function_call', takenUpAt(call), call.function, { id, traceId, tookMs: call.ms }),
    ...steps,
    entry('answer', call.calledAt, call.answer, { id, traceId }),
  ]
}

function ofDeeds({ call, bookings, changes, messages, notices }: WholeCall): TimelineEntry[] {
  const made = bookings.filter(({ appointmentId }) => call.appointmentIds.includes(appointmentId))
  return [
    ...made.map(({ appointmentId: id, createdAt, subject, status }) =>
      entry('booking', createdAt, `${subject}: booked, now ${status}`, { id }),
    ),
    ...changes.map(({ change: { id, createdAt, kind, state } }) => entry('change', createdAt, `${kind}: ${state}`, { id })),
    ...messages.map(({ id, createdAt }) => entry('message', createdAt, 'A message for the owner', { id })),
    ...notices.map(({ id, createdAt, kind }) => entry('notice', createdAt, `The owner is told: ${kind}`, { id })),
  ]
}
