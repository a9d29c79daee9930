import * as z from 'zod'
import type { Demo } from '../start/demo.ts'
import { heading, print, row, style } from './screen.ts'

const Call = z.object({
  id: z.string(),
  status: z.string(),
  direction: z.string().nullable(),
  customer_number: z.string().nullable(),
  duration_seconds: z.number().nullable(),
  ended_reason: z.string().nullable(),
  intent: z.string().nullable(),
  cost: z.number().nullable(),
  is_complete: z.boolean(),
  transcript: z.array(z.object({ role: z.string(), text: z.string() })),
  bookings: z.array(z.object({ id: z.string(), subject: z.string(), status: z.string(), start_time: z.string() })),
})
const Timeline = z.object({
  entries: z.array(z.object({ kind: z.string(), ms: z.number(), took_ms: z.number().nullable(), text: z.string() })),
})

/** What the owner reads of a call afterwards: `GET /calls/{id}` and its timeline. */
export async function showRecord(demo: Demo, callId: string): Promise<void> {
  const call = Call.parse(await get(demo, `/calls/${callId}`))
  const { entries } = Timeline.parse(await get(demo, `/calls/${callId}/timeline`))
  heading('The record of the call')
  const seconds = call.duration_seconds === null ? 'of unknown length' : `${Math.round(call.duration_seconds)} s`
  print(row(`  ${call.direction} call from ${call.customer_number}, ${call.status} (${call.ended_reason}), ${seconds}`))
  print(row(`  intent ${call.intent}, cost $${call.cost}, ${call.is_complete ? 'its report is in' : 'its report is still to come'}`))
  print(row(`  GET ${demo.baseUrl}/calls/${call.id}`))
  for (const { subject, status, start_time } of call.bookings) print(row(`  booked: ${subject}, ${start_time}, ${status}`))
  print()
  heading('Its transcript')
  for (const { role, text } of call.transcript) print(row(`  ${role.padEnd(10)} ${text}`))
  if (call.transcript.length === 0) print(row('  None: the business keeps nothing of what is said (transcript_days is 0).'))
  print()
  heading('Its timeline')
  for (const { kind, ms, took_ms, text } of entries) {
    const took = took_ms === null ? '' : `${took_ms} ms`
    print(row(`  ${`+${(ms / 1000).toFixed(3)}`.padStart(9)} ${took.padStart(8)}  ${style('dim', kind.padEnd(14))} ${text}`))
  }
  print()
}

async function get({ baseUrl, token }: Demo, path: string): Promise<unknown> {
  const response = await fetch(baseUrl + path, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${await response.text()}`)
  return response.json()
}
