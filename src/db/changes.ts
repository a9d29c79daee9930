/** A move or a cancel of an appointment, from the request to its end. */
export interface Change {
  clerkUserId: string
  id: string
  appointmentId: string
  /** The booking that it changes. */
  bookingId: string
  /** move | cancel */
  kind: string
  operationKey: string | null
  /** open | done | failed */
  state: string
  /** One of our error codes, when failed. */
  failure: string | null
  oldStartsAt: Date
  oldEndsAt: Date
  /** Both `null` when it cancels. */
  newStartsAt: Date | null
  newEndsAt: Date | null
  vapiCallId: string | null
  /** caller | owner */
  madeBy: string
  /** The change that this one took back. */
  undoes: string | null
  /** When the vendor was first asked; `null`: it knows nothing of it. */
  askedAt: Date | null
  /** Counts who has worked on it: whoever comes later has a higher one. */
  leaseNumber: number
  /** By the database's clock, when the row was read. */
  ageSeconds: number
}
