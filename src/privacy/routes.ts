import * as z from 'zod'
import { signedInOnly } from '../http/auth.ts'
import { instant, problems, type RoutePlugin } from '../http/zod.ts'
import { eraseCaller, exportCaller } from './callers.ts'

const Who = z.object({
  phone: z.string().min(3).max(40).optional().describe('In any notation; without a country code it is one of the business’s country'),
  email: z.email().max(320).optional(),
})
const isNamed = ({ phone, email }: z.infer<typeof Who>) => phone !== undefined || email !== undefined
const unnamed = { error: 'send a phone or an email, or both' }

const Rows = z.array(z.record(z.string(), z.unknown()))
const others = z.array(z.string()).describe('Numbers and addresses that stand beside the given ones: they may name the same person')

const Export = z
  .object({
    phone: z.string().nullable().describe('E.164, as it was looked for'),
    email: z.string().nullable(),
    exported_at: instant,
    bookings: Rows,
    changes: Rows,
    messages: Rows,
    notices: Rows.describe('What was told of this caller, each with how it went out'),
    calls: Rows.describe('Each with its transcript'),
    function_calls: Rows.describe('What the assistant was told while this caller was on the line'),
    other_contacts: others,
  })
  .meta({
    examples: [
      {
        phone: '+13125550142',
        email: null,
        exported_at: '2026-11-29T23:00:00.000Z',
        bookings: [
          {
            id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
            status: 'completed',
            subject: 'Viewing 12 Elm St',
            customer_name: 'Ana Ruiz',
            customer_phone: '+13125550142',
            start_time: '2026-11-24T15:00:00+00:00',
          },
        ],
        changes: [],
        messages: [],
        notices: [],
        calls: [],
        function_calls: [],
        other_contacts: ['ana@example.com'],
      },
    ],
  })

const Erased = z
  .object({
    success: z.literal(true),
    message: z.string(),
    erasure_id: z.uuid().describe('By which the event log knows it'),
    erased: z
      .object({ bookings: z.int(), messages: z.int(), notices: z.int(), calls: z.int(), transcripts: z.int(), function_calls: z.int() })
      .describe('How many rows this caller was taken out of; those that are only about her are deleted'),
    calendar_events: z
      .array(z.object({ link: z.string(), start_time: instant }))
      .describe('What stands in the owner’s own calendar is not touched: these events may name the caller'),
    other_contacts: others,
  })
  .meta({
    examples: [
      {
        success: true,
        message: 'The caller is erased.',
        erasure_id: '7c0d7c1e-52f0-4c35-9d0e-2f0a51c4a0b1',
        erased: { bookings: 2, messages: 1, notices: 3, calls: 2, transcripts: 41, function_calls: 6 },
        calendar_events: [{ link: 'https://calendar.google.com/event?eid=abc', start_time: '2026-11-24T15:00:00.000Z' }],
        other_contacts: ['ana@example.com'],
      },
    ],
  })

/** What is known of one caller: to be handed over, or to be forgotten. */
export const privacyRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['privacy']
  signedInOnly(app, deps)

  app.get(
    '/callers',
    {
      schema: {
        operationId: 'exportCaller',
        tags,
        summary: 'All that is stored of one caller, as one file',
        security,
        querystring: Who.refine(isNamed, unnamed),
        response: { 200: Export },
      },
    },
    async ({ user, query }, reply) => {
      const { contact, stored, otherContacts } = await exportCaller(deps, user.clerkUserId, { phone: query.phone, email: query.email })
      reply.header('content-disposition', 'attachment; filename="caller.json"')
      return { ...contact, exported_at: deps.clock.now().toISOString(), ...stored, other_contacts: otherContacts }
    },
  )

  app.delete(
    '/callers',
    {
      schema: {
        operationId: 'eraseCaller',
        tags,
        summary: 'Takes one caller out of everything that is stored, for good',
        security,
        querystring: Who.extend({
          cancel: z.stringbool().default(false).describe('Cancels her appointments to come first, of which the customer is told'),
        }).refine(isNamed, unnamed),
        response: { 200: Erased, ...problems(404, 409, 502) },
      },
    },
    async ({ user, query }) => {
      const named = { phone: query.phone, email: query.email }
      const { erasureId, erased, contacts, events } = await eraseCaller(deps, user.clerkUserId, named, query.cancel)
      const { bookings, messages, notices, calls, transcripts, functionCalls } = erased
      return {
        success: true as const,
        message: 'The caller is erased.',
        erasure_id: erasureId,
        erased: { bookings, messages, notices, calls, transcripts, function_calls: functionCalls },
        calendar_events: events.map(({ link, startTime }) => ({ link, start_time: startTime })),
        other_contacts: contacts,
      }
    },
  )
}
