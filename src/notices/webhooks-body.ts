import * as z from 'zod'
import { NOTICE_KINDS, type NoticeKind } from '../db/notices.ts'
import type { Webhooks } from '../http/openapi.ts'
import { BookingData, ConnectionData, MessageData } from './data.ts'

const EVENTS: Record<NoticeKind, { summary: string; data: z.ZodObject }> = {
  booking_created: { summary: 'An appointment was booked and stands in the calendar', data: BookingData },
  booking_moved: { summary: 'An appointment was moved; booking has the new time', data: BookingData },
  booking_cancelled: { summary: 'An appointment was cancelled, or its event deleted in the calendar', data: BookingData },
  booking_failed: { summary: 'What a caller was asked to wait for has come to nothing', data: BookingData },
  booking_conflict: { summary: 'Another event lies at the time of an appointment; both stand', data: BookingData },
  change_failed: { summary: 'A caller wanted to move or cancel, and the calendar did not accept that', data: BookingData },
  message_left: { summary: 'A caller left a message', data: MessageData },
  calendar_disconnected: { summary: 'A calendar no longer lets us in', data: ConnectionData },
}

const HEADERS = [
  ['webhook-id', 'The same for every attempt: what has been seen with it before is a repetition'],
  ['webhook-timestamp', 'When this attempt was made, in seconds since 1970'],
  ['webhook-signature', 'v1, and the HMAC-SHA256 of id.timestamp.body in base64; of several, with spaces between, one must fit'],
] as const

/** What a user's webhook is sent, for the description of the service. */
export function noticeWebhooks(): Webhooks {
  const described = NOTICE_KINDS.map((kind) => {
    const { summary, data } = EVENTS[kind]
    const told = data.extend({ notice_id: z.uuid(), text: z.string().describe('For people: what happened, and what to do') })
    return [kind, webhook(kind, summary, told)] as const
  })
  return { ...Object.fromEntries(described), ping: webhook('ping', 'Sent by POST /notices/settings/webhook/test', z.object({})) }
}

function webhook(type: string, summary: string, data: z.ZodObject): Webhooks[string] {
  const message = z.object({ type: z.literal(type), timestamp: z.iso.datetime().describe('When it happened'), data })
  return {
    post: {
      operationId: `on_${type}`,
      tags: ['notices'],
      summary,
      parameters: HEADERS.map(([name, description]) => ({ name, description, in: 'header', required: true, schema: { type: 'string' } })),
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(message) } } },
      responses: { '2XX': { description: 'Taken. Any other answer, or none within five seconds, and it is sent again' } },
    },
  }
}

/** Within a description of its own dialect, so without saying it again. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, '~standard': __, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}
