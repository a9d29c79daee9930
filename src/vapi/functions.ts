import type { z } from 'zod'
import type { Diary } from '../calendar/access.ts'
import type { Deps } from '../deps.ts'
import { bookAppointment } from './book-appointment.ts'
import type { FunctionCall, Origin } from './messages.ts'
import { offerTimes } from './offer-times.ts'
import { AvailabilityParameters, BookingParameters, NextParameters } from './parameters.ts'

/** Who is on the line, by Vapi's own facts. The number is `null` where it is not to be trusted. */
export interface Caller extends Origin {
  assistantId: string | null
}

/** What a function works with besides what the model wrote. */
export interface Context {
  deps: Deps
  diary: Diary
  caller: Caller
  /** Of the function call, as Vapi numbers it. */
  callId: string | null
  /** Ends all vendor requests when the caller has waited long enough. */
  signal: AbortSignal
}

/** One sentence: a result, or an error that tells the assistant how to go on. */
export type Spoken = { result: string } | { error: string }

interface VoiceFunction {
  names: string[]
  run(context: Context, parameters: Record<string, unknown>): Promise<Spoken>
}

/** Every function an assistant may call: the canonical name first, then those that older prompts use. */
const functions: VoiceFunction[] = [
  {
    names: ['get_availability', 'checkAvailability', 'find_available_times', 'get_calendar_availability'],
    run: withParameters(AvailabilityParameters, offerTimes),
  },
  { names: ['get_next_available'], run: withParameters(NextParameters, offerTimes) },
  {
    names: ['book_appointment', 'set_appointment', 'createBooking', 'schedule_meeting', 'create_calendar_event'],
    run: withParameters(BookingParameters, bookAppointment),
  },
]

const byName = new Map(functions.flatMap((one) => one.names.map((name) => [name, one] as const)))

/** @param context `named` hears the canonical name, as soon as it is known */
export async function runFunction(
  { named, ...context }: Omit<Context, 'callId'> & { named(canonical: string): void },
  call: FunctionCall,
): Promise<Spoken> {
  const found = byName.get(call.name)
  if (!found) return { error: 'I cannot do that on this line. Shall I look for a free time instead?' }
  named(found.names[0] ?? 'unknown')
  if (call.parameters === undefined) return { error: 'I did not get the details. Could you say them once more?' }
  return found.run({ ...context, callId: call.id }, call.parameters)
}

function withParameters<T extends z.ZodType>(
  schema: T,
  run: (context: Context, parameters: z.infer<T>) => Promise<Spoken>,
): VoiceFunction['run'] {
  return (context, parameters) => run(context, schema.parse(parameters))
}
