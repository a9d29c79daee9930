import type { z } from 'zod'
import { book } from '../bookings/book.ts'
import type { BookingRequest, Outcome } from '../bookings/request.ts'
import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { chosenTime } from './chosen-time.ts'
import type { Context, Spoken } from './context.ts'
import { explainRefusal } from './explain-refusal.ts'
import { type BookingParameters, phoneOf } from './parameters.ts'
import { alreadyBookedSentence, bookedSentence, pendingSentence } from './speech.ts'

// Assistant hooks use it for every call they make.
const CONSTANT_ID = 'hook-function-call'

type Asked = z.infer<typeof BookingParameters>
type Refused = Extract<Outcome, { kind: 'refused' }>

/** Books one appointment, and says what became of it. "Booked" is said only after the calendar has it. */
export async function bookAppointment(context: Context, asked: Asked): Promise<Spoken> {
  const { deps, diary, signal } = context
  const chosen = await chosenTime(context, asked)
  if ('ask' in chosen) return { error: chosen.ask }
  const outcome = await book(deps, diary, requestOf(context, asked, chosen.time), signal)
  deps.metrics.bookingOutcome(outcome.kind === 'refused' ? outcome.why : outcome.kind)
  return outcome.kind === 'refused' ? explainRefusal(context, chosen.time, outcome.why) : say(outcome, chosen.note)
}

function requestOf({ diary, caller, toolCallId }: Context, asked: Asked, slot: Interval): BookingRequest {
  const clean = (text: string | undefined | null, longest: number) => oneLine(text ?? '', longest) || null
  const name = clean(asked.name ?? caller.name, 100)
  const about = clean(asked.title, 150) ?? (asked.address ? `Viewing, ${clean(asked.address, 150)}` : 'Appointment')
  return {
    bookedBy: 'caller',
    slot,
    timeZone: diary.rules.timeZone,
    subject: name && !about.includes(name) ? `${about}, ${name}` : about,
    address: clean(asked.address, 200),
    notes: clean(asked.notes, 1000),
    customer: { name, email: asked.email ?? null, phone: phoneOf(asked.phone) ?? phoneOf(caller.number) },
    guests: [],
    // An id means something within its call only.
    operation:
      toolCallId === null || toolCallId === CONSTANT_ID || caller.callId === null ? null : JSON.stringify([caller.callId, toolCallId]),
    callerNumber: phoneOf(caller.number),
    vapiCallId: caller.callId,
  }
}

function say(outcome: Exclude<Outcome, Refused>, note: 'repeated_hour' | undefined): Spoken {
  const { startsAt, timeZone, address, customerEmail } = outcome.booking
  switch (outcome.kind) {
    case 'booked':
      return {
        result: bookedSentence({
          startsAt,
          timeZone,
          place: address,
          invited: customerEmail !== null,
          repeatedHour: note === 'repeated_hour',
        }),
      }
    case 'already':
      return { result: alreadyBookedSentence(startsAt, timeZone) }
    case 'pending':
      return { error: pendingSentence(startsAt, timeZone) }
  }
}
