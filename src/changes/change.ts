import type { Refusal } from '../calendar/slots.ts'
import type { Booking } from '../db/bookings.ts'
import type { Change } from '../db/changes.ts'

/** Somebody on the phone, and what she shows to prove that an appointment is hers. */
export interface Claimant {
  by: 'caller'
  /** In which call, from the call object. What was booked in this very call is hers. */
  vapiCallId: string | null
  /** From which she calls, in E.164, from the call object and never from arguments; `null`: withheld. */
  callerNumber: string | null
  /** `false` where the assistant showed no secret (S12): then call and number may be anybody's, and nothing is proven by them. */
  isBelieved: boolean
  /** The confirmation code as it was said or written; everything but its digits is ignored. `null`: none was said. */
  code: string | null
  /** When the appointment is, in her words; tells apart those that she has proven, and proves nothing. */
  at: string | null
}

/** The signed-in owner, of one of her own appointments. */
export interface OwnersHand {
  by: 'owner'
  appointmentId: string
}

/** A request to move an appointment. */
export interface MoveRequest {
  who: Claimant | OwnersHand
  /** The new start; `null`: it stays. */
  startsAt: Date | null
  /** The new end; `null`: it lasts as long as it did. */
  endsAt: Date | null
  /** The same key again is the same request, however often it is delivered. `null`: it has no identity of its own. */
  operation: string | null
}

/** A request to cancel an appointment. */
export interface CancelRequest {
  who: Claimant | OwnersHand
  operation: string | null
}

/** A request to take back the last move or cancel of this call. */
export interface UndoRequest {
  who: Claimant
  operation: string | null
}

/**
 * How it ended. What is not here is thrown: AppError of the calendar, `not_proven` for a caller and `not_found` for the owner,
 * `not_changeable`, `event_missing` when the owner had deleted the event, `repeat_differs`, for a repeat of what failed what the first heard.
 */
export type ChangeOutcome =
  /** The vendor has the event at its new time, which the booking tells. */
  | { kind: 'moved'; booking: Booking }
  /** The vendor has taken the event away; its time is free. */
  | { kind: 'cancelled'; booking: Booking }
  /** A cancelled appointment stands again, with the code it had, as a new booking. */
  | { kind: 'restored'; booking: Booking }
  /** It stands so already: moved to the time that it has, cancelled or taken back in this call before. */
  | { kind: 'already'; booking: Booking }
  /** Whether the vendor has done it is not known yet and is being found out; `change` tells what. Until then the old time stays hers. */
  | { kind: 'pending'; booking: Booking; change: Change | null }
  /** The new time cannot be had; the appointment stands as it did. */
  | { kind: 'refused'; why: Refusal; booking: Booking }
  /** She has proven several, or one at another time than she says; nothing was done. Which one she means, she has to say by its time. */
  | { kind: 'which'; bookings: Booking[] }

/** Which appointment is meant: one, or several of which the caller has to choose, or one that she has to confirm because it is at another time than she says. */
export type Found = { kind: 'found'; booking: Booking } | { kind: 'which'; bookings: Booking[] }
