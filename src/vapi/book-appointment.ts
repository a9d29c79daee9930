import type { z } from 'zod'
import { book } from '../bookings/book.ts'
import { confirmationCode } from '../bookings/code.ts'
import type { BookingRequest, Outcome } from '../bookings/request.ts'
import { sameDayInCall } from '../bookings/same-day.ts'
import { inviteAfterwards } from '../changes/invite.ts'
import type { BookingParameters } from '../functions/parameters.ts'
import { lineNumber } from '../line-number.ts'
import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { type Chosen, chosenTime } from './chosen-time.ts'
import { type Context, operationOf, type Spoken } from './context.ts'
import { explainRefusal } from './explain-refusal.ts'
import { phoneAgainSentence, secondThatDaySentence, whichEmailSentence } from './questions.ts'
import { alreadyBookedSentence, bookedSentence, pendingSentence, stillPendingSentence } from './spoken-bookings.ts'
import { type Email, readEmail } from './spoken-email.ts'
import { readPhone } from './spoken-phone.ts'

// Whoever asks again after so long has waited enough.
const LONG_PENDING_SECONDS = 60

type Asked = z.infer<typeof BookingParameters>

/** Books one appointment, and says what became of it. "Booked" is said only after the calendar has it. */
export async function bookAppointment(context: Context, asked: Asked): Promise<Spoken> {
  const { deps, diary, caller, signal } = context
  const chosen = await chosenTime(context, asked)
  if ('ask' in chosen) return { error: chosen.ask }
  const email = readEmail(asked.email, asked.isEmailConfirmed)
  if (email.kind === 'unclear') return { error: whichEmailSentence(email.addresses) }
  const phone = readPhone(asked.phone, diary.region)
  if (phone.kind === 'incomplete') return { error: phoneAgainSentence() }

  const asking = { vapiCallId: caller.callId, startsAt: chosen.time.startsAt, operation: operationOf(context) }
  const other = asked.isSecond ? undefined : await sameDayInCall(deps, diary, asking)
  if (other) return { error: secondThatDaySentence(other.startsAt, diary.rules.timeZone) }

  const said = phone.kind === 'phone' ? phone.number : null
  const request = requestOf(context, asked, chosen.time, { email: email.kind === 'email' ? email.address : null, phone: said })
  const outcome = await book(deps, diary, request, signal)
  deps.metrics.bookingOutcome(outcome.kind === 'refused' ? outcome.why : outcome.kind)
  if (outcome.kind === 'refused') return explainRefusal(context, chosen.time, outcome.why)
  // Booked a moment ago without an address, which she has spelled now.
  if (outcome.kind === 'already' && outcome.booking.customerEmail === null && email.kind === 'email')
    outcome.booking = await inviteAfterwards(deps, diary, outcome.booking, email.address, signal)
  return say(context, outcome, { email, note: chosen.note, callersNumber: said === null ? request.callerNumber : null })
}

function requestOf(
  context: Context,
  asked: Asked,
  slot: Interval,
  { email, phone }: { email: string | null; phone: string | null },
): BookingRequest {
  const { diary, caller } = context
  const clean = (text: string | undefined | null, longest: number) => oneLine(text ?? '', longest) || null
  const name = clean(asked.name ?? caller.name, 100)
  const about = clean(asked.title, 150) ?? (asked.address ? `Viewing, ${clean(asked.address, 150)}` : 'Appointment')
  const callerNumber = lineNumber(caller.number)
  return {
    bookedBy: 'caller',
    slot,
    timeZone: diary.rules.timeZone,
    subject: name && !about.includes(name) ? `${about}, ${name}` : about,
    address: clean(asked.address, 200),
    notes: clean(asked.notes, 1000),
    customer: { name, email, phone: phone ?? callerNumber },
    guests: [],
    operation: operationOf(context),
    callerNumber,
    vapiCallId: caller.callId,
  }
}

/** What the sentence tells besides what stands in the booking. */
interface Told {
  email: Email
  note: Extract<Chosen, { time: Interval }>['note']
  /** That she is reached under, because she said no other. */
  callersNumber: string | null
}

function say({ deps }: Context, outcome: Exclude<Outcome, { kind: 'refused' }>, { email, note, callersNumber }: Told): Spoken {
  const { booking } = outcome
  const { startsAt, timeZone, address, customerEmail } = booking
  const code = confirmationCode(deps, booking)
  switch (outcome.kind) {
    case 'booked':
      return {
        result: bookedSentence({
          startsAt,
          timeZone,
          place: address,
          code,
          callersNumber,
          invited: customerEmail !== null,
          emailUnclear: email.kind === 'unusable',
          repeatedHour: note === 'repeated_hour',
        }),
      }
    case 'already':
      return { result: alreadyBookedSentence({ startsAt, timeZone, code, invited: customerEmail !== null }) }
    case 'pending':
      return {
        error: (booking.ageSeconds > LONG_PENDING_SECONDS ? stillPendingSentence : pendingSentence)(startsAt, timeZone),
        isOpen: true,
      }
  }
}
