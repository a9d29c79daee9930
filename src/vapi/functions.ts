import { type Asked, definitions, type FunctionName, functionNames } from '../functions/definitions.ts'
import { bookAppointment } from './book-appointment.ts'
import { cancelAppointment, keepAppointment, moveAppointment, tellAppointment } from './change-appointment.ts'
import { checkEmail } from './check-email.ts'
import type { Context, Spoken } from './context.ts'
import type { FunctionCall } from './messages.ts'
import { offerTimes } from './offer-times.ts'
import { emailAgainSentence } from './questions.ts'
import { searchRentals } from './search-rentals.ts'
import { noAnswerSentence, noDetailsSentence } from './speech.ts'
import { unsureSentence } from './spoken-bookings.ts'
import { unsureChangeSentence } from './spoken-changes.ts'
import { unsureMessageSentence } from './spoken-messages.ts'
import { lateRentalsSentence } from './spoken-rentals.ts'
import { takeMessage } from './take-message.ts'

interface Handler<Name extends FunctionName> {
  carryOut(context: Context, asked: Asked<Name>): Promise<Spoken>
  /** What is true when the caller cannot wait for it any longer. */
  late(): string
}

/** What each function does: one handler for every definition, and none without. */
const handlers: { [Name in FunctionName]: Handler<Name> } = {
  get_availability: { carryOut: offerTimes, late: noAnswerSentence },
  get_next_available: { carryOut: offerTimes, late: noAnswerSentence },
  book_appointment: { carryOut: bookAppointment, late: unsureSentence },
  find_appointment: { carryOut: tellAppointment, late: noAnswerSentence },
  reschedule_appointment: { carryOut: moveAppointment, late: unsureChangeSentence },
  cancel_appointment: { carryOut: cancelAppointment, late: unsureChangeSentence },
  keep_appointment: { carryOut: keepAppointment, late: unsureChangeSentence },
  take_message: { carryOut: takeMessage, late: unsureMessageSentence },
  check_email: { carryOut: checkEmail, late: emailAgainSentence },
  search_rentals: { carryOut: searchRentals, late: lateRentalsSentence },
}

// By name, so that each handler is given what its own validator makes of the arguments.
const validated: { [Name in FunctionName]: { isAct: boolean; parameters: { parse(given: unknown): Asked<Name> } } } = definitions

interface VoiceFunction {
  name: FunctionName
  isAct: boolean
  run(context: Context, parameters: FunctionCall['parameters']): Promise<Spoken>
  late(): string
}

const byName = new Map<string, VoiceFunction>(
  functionNames.flatMap((name) => {
    const one = bound(name)
    return [name, ...Object.keys(definitions[name].aliases)].map((known) => [known, one] as const)
  }),
)

/** @param name as the assistant knows it: the function's own or an older one */
export function findFunction(name: string): VoiceFunction | undefined {
  return byName.get(name)
}

function bound<Name extends FunctionName>(name: Name): VoiceFunction {
  const { isAct, parameters: schema } = validated[name]
  const { carryOut, late } = handlers[name]
  return {
    name,
    isAct,
    late,
    run: async (context, given) => (given === undefined ? { error: noDetailsSentence() } : carryOut(context, schema.parse(given))),
  }
}
