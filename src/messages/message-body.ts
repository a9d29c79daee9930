import * as z from 'zod'
import { shownCallId } from '../call-id.ts'
import type { CallerMessage } from '../db/caller-messages.ts'
import { instant } from '../http/zod.ts'

export const messageExample = {
  id: '5b0c7f2e-6a11-4f0e-9c53-2f4f1c0a7d10',
  status: 'new' as const,
  caller_name: 'Ana Ruiz',
  call_number: '+13125550142',
  phone: null,
  email: null,
  message: 'Would like to see the apartment before she signs.',
  wished_time: 'Thursday afternoon',
  property_address: '12 Elm Street',
  call_id: '2f4f1c0a-7d10-4b53-9c53-5b0c7f2e6a11',
  created_at: '2026-11-30T17:05:00.000Z',
}

export const Status = z.enum(['new', 'read', 'done'])
export const MessageBody = z
  .object({
    id: z.uuid(),
    status: Status,
    caller_name: z.string().nullable(),
    call_number: z.string().nullable().meta({ description: 'From which the call came, E.164; null when withheld' }),
    phone: z.string().nullable().meta({ description: 'Where the caller wants to be reached, E.164, when another number was said' }),
    email: z.string().nullable(),
    message: z.string(),
    wished_time: z.string().nullable().meta({ description: "In the caller's words" }),
    property_address: z.string().nullable(),
    call_id: z.string().nullable().meta({ description: "In which call it was left, by Vapi's id: `/calls/{id}` takes it" }),
    created_at: instant,
  })
  .meta({ id: 'CallerMessage', examples: [messageExample] })

export function messageBody(message: CallerMessage): z.input<typeof MessageBody> {
  return {
    id: message.id,
    status: Status.parse(message.status),
    caller_name: message.callerName,
    call_number: message.callNumber,
    phone: message.phone,
    email: message.email,
    message: message.words,
    wished_time: message.wishedTime,
    property_address: message.address,
    call_id: shownCallId(message.vapiCallId),
    created_at: message.createdAt.toISOString(),
  }
}
