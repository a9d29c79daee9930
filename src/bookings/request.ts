import type { Refusal } from '../calendar/slots.ts'
import type { Booking, Guest } from '../db/bookings.ts'
import type { Interval } from '../providers/provider.ts'

/** What somebody wants booked. */
export interface BookingRequest {
  /** The owner herself is bound by the future and by overlaps only; no rule or limit for callers is hers. */
  bookedBy: 'caller' | 'owner'
  slot: Interval
  timeZone: string
  subject: string
  address: string | null
  notes: string | null
  customer: { name: string | null; email: string | null; phone: string | null }
  /** Invited besides the customer. */
  guests: Guest[]
  /** The same key again is the same request, however often it is delivered. `null`: it has no identity of its own. */
  operation: string | null
  /** From which the call came, in E.164, as far as that can be believed. */
  callerNumber: string | null
  /** In which call: the same time there is never booked twice. */
  vapiCallId: string | null
}

/**
 * How it ended. What is not here is thrown: AppError of the calendar, `repeat_differs`, `too_many_bookings`, or for a repeat of what failed
 * what the first heard or `provider_refused`.
 */
export type Outcome =
  /** The vendor has the event. */
  | { kind: 'booked'; booking: Booking }
  /** It was booked before, by a request that means the same: the same time in this call, the same post a moment ago. */
  | { kind: 'already'; booking: Booking }
  /** The time is kept; whether the vendor has the event is not known yet and is being found out. */
  | { kind: 'pending'; booking: Booking }
  | { kind: 'refused'; why: Refusal }
