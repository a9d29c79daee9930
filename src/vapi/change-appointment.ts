import type { z } from 'zod'
import { confirmationCode } from '../bookings/code.ts'
import { cancelBooking } from '../changes/cancel.ts'
import type { ChangeOutcome, Claimant } from '../changes/change.ts'
import { moveBooking } from '../changes/move.ts'
import { findAppointment } from '../changes/proof.ts'
import { undoLastChange } from '../changes/undo.ts'
import type { Booking } from '../db/bookings.ts'
import type { AppointmentParameters, MoveParameters } from '../functions/parameters.ts'
import { lineNumber } from '../line-number.ts'
import { chosenTime } from './chosen-time.ts'
import { type Context, operationOf, type Spoken } from './context.ts'
import { explainRefusal } from './explain-refusal.ts'
import { whichAppointmentSentence } from './questions.ts'
import { pendingSentence } from './spoken-bookings.ts'
import {
  alreadyCancelledSentence,
  appointmentSentence,
  cancelledSentence,
  cancelPendingSentence,
  keepPendingSentence,
  movedSentence,
  movePendingSentence,
  notBroughtBack,
  restoredSentence,
  standsSentence,
  type Told,
  unchanged,
} from './spoken-changes.ts'
import { readCode } from './spoken-code.ts'

type Appointment = z.infer<typeof AppointmentParameters>
type Act = 'move' | 'cancel' | 'keep'

/** Tells a caller of the appointment that is proven to be hers. */
export async function tellAppointment(context: Context, asked: Appointment): Promise<Spoken> {
  const { deps, diary } = context
  const found = await findAppointment(deps, diary, claimantOf(context, asked), operationOf(context))
  if (found.kind === 'which') return which(context, found.bookings)
  const { booking } = found
  return booking.status === 'held'
    ? { error: pendingSentence(booking.startsAt, booking.timeZone) }
    : { result: appointmentSentence(toldOf(booking)) }
}

/** Moves an appointment to the letter of an offer or to a time in words. */
export async function moveAppointment(context: Context, asked: z.infer<typeof MoveParameters>): Promise<Spoken> {
  const { deps, diary, signal } = context
  const chosen = await chosenTime(context, asked)
  if ('ask' in chosen) return { error: chosen.ask }
  const { startsAt, endsAt } = chosen.time
  // An appointment lasts as long as it did, however long the times were that were offered.
  const isLengthNamed = asked.minutes !== undefined || asked.until !== undefined
  const request = { who: claimantOf(context, asked), startsAt, endsAt: isLengthNamed ? endsAt : null, operation: operationOf(context) }
  const outcome = await moveBooking(deps, diary, request, signal)
  if (outcome.kind !== 'refused') return say(context, outcome, 'move')
  const { booking, why } = outcome
  const lengthMs =
    (isLengthNamed ? endsAt.getTime() - startsAt.getTime() : undefined) ?? booking.endsAt.getTime() - booking.startsAt.getTime()
  return explainRefusal(context, { startsAt, endsAt: new Date(startsAt.getTime() + lengthMs) }, why, unchanged)
}

/** Cancels an appointment. */
export async function cancelAppointment(context: Context, asked: Appointment): Promise<Spoken> {
  const { deps, diary, signal } = context
  const request = { who: claimantOf(context, asked), operation: operationOf(context) }
  return say(context, await cancelBooking(deps, diary, request, signal), 'cancel')
}

/** "Actually, keep it": takes back the last move or cancel of this call. */
export async function keepAppointment(context: Context, asked: Appointment): Promise<Spoken> {
  const { deps, diary, signal } = context
  const request = { who: claimantOf(context, asked), operation: operationOf(context) }
  return say(context, await undoLastChange(deps, diary, request, signal), 'keep')
}

function claimantOf({ caller }: Context, { code, at }: Pick<Appointment, 'code' | 'at'>): Claimant {
  return {
    by: 'caller',
    vapiCallId: caller.callId,
    callerNumber: lineNumber(caller.number),
    isBelieved: caller.isBelieved,
    code: readCode(code),
    at: at ?? null,
  }
}

async function say(context: Context, outcome: ChangeOutcome, act: Act): Promise<Spoken> {
  if (outcome.kind === 'which') return which(context, outcome.bookings)
  const { booking } = outcome
  const told = toldOf(booking)
  const code = confirmationCode(context.deps, booking)
  switch (outcome.kind) {
    case 'moved':
      return { result: act === 'keep' ? restoredSentence(told, code) : movedSentence(told, code) }
    case 'restored':
      return { result: restoredSentence(told, code) }
    case 'cancelled':
      return { result: cancelledSentence(told) }
    case 'already':
      return { result: act === 'cancel' ? alreadyCancelledSentence(told) : standsSentence(told) }
    case 'pending': {
      const startsAt = outcome.change?.newStartsAt ?? told.startsAt
      const pending = { move: movePendingSentence, cancel: cancelPendingSentence, keep: keepPendingSentence }[act]
      return { error: pending({ ...told, startsAt }), isOpen: true }
    }
    case 'refused':
      return explainRefusal(context, booking, outcome.why, booking.status === 'cancelled' ? notBroughtBack : unchanged)
  }
}

function which({ diary }: Context, bookings: Booking[]): Spoken {
  const times = bookings.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  return { error: whichAppointmentSentence(times, diary.rules.timeZone) }
}

function toldOf({ startsAt, timeZone, address }: Booking): Told {
  return { startsAt, timeZone, place: address }
}
