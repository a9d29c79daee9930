import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Booking } from '../db/bookings.ts'
import type { Deps } from '../deps.ts'

const DIGITS = 6

/**
 * What the caller hears when an appointment is booked, and proves it with later: six digits. Made from our secret, so it is stored nowhere and
 * a stolen database does not tell it. It stays the same when the appointment is moved, or cancelled and restored.
 */
export function confirmationCode(
  { config }: Pick<Deps, 'config'>,
  { clerkUserId, appointmentId }: Pick<Booking, 'clerkUserId' | 'appointmentId'>,
): string {
  const digest = createHmac('sha256', config.signingSecret)
    .update(JSON.stringify(['confirmation code', clerkUserId, appointmentId]))
    .digest()
  return String(digest.readUIntBE(0, 6) % 10 ** DIGITS).padStart(DIGITS, '0')
}

/** Whether this code is that of the appointment, in a time that does not tell how much of it is right. */
export function codeFits(deps: Pick<Deps, 'config'>, booking: Pick<Booking, 'clerkUserId' | 'appointmentId'>, code: string): boolean {
  const said = Buffer.from(
    code
      .replace(/\D/g, '')
      .slice(0, 2 * DIGITS)
      .padEnd(2 * DIGITS),
  )
  return timingSafeEqual(said, Buffer.from(confirmationCode(deps, booking).padEnd(2 * DIGITS)))
}
