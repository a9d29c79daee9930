import { Readable } from 'node:stream'
import * as z from 'zod'
import type { CallFilter } from '../db/call-lists.ts'
import { CALL_STATUSES } from '../db/calls.ts'
import { signedInOnly } from '../http/auth.ts'
import { instant, type RoutePlugin } from '../http/zod.ts'
import { CallDetail, CallPage, callBody, callDetail } from './call-body.ts'
import { csvHeader, csvRows } from './csv.ts'
import { ENDED_CLASSES } from './ended-reason.ts'
import { allCalls, pageOfCalls, wholeCall } from './listing.ts'
import { TIMELINE_KINDS, timelineOf } from './timeline.ts'

const moment = z.iso
  .datetime({ offset: true, error: 'a time needs its offset from UTC, or Z: 2026-12-01T09:00:00-06:00' })
  .transform((text) => new Date(text))

const Filter = z.object({
  from: moment.optional().describe('Those that began then or later; ISO 8601 with Z or an offset, whose + is written %2B in an address'),
  to: moment.optional().describe('Those that began before'),
  status: z.enum(CALL_STATUSES).optional(),
  direction: z.enum(['inbound', 'outbound', 'web']).optional(),
  customer_number: z.string().max(20).optional().describe('E.164; + is written %2B in an address'),
  intent: z.string().max(40).optional().describe('As it stands in the call, such as booking'),
  booked: z.stringbool().optional().describe('Whether an appointment was made in it'),
  ended_class: z.enum(ENDED_CLASSES).optional().describe('What kind of reason it ended for'),
  search: z.string().trim().min(1).max(100).optional().describe('Words that stand in the summary'),
})

const Page = Filter.extend({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.uuid().optional().describe('next_cursor of the page before'),
})

// What is written otherwise is no id of a call, here or at Vapi, and so nobody's.
const params = z.object({ id: z.string().transform((text) => (/^[\w-]{1,100}$/.test(text) ? text : '')) })

const EntryBody = z.object({
  kind: z.enum(TIMELINE_KINDS),
  at: instant,
  ms: z.int().describe('Since the call began'),
  took_ms: z.int().nullable(),
  text: z.string(),
  id: z.uuid().nullable().describe('Of the function call, appointment, change, message or notice'),
  trace_id: z.string().nullable().describe('All that one request of Vapi brought about has the same; also on its log lines'),
})

const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736'
const ENTRIES = [
  { kind: 'call' as const, at: '2026-11-29T23:00:00.000Z', ms: 0, took_ms: null, text: 'The call began', id: null, trace_id: null },
  { kind: 'request' as const, at: '2026-11-29T23:01:29.350Z', ms: 89350, took_ms: null, text: 'Vapi asked', id: null, trace_id },
  {
    kind: 'vendor_request' as const,
    at: '2026-11-29T23:01:29.420Z',
    ms: 89420,
    took_ms: 230,
    text: 'google events.insert: 200',
    id: null,
    trace_id,
  },
]

const Timeline = z
  .object({ call_id: z.uuid(), entries: z.array(EntryBody) })
  .meta({ examples: [{ call_id: '9d2b5a1c-7a52-4f3a-8f0e-1f4e216b1d6c', entries: ENTRIES }] })

/** What became of the signed-in user's calls. */
export const callRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['calls']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listCalls',
        tags,
        summary: 'Phone and web calls, latest first',
        security,
        querystring: Page,
        response: { 200: CallPage },
      },
    },
    async ({ user, query }) => {
      const { limit, cursor } = query
      const { calls, next } = await pageOfCalls(deps, user.clerkUserId, { ...filterOf(query), after: cursor, limit })
      return { calls: calls.map(callBody), next_cursor: next }
    },
  )

  app.get(
    '/export.csv',
    {
      schema: {
        operationId: 'exportCalls',
        tags,
        summary: 'The same calls as a file for a spreadsheet (RFC 4180, UTF-8), however many there are',
        description: 'What a spreadsheet would take for a formula begins with an apostrophe.',
        security,
        querystring: Filter,
        response: { 200: z.instanceof(Readable).meta({ type: 'string', examples: ['id,vapi_call_id,began_at\r\n'] }) },
      },
    },
    async ({ user, query }, reply) => {
      const lines = async function* () {
        yield csvHeader
        for await (const calls of allCalls(deps, user.clerkUserId, filterOf(query))) yield csvRows(calls)
      }
      reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="calls.csv"')
      return reply.send(Readable.from(lines()))
    },
  )

  app.get(
    '/:id',
    {
      schema: {
        operationId: 'getCall',
        tags,
        summary: 'One call, with its transcript and all that was asked, done and left in it',
        description: "The id is ours or Vapi's, by which bookings and messages name the call in which they were made.",
        security,
        params,
        response: { 200: CallDetail },
      },
    },
    async ({ user, params }) => callDetail(await wholeCall(deps, user.clerkUserId, params.id)),
  )

  app.get(
    '/:id/timeline',
    {
      schema: {
        operationId: 'getCallTimeline',
        tags,
        summary: 'All of a call in order, with milliseconds: what was said, asked, done in calendars and answered',
        security,
        params,
        response: { 200: Timeline },
      },
    },
    async ({ user, params }) => {
      const whole = await wholeCall(deps, user.clerkUserId, params.id)
      const entries = timelineOf(whole).map(({ kind, at, tookMs, text, id, traceId }) => {
        const ms = at.getTime() - whole.call.beganAt.getTime()
        return { kind, at: at.toISOString(), ms, took_ms: tookMs, text, id, trace_id: traceId }
      })
      return { call_id: whole.call.id, entries }
    },
  )
}

function filterOf(query: z.output<typeof Filter>): CallFilter {
  const { from, to, status, direction, intent, search } = query
  const { customer_number: customerNumber, booked: isBooked, ended_class: endedClass } = query
  return { from, to, status, direction, intent, search, customerNumber, isBooked, endedClass }
}
