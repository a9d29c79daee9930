import * as z from 'zod'
import { BookingBody, bookingBody, bookingExample } from '../../bookings/booking-body.ts'
import { signedInOnly } from '../../http/auth.ts'
import { instant, type RoutePlugin } from '../../http/zod.ts'
import { MessageBody, messageBody, messageExample } from '../../messages/message-body.ts'
import { CallBody, callBody, callExample } from '../call-body.ts'
import { type Customer, customerByNumber } from '../customer.ts'

const CustomerBody = z
  .object({
    number: z.string().describe('E.164'),
    name: z.string().nullable().describe('As it was said last'),
    last_call_at: instant.nullable(),
    calls: z.array(CallBody).describe('The last hundred, latest first; `/calls?customer_number=` has all'),
    bookings: z.array(BookingBody).describe('The last hundred, latest first'),
    messages: z.array(MessageBody).describe('The last hundred, latest first'),
  })
  .meta({
    id: 'Customer',
    examples: [
      {
        number: '+13125550142',
        name: 'Ana Ruiz',
        last_call_at: callExample.began_at,
        calls: [callExample],
        bookings: [bookingExample],
        messages: [messageExample],
      },
    ],
  })

// The + is easily lost in an address; what is no number is nobody's.
const number = z.string().transform((text) => `+${/^\s?\+?(\d{5,15})$/.exec(text)?.[1] ?? ''}`)

/** Those who called the signed-in user, each by her number. */
export const customerRoutes: RoutePlugin = async (app, { deps }) => {
  signedInOnly(app, deps)

  app.get(
    '/:number',
    {
      schema: {
        operationId: 'getCustomer',
        tags: ['calls'],
        summary: 'One customer by her number: calls, appointments and messages',
        security: [{ user: [] }],
        params: z.object({ number: number.describe('E.164; the + may be left out') }),
        response: { 200: CustomerBody },
      },
    },
    async ({ user, params }) => bodyOf(await customerByNumber(deps, user.clerkUserId, params.number)),
  )
}

function bodyOf({ number, name, calls, bookings, messages }: Customer): z.input<typeof CustomerBody> {
  return {
    number,
    name,
    last_call_at: calls[0]?.beganAt.toISOString() ?? null,
    calls: calls.map(callBody),
    bookings: bookings.map(bookingBody),
    messages: messages.map(messageBody),
  }
}
