import type * as z from 'zod'
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

type Parameters = z.ZodPipe<z.ZodObject, z.ZodTransform>
type Key<P extends Parameters> = keyof P['in']['shape'] & string

/** What a model is told of the arguments under one name of a function. Its validator reads all the others as well. */
export interface Told<K extends string = string> {
  shown: readonly K[]
  /** Without these the function does nothing but ask for them. */
  required: readonly K[]
  /** Arguments as a model would write them. */
  example: { readonly [name in K]?: string | number | boolean }
}

/** What an assistant says while a function works; the last is an instruction to the model. */
export interface Fillers {
  start: string
  delayed: string
  failed: string
}

export interface Definition<P extends Parameters = Parameters> extends Told<Key<P>> {
  /** For the model: what it does, when to call it and when not to. */
  description: string
  /** It changes something: delivered again it is not carried out again, but told what it was told. */
  isAct: boolean
  parameters: P
  fillers: Fillers
  /** Names that older prompts and the requirement documents use, each with its own arguments. */
  aliases: Record<string, Told<Key<P>>>
}

const LOOKING: Fillers = {
  start: 'One moment, I am looking at the diary.',
  delayed: 'Still looking, just a moment.',
  failed: 'Say in one sentence that the diary cannot be seen right now, and offer to take a message.',
}
const BOOKING: Fillers = {
  start: 'One moment, I am booking that.',
  delayed: 'Almost there, just a moment.',
  failed:
    'Say in one sentence that it is not certain whether this was booked, and offer to look the appointment up. Never say that it is booked.',
}
const CHANGING: Fillers = {
  start: 'One moment, I am changing that.',
  delayed: 'Almost there, just a moment.',
  failed:
    'Say in one sentence that it is not certain whether this was changed, and offer to look the appointment up. Never say that it is changed.',
}
const NOTING: Fillers = {
  start: 'One moment.',
  delayed: 'Still on it, just a moment.',
  failed: 'Apologise in one sentence and ask the caller to say that once more.',
}

/** Every function that an assistant may call, as data. What they do is bound to them by name (vapi/functions.ts). */
export const definitions = {
  get_availability: define({
    description:
      'Looks into the diary and returns up to three free times as one sentence to say, or says whether the one time that was asked for is free. Call it as soon as the caller wants an appointment, names a day or asks for other times, and again whenever the wish changes. Pass the wish on in the words of the caller and do not work out dates. Never name a time that it did not return.',
    isAct: false,
    parameters: AvailabilityParameters,
    shown: ['when', 'part_of_day', 'duration', 'days_ahead'],
    required: [],
    example: { when: 'next Tuesday', part_of_day: 'morning' },
    fillers: LOOKING,
    aliases: {
      checkAvailability: { shown: ['date', 'timePreference'], required: [], example: { date: '2026-12-01', timePreference: 'morning' } },
      find_available_times: {
        shown: ['start_date', 'duration'],
        required: [],
        example: { start_date: '2026-12-01T09:00:00Z', duration: '60' },
      },
      get_calendar_availability: { shown: ['date', 'days_ahead'], required: [], example: { days_ahead: 7 } },
    },
  }),
  get_next_available: define({
    description:
      'Returns the next free times from now on as one sentence to say. Call it when the caller wants the earliest appointment there is and names no day. For a certain day or a certain time call the function that looks up availability instead.',
    isAct: false,
    parameters: NextParameters,
    shown: ['part_of_day', 'duration'],
    required: [],
    example: { duration: 60 },
    fillers: LOOKING,
    aliases: {},
  }),
  book_appointment: define({
    description:
      'Books one appointment. Call it only after the caller has heard weekday, date and time read back together and has clearly said yes; an offer followed by goodbye is no yes. Name the chosen time by the letter of its slot, or in the words of the caller. The answer repeats the time and gives a code: say both. Nothing is booked unless the answer says so.',
    isAct: true,
    parameters: BookingParameters,
    shown: [
      'slot',
      'when',
      'duration',
      'timezone',
      'name',
      'email',
      'email_confirmed',
      'phone',
      'property_address',
      'title',
      'notes',
      'second',
    ],
    required: [],
    example: { slot: 'A', name: 'Ana Ruiz', property_address: '12 Elm Street' },
    fillers: BOOKING,
    aliases: {
      set_appointment: {
        shown: ['property_address', 'start_time', 'attendee_name', 'attendee_email', 'attendee_phone'],
        required: ['start_time'],
        example: { property_address: '12 Elm Street', start_time: '2026-12-02T10:00', attendee_name: 'Ana Ruiz' },
      },
      createBooking: {
        shown: ['name', 'email', 'phone', 'dateTime', 'notes'],
        required: ['dateTime'],
        example: { name: 'Ana Ruiz', email: 'ana@example.com', phone: '+13125550123', dateTime: '2026-12-02T10:00', notes: 'First visit' },
      },
      schedule_meeting: {
        shown: ['title', 'start_time', 'duration', 'attendee_email', 'description'],
        required: ['start_time'],
        example: { title: 'Product demo', start_time: '2026-12-02T14:00', duration: '60', attendee_email: 'john@example.com' },
      },
      create_calendar_event: {
        shown: ['subject', 'start_time', 'end_time', 'attendee_email'],
        required: ['start_time'],
        example: { subject: 'Viewing', start_time: '2026-12-02T10:00', end_time: '2026-12-02T10:30', attendee_email: 'ana@example.com' },
      },
    },
  }),
  find_appointment: define({
    description:
      'Tells a caller when her own appointment is. Call it when the caller asks about an appointment that exists, or when it is unclear whether one was booked. Pass on the confirmation code if the caller has one; the number of the call is known already. Do not call it to look for free times.',
    isAct: false,
    parameters: AppointmentParameters,
    shown: ['code', 'current_time'],
    required: [],
    example: { code: '4 7 1 9', current_time: 'Tuesday at ten' },
    fillers: LOOKING,
    aliases: { find_booking: { shown: ['code', 'current_time'], required: [], example: { code: '4719' } } },
  }),
  reschedule_appointment: define({
    description:
      'Moves an appointment that exists to another time. First find a free time, read the new weekday, date and time back and get a clear yes. Name the new time by the letter of its slot, or in the words of the caller, and pass on the confirmation code if the caller has one. The old time stays until the answer says that it was moved.',
    isAct: true,
    parameters: MoveParameters,
    shown: ['code', 'current_time', 'slot', 'new_time', 'duration'],
    required: [],
    example: { code: '4719', slot: 'B' },
    fillers: CHANGING,
    aliases: {
      reschedule_booking: {
        shown: ['code', 'current_time', 'slot', 'new_time', 'duration'],
        required: [],
        example: { code: '4719', new_time: 'Wednesday at noon' },
      },
    },
  }),
  cancel_appointment: define({
    description:
      'Cancels an appointment that exists. Call it only after the caller has clearly said that the appointment shall be cancelled; for another time use the function that moves it instead. Pass on the confirmation code if the caller has one, and the current time where the caller has several appointments. Nothing is cancelled unless the answer says so.',
    isAct: true,
    parameters: AppointmentParameters,
    shown: ['code', 'current_time'],
    required: [],
    example: { code: '4719' },
    fillers: CHANGING,
    aliases: { cancel_booking: { shown: ['code', 'current_time'], required: [], example: { code: '4719' } } },
  }),
  keep_appointment: define({
    description:
      'Undoes the last change of this call. Call it when the caller has just cancelled or moved an appointment, has second thoughts and wants to keep it as it was. Do not call it for anything else; a new appointment is booked with the function for booking.',
    isAct: true,
    parameters: AppointmentParameters,
    shown: ['code', 'current_time'],
    required: [],
    example: { code: '4719' },
    fillers: CHANGING,
    aliases: {},
  }),
  take_message: define({
    description:
      'Leaves a message for the owner. Call it when the caller wants something that cannot be done here, when no time suits, when the diary cannot be seen, or when the caller asks for a person. Ask for the message and for the name first. Promise that the message is passed on and nothing more.',
    isAct: true,
    parameters: MessageParameters,
    shown: ['message', 'name', 'phone', 'email', 'wished_time', 'property_address'],
    required: [], // a wished time alone is a message, too
    example: { message: 'Please call back about the parking space.', name: 'Ana Ruiz', wished_time: 'Tuesday afternoon' },
    fillers: NOTING,
    aliases: {},
  }),
  check_email: define({
    description:
      'Reads an e-mail address back as it was understood. Call it once the caller has spoken or spelled an address, say the answer and wait for yes or no. After a no, ask for the address again and call it with spell set. Do not ask for an address unless the caller wants an invitation by e-mail.',
    isAct: false,
    parameters: EmailParameters,
    shown: ['email', 'spell', 'email_confirmed'],
    required: ['email'],
    example: { email: 'ana dot ruiz at example dot com' },
    fillers: NOTING,
    aliases: {},
  }),
  search_rentals: define({
    description:
      'Tells what the owner has to let, up to three homes as one sentence to say. Call it when the caller looks for a home or asks for the rent of one. Pass the place and the price on in the words of the caller. Never name a home, a rent or a detail that it did not return.',
    isAct: false,
    parameters: RentalParameters,
    shown: ['location', 'price_range'],
    required: [],
    example: { location: 'Elm Street', price_range: 'up to 2000' },
    fillers: { ...LOOKING, start: 'One moment, I am looking at what we have.' },
    aliases: {
      website_search: {
        shown: ['location', 'price_range', 'website'],
        required: [],
        example: { location: 'Chicago', price_range: '1000-2000', website: 'example-rentals.com' },
      },
    },
  }),
}

/** Its own name, not an older one. */
export type FunctionName = keyof typeof definitions

/** What its handler is given. */
export type Asked<Name extends FunctionName> = z.infer<(typeof definitions)[Name]['parameters']>

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(definitions, name)
}

export const functionNames = Object.keys(definitions).filter(isFunctionName)

/** Holds each definition against its validator: only arguments that it reads can be shown. */
function define<P extends Parameters>(definition: Definition<P>): Definition<P> {
  return definition
}
