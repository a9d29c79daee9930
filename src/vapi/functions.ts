import type { z } from 'zod'
import { bookAppointment } from './book-appointment.ts'
import { cancelAppointment, keepAppointment, moveAppointment, tellAppointment } from './change-appointment.ts'
import { checkEmail } from './check-email.ts'
import type { Context, Spoken } from './context.ts'
import type { FunctionCall } from './messages.ts'
import { offerTimes } from './offer-times.ts'
import {
  AppointmentParameters,
  AvailabilityParameters,
  BookingParameters,
  EmailParameters,
  MessageParameters,
  MoveParameters,
  NextParameters,
  RentalParameters,
} from './parameters.ts'
import { emailAgainSentence } from './questions.ts'
import { searchRentals } from './search-rentals.ts'
import { noAnswerSentence, noDetailsSentence } from './speech.ts'
import { unsureSentence } from './spoken-bookings.ts'
import { unsureChangeSentence } from './spoken-changes.ts'
import { unsureMessageSentence } from './spoken-messages.ts'
import { lateRentalsSentence } from './spoken-rentals.ts'
import { takeMessage } from './take-message.ts'

interface VoiceFunction {
  name: string
  /** Names that older prompts use. */
  aliases: string[]
  /** It changes something: delivered again it is not carried out again, but told what it was told. */
  isAct: boolean
  run(context: Context, parameters: FunctionCall['parameters']): Promise<Spoken>
  /** What is true when the caller cannot wait for `run` any longer. */
  late(): string
}

/** Every function an assistant may call. */
const functions: VoiceFunction[] = [
  {
    name: 'get_availability',
    aliases: ['checkAvailability', 'find_available_times', 'get_calendar_availability'],
    isAct: false,
    run: withParameters(AvailabilityParameters, offerTimes),
    late: noAnswerSentence,
  },
  { name: 'get_next_available', aliases: [], isAct: false, run: withParameters(NextParameters, offerTimes), late: noAnswerSentence },
  {
    name: 'book_appointment',
    aliases: ['set_appointment', 'createBooking', 'schedule_meeting', 'create_calendar_event'],
    isAct: true,
    run: withParameters(BookingParameters, bookAppointment),
    late: unsureSentence,
  },
  {
    name: 'find_appointment',
    aliases: ['find_booking'],
    isAct: false,
    run: withParameters(AppointmentParameters, tellAppointment),
    late: noAnswerSentence,
  },
  {
    name: 'reschedule_appointment',
    aliases: ['reschedule_booking'],
    isAct: true,
    run: withParameters(MoveParameters, moveAppointment),
    late: unsureChangeSentence,
  },
  {
    name: 'cancel_appointment',
    aliases: ['cancel_booking'],
    isAct: true,
    run: withParameters(AppointmentParameters, cancelAppointment),
    late: unsureChangeSentence,
  },
  {
    name: 'keep_appointment',
    aliases: [],
    isAct: true,
    run: withParameters(AppointmentParameters, keepAppointment),
    late: unsureChangeSentence,
  },
  { name: 'take_message', aliases: [], isAct: true, run: withParameters(MessageParameters, takeMessage), late: unsureMessageSentence },
  { name: 'check_email', aliases: [], isAct: false, run: withParameters(EmailParameters, checkEmail), late: emailAgainSentence },
  {
    name: 'search_rentals',
    aliases: ['website_search'],
    isAct: false,
    run: withParameters(RentalParameters, searchRentals),
    late: lateRentalsSentence,
  },
]

const byName = new Map(functions.flatMap((one) => [one.name, ...one.aliases].map((name) => [name, one] as const)))

/** @param name as the assistant knows it: the function's own or an older one */
export function findFunction(name: string): VoiceFunction | undefined {
  return byName.get(name)
}

function withParameters<T extends z.ZodType>(
  schema: T,
  run: (context: Context, parameters: z.infer<T>) => Promise<Spoken>,
): VoiceFunction['run'] {
  return async (context, parameters) => (parameters === undefined ? { error: noDetailsSentence() } : run(context, schema.parse(parameters)))
}
