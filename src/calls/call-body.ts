import * as z from 'zod'
import { BookingBody, bookingBody, bookingExample, ChangeBody, changeBody, changeExample } from '../bookings/booking-body.ts'
import { shownCallId } from '../call-id.ts'
import type { ListedCall, ListedFunctionCall } from '../db/call-lists.ts'
import type { Turn } from '../db/call-transcripts.ts'
import { CALL_STATUSES } from '../db/calls.ts'
import { instant } from '../http/zod.ts'
import { MessageBody, messageBody, messageExample } from '../messages/message-body.ts'
import { ENDED_CLASSES } from './ended-reason.ts'
import type { WholeCall } from './listing.ts'

export const callExample = {
  id: '9d2b5a1c-7a52-4f3a-8f0e-1f4e216b1d6c',
  vapi_call_id: '0f3c1b1e-7a52-4a8e-9a51-1f7f0d2c6e11',
  assistant_id: '1c4e7a52-9d2b-4f3a-8f0e-6b1d6c1f4e30',
  direction: 'inbound',
  status: 'ended' as const,
  customer_number: '+13125550142',
  customer_name: 'Ana Ruiz',
  dialled_number: '+13125550100',
  began_at: '2026-11-29T23:00:00.000Z',
  ended_at: '2026-11-29T23:02:10.000Z',
  duration_seconds: 130,
  ended_reason: 'customer-ended-call',
  ended_class: 'normal' as const,
  summary: 'Ana booked a viewing of 12 Elm St for Tuesday at nine.',
  intent: 'booking',
  sentiment: 'positive',
  success: 'true',
  booking_created: true,
  booking_ids: ['5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21'],
  cost: 0.1234,
  has_recording: true,
  is_complete: true,
}

const turnExample = {
  sequence: 0,
  role: 'user' as const,
  text: 'Do you have anything on Tuesday?',
  said_at: '2026-11-29T23:00:07.000Z',
  confidence: 0.97,
}

const functionCallExample = {
  id: '3b9d5a1c-7a52-4f3a-8f0e-1f4e216b1d6c',
  tool_call_id: 'call_1',
  function: 'book_appointment',
  outcome: 'result' as const,
  failure: null,
  answer: 'You are booked for Tuesday the first of December at nine in the morning.',
  answered_at: '2026-11-29T23:01:30.000Z',
  ms: 640,
  vendor_ms: 510,
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
}

const shape = {
  id: z.uuid(),
  vapi_call_id: z.string().nullable().describe("Vapi's id of the call"),
  assistant_id: z.string().nullable(),
  direction: z.string().nullable().describe('inbound, outbound or web'),
  status: z.enum(CALL_STATUSES),
  customer_number: z.string().nullable().describe('E.164; null: withheld, or not to be believed'),
  customer_name: z.string().nullable(),
  dialled_number: z.string().nullable(),
  began_at: instant,
  ended_at: instant.nullable(),
  duration_seconds: z.number().nullable(),
  ended_reason: z.string().nullable().describe("Vapi's word for it, of an open list"),
  ended_class: z.enum(ENDED_CLASSES).nullable().describe('What kind of reason that is'),
  summary: z.string().nullable(),
  intent: z.string().nullable(),
  sentiment: z.string().nullable(),
  success: z.string().nullable().describe("Vapi's evaluation, as the assistant's plan has it"),
  booking_created: z.boolean(),
  booking_ids: z.array(z.uuid()).describe('The appointments that were made in it: `/bookings/{id}`'),
  cost: z.number().nullable().describe('US dollars'),
  has_recording: z.boolean().describe('Vapi keeps one'),
  is_complete: z.boolean().describe('Its report is in; until then more may come'),
}

export const CallBody = z.object(shape).meta({ id: 'Call', examples: [callExample] })

export const CallPage = z
  .object({
    calls: z.array(CallBody),
    next_cursor: z.string().nullable().describe('Send it as cursor for the next page; null: this was the last'),
  })
  .meta({ examples: [{ calls: [callExample], next_cursor: null }] })

const TurnBody = z.object({
  sequence: z.int().describe('From 0, in the order in which it was said'),
  role: z.enum(['assistant', 'user']),
  text: z.string(),
  said_at: instant.nullable(),
  confidence: z.number().nullable(),
})

const FunctionCallBody = z.object({
  id: z.uuid(),
  tool_call_id: z.string().nullable().describe('As Vapi numbers it within the call'),
  function: z.string(),
  outcome: z.enum(['result', 'error']),
  failure: z.string().nullable().describe('The code of what went wrong'),
  answer: z.string().describe('What the assistant was told'),
  answered_at: instant,
  ms: z.int().describe('Until the answer was known'),
  vendor_ms: z.int().describe('Of these, spent waiting for calendars'),
  trace_id: z.string().nullable().describe('Also on its log lines'),
})

export const CallDetail = z
  .object({
    ...shape,
    structured_data: z.unknown().optional().describe("What Vapi's analysis found, in the form that the assistant's plan gives it"),
    transcript: z.array(TurnBody),
    function_calls: z.array(FunctionCallBody),
    bookings: z.array(BookingBody).describe('Made in this call'),
    changes: z.array(ChangeBody).describe('Moves and cancels that were asked for in this call'),
    messages: z.array(MessageBody).describe('Left in this call'),
  })
  .meta({
    id: 'CallDetail',
    examples: [
      {
        ...callExample,
        structured_data: { intent: 'booking' },
        transcript: [turnExample],
        function_calls: [functionCallExample],
        bookings: [bookingExample],
        changes: [changeExample],
        messages: [messageExample],
      },
    ],
  })

export function callBody(call: ListedCall): z.input<typeof CallBody> {
  return {
    id: call.id,
    vapi_call_id: shownCallId(call.vapiCallId),
    assistant_id: call.assistantId,
    direction: call.direction,
    status: z.enum(CALL_STATUSES).parse(call.status),
    customer_number: call.customerNumber,
    customer_name: call.customerName,
    dialled_number: call.dialledNumber,
    began_at: call.beganAt.toISOString(),
    ended_at: call.endedAt?.toISOString() ?? null,
    duration_seconds: call.durationSeconds,
    ended_reason: call.endedReason,
    ended_class: z.enum(ENDED_CLASSES).nullable().parse(call.endedClass),
    summary: call.summary,
    intent: call.intent,
    sentiment: call.sentiment,
    success: call.success,
    booking_created: call.appointmentIds.length > 0,
    booking_ids: call.appointmentIds,
    cost: call.cost === null ? null : Number(call.cost),
    has_recording: call.hasRecording,
    is_complete: call.reportedAt !== null,
  }
}

export function callDetail({ call, turns, functionCalls, bookings, changes, messages }: WholeCall): z.input<typeof CallDetail> {
  return {
    ...callBody(call),
    structured_data: call.structuredData,
    transcript: turns.map(turnBody),
    function_calls: functionCalls.map(functionCallBody),
    bookings: bookings.filter(({ appointmentId }) => call.appointmentIds.includes(appointmentId)).map(bookingBody),
    changes: changes.map(({ change, timeZone }) => changeBody(change, timeZone)),
    messages: messages.map(messageBody),
  }
}

function turnBody({ role, text, saidAt, confidence }: Turn, sequence: number): z.input<typeof TurnBody> {
  return { sequence, role, text, said_at: saidAt?.toISOString() ?? null, confidence }
}

function functionCallBody(call: ListedFunctionCall): z.input<typeof FunctionCallBody> {
  return {
    id: call.id,
    tool_call_id: call.toolCallId,
    function: call.function,
    outcome: call.outcome === 'error' ? 'error' : 'result',
    failure: call.failure,
    answer: call.answer,
    answered_at: call.calledAt.toISOString(),
    ms: call.ms,
    vendor_ms: call.vendorMs,
    trace_id: call.traceId,
  }
}
