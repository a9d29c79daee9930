import { readPhrase } from '../../src/words/phrase.ts'
import { codeIn, type Deed, deedIn, withoutLetters } from './changes.ts'
import { chosen, meaningsIn, timesIn } from './offers.ts'
import { emailIn, hasNoEmail, nameIn, spokenEmail } from './person.ts'
import { addressIn, isGoodbye, isNo, isSoonest, isYes, partOfDay, rentalWishIn, together, whenIn, withoutAddress } from './understand.ts'

/**
 * The assistant of a simulated call: what a model with a good prompt would do, by plain rules. It never works out a time: the caller's
 * words go to the service as they are, and what the service offers comes back to it in the service's words.
 */

export interface FunctionCall {
  name: string
  arguments: Record<string, string>
}

/** As the service answered it: `error` is no failure of the service, it is said like a result. */
export interface Answer {
  result?: string | undefined
  error?: string | undefined
}

/** What the assistant waits for, and what it knows. */
export interface Mind {
  awaits: 'wish' | 'choice' | 'name' | 'email' | 'consent' | 'again' | 'more' | 'code' | 'deed' | 'message' | 'nothing'
  /** In the service's words, from which the caller chooses. */
  options: string[]
  /** By which the service knows the options, in their order. */
  letters?: string[] | undefined
  /** An appointment that the caller has is to be moved to the time that is chosen. */
  moving?: boolean | undefined
  /** The confirmation code as the caller said it. */
  code?: string | undefined
  /** The caller's words that the service asked back about. */
  unclear?: string | undefined
  /** One of the options. */
  time?: string | undefined
  address?: string | undefined
  name?: string | undefined
  /** `null`: wants none. */
  email?: string | null | undefined
  lastCall?: FunctionCall | undefined
  /** Times in a row that the caller was not understood. */
  missed: number
  booked: boolean
}

/** The assistant says something, or calls a function and then hears `answered`. */
export type Turn = { mind: Mind; say: string } | { mind: Mind; call: FunctionCall }

export const GREETING = 'Thank you for calling the viewing desk. How can I help you?'
const WHICH_TIME = 'Which day and time would suit you?'

export const firstMind: Mind = { awaits: 'wish', options: [], missed: 0, booked: false }

/** What the assistant does about what the caller said. */
export function heard(mind: Mind, said: string): Turn {
  if (isGoodbye(said)) return goodbye(mind)
  const deed = deedIn(said)
  if (deed !== undefined && mind.awaits !== 'message') return hearDeed(mind, said, deed)
  switch (mind.awaits) {
    case 'code':
      return hearCode(mind, said)
    case 'deed':
      return hearWish({ ...mind, moving: true }, said)
    case 'message':
      return { mind, call: { name: 'take_message', arguments: { message: said, ...(mind.name ? { name: mind.name } : {}) } } }
    case 'choice':
      return hearChoice(mind, said)
    case 'name':
      return hearName(mind, said)
    case 'email':
      return hearEmail(mind, said)
    case 'consent':
      return hearConsent(mind, said)
    case 'again':
      return isYes(said) && mind.lastCall ? { mind, call: mind.lastCall } : hearWish(mind, said)
    case 'more':
      return isNo(said) && !whenIn(said) ? goodbye(mind) : hearWish(mind, said)
    default:
      return hearWish(mind, said)
  }
}

/** What the assistant makes of the service's answer. The sentence itself is always said as it came. */
export function answered(mind: Mind, call: FunctionCall, answer: Answer): { mind: Mind; say: string } {
  const { say, letters } = withoutLetters(answer.result ?? answer.error ?? '')
  const known = { ...mind, lastCall: call, missed: 0, unclear: undefined, letters: undefined }
  if (call.name === 'book_appointment' && answer.result !== undefined)
    return { say, mind: { ...known, awaits: 'more', options: [], time: undefined, booked: true } }
  if (call.name === 'find_appointment')
    return { say, mind: { ...known, awaits: answer.result === undefined ? 'more' : 'deed', options: [] } }
  const isDone = ['reschedule_appointment', 'cancel_appointment', 'keep_appointment', 'take_message'].includes(call.name)
  if (isDone && answer.result !== undefined) return { say, mind: { ...known, awaits: 'more', options: [], time: undefined, moving: false } }
  const times = timesIn(say)
  if (times.length > 0) return { say, mind: { ...known, awaits: 'choice', options: times, letters } }
  if (/Shall I (check|try) again/.test(say)) return { say, mind: { ...known, awaits: 'again' } }
  return { say, mind: { ...known, awaits: 'wish', options: meaningsIn(say), unclear: call.arguments.date } }
}

export function goodbye(mind: Mind): Turn {
  const say = mind.booked ? 'Thank you for calling. Goodbye!' : 'Nothing is booked, then. Thank you for calling. Goodbye!'
  return { say, mind: { ...mind, awaits: 'nothing' } }
}

function hearDeed(mind: Mind, said: string, deed: Deed): Turn {
  const proof: Record<string, string> = mind.code === undefined ? {} : { code: mind.code }
  if (deed === 'message') return { mind: { ...mind, awaits: 'message' }, say: 'Gladly. What shall I pass on?' }
  if (deed === 'keep') return { mind, call: { name: 'keep_appointment', arguments: {} } }
  if (mind.awaits !== 'deed') {
    // What was booked in this call needs no code.
    if (mind.booked || mind.code) return { mind, call: { name: 'find_appointment', arguments: proof } }
    return { mind: { ...mind, awaits: 'code' }, say: 'May I have your confirmation code?' }
  }
  if (deed === 'cancel') return { mind, call: { name: 'cancel_appointment', arguments: proof } }
  return hearWish({ ...mind, moving: true }, said)
}

function hearCode(mind: Mind, said: string): Turn {
  const code = codeIn(said)
  if (code === undefined) return { mind: { ...mind, awaits: 'wish' }, say: `Without it I cannot do that. ${WHICH_TIME}` }
  return { mind: { ...mind, code }, call: { name: 'find_appointment', arguments: { code } } }
}

function hearWish(before: Mind, said: string): Turn {
  const mind: Mind = { ...before, awaits: 'wish', address: addressIn(said) ?? before.address }
  const rest = withoutAddress(said)
  const rental = rentalWishIn(rest)
  if (rental) return { mind, call: { name: 'search_rentals', arguments: rental } }
  if (isSoonest(rest)) return next(mind, partOfDay(rest))
  const [meant, ...others] = mind.options.length > 0 ? chosen(mind.options, rest) : []
  const words = (others.length === 0 ? meant : undefined) ?? whenIn(rest)
  if (words !== undefined && /^((in )?the )?(morning|afternoon|evening)$/i.test(words) && !mind.unclear) return next(mind, partOfDay(words))
  if (words !== undefined) return { mind, call: { name: 'get_availability', arguments: { date: together(mind.unclear, words) } } }
  // Asked for a day and still no day to be heard: the service may know better, or asks in its own words.
  if (mind.missed > 0 && !isNo(rest)) return { mind, call: { name: 'get_availability', arguments: { date: rest.trim() } } }
  return { mind: { ...mind, missed: mind.missed + 1 }, say: isNo(rest) ? `Of course. ${WHICH_TIME}` : `Gladly. ${WHICH_TIME}` }
}

function next(mind: Mind, part: string | undefined): Turn {
  return { mind, call: { name: 'get_next_available', arguments: part ? { part_of_day: part } : {} } }
}

function hearChoice(mind: Mind, said: string): Turn {
  const fitting = chosen(mind.options, said)
  const [one] = fitting
  if (one !== undefined && fitting.length === 1) return proceed({ ...mind, time: one, missed: 0 })
  if (fitting.length > 1)
    return { mind: { ...mind, options: fitting, letters: lettersOf(fitting, mind) }, say: `Which one shall it be, ${either(fitting)}?` }
  if (isNo(said) || isSoonest(said) || whenIn(said)) {
    const unclear = namesDay(whenIn(said)) ? undefined : onlyDay(mind.options)
    return hearWish({ ...mind, options: [], missed: 0, unclear }, said)
  }
  return { mind, say: `Sorry, which one would you like? I have ${either(mind.options)}.` }
}

function namesDay(words: string | undefined): boolean {
  const phrase = words === undefined ? undefined : readPhrase(words)
  return phrase === undefined || 'day' in phrase || 'weekday' in phrase || 'span' in phrase
}

/** The day of which all of them are: another hour that the caller names is meant on that day. */
function onlyDay(options: string[]): string | undefined {
  const days = new Set(options.map((option) => option.split(' at ')[0]))
  return days.size === 1 ? [...days][0] : undefined
}

/** One question at a time, and the read-back at the end. */
function proceed(mind: Mind): Turn {
  if (mind.moving) return { mind: { ...mind, awaits: 'consent' }, say: `That is ${mind.time} instead. Shall I move it?` }
  if (mind.name === undefined) return { mind: { ...mind, awaits: 'name' }, say: 'What name may I put it under?' }
  if (mind.email === undefined)
    return { mind: { ...mind, awaits: 'email' }, say: 'And which e-mail address shall the invitation go to? You can also do without one.' }
  const place = mind.address ? `, at ${mind.address}` : ''
  const invitation = mind.email ? `, with an invitation to ${spokenEmail(mind.email)}` : ', without an invitation'
  return { mind: { ...mind, awaits: 'consent' }, say: `That is ${mind.time}${place}, for ${mind.name}${invitation}. Shall I book it?` }
}

function hearName(mind: Mind, said: string): Turn {
  const name = nameIn(said)
  return name ? proceed({ ...mind, name, missed: 0 }) : { mind, say: 'Sorry, I did not catch the name. Could you say it once more?' }
}

function hearEmail(mind: Mind, said: string): Turn {
  const email = emailIn(said)
  if (email) return proceed({ ...mind, email, missed: 0 })
  if (hasNoEmail(said) || mind.missed > 0) return proceed({ ...mind, email: null, missed: 0 })
  return { mind: { ...mind, missed: 1 }, say: 'Sorry, I did not catch the address. Could you say it once more, slowly?' }
}

function hearConsent(mind: Mind, said: string): Turn {
  if (isYes(said) && mind.moving) return { mind, call: { name: 'reschedule_appointment', arguments: moving(mind) } }
  if (isYes(said)) return { mind, call: { name: 'book_appointment', arguments: booking(mind) } }
  const name = /\bname is\b/i.test(said) ? nameIn(said.replace(/^.*?(?=\b(my|the) name is\b)/i, '')) : undefined
  if (name) return proceed({ ...mind, name })
  const email = emailIn(said)
  if (email) return proceed({ ...mind, email })
  if (isNo(said) || whenIn(said)) return hearWish({ ...mind, options: [], time: undefined, missed: 0 }, said)
  return { mind, say: 'Shall I book it, yes or no?' }
}

function moving({ time, options, letters, code }: Mind): Record<string, string> {
  const slot = letterOf(time, options, letters)
  return { ...(slot ? { slot } : { new_time: time ?? '' }), ...(code ? { code } : {}) }
}

function lettersOf(some: string[], { options, letters = [] }: Mind): string[] {
  return letters.length === 0 ? [] : some.map((option) => letters[options.indexOf(option)] ?? '')
}

/** An option of the service's latest offer. */
function letterOf(time: string | undefined, options: string[], letters: string[] = []): string | undefined {
  return time === undefined ? undefined : letters[options.indexOf(time)]
}

function booking({ time, options, letters, address, name, email }: Mind): Record<string, string> {
  const slot = letterOf(time, options, letters)
  return {
    start_time: time ?? '',
    ...(slot ? { slot } : {}),
    attendee_name: name ?? '',
    ...(email ? { attendee_email: email } : {}),
    ...(address ? { property_address: address } : {}),
  }
}

function either(options: string[]): string {
  return options.length > 1 ? `${options.slice(0, -1).join(', ')}, or ${options.at(-1)}` : options.join('')
}
