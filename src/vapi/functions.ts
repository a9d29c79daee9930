import type { z } from 'zod'
import { bookAppointment } from './book-appointment.ts'
import type { Context, Spoken } from './context.ts'
import type { FunctionCall } from './messages.ts'
import { offerTimes } from './offer-times.ts'
import { AvailabilityParameters, BookingParameters, NextParameters } from './parameters.ts'

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
