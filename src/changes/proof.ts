import { codeFits } from '../bookings/code.ts'
import type { Diary } from '../calendar/access.ts'
import { listCancelledInCall, listClaimable } from '../db/appointments.ts'
import type { Booking } from '../db/bookings.ts'
import { findChangeProof } from '../db/businesses.ts'
import { inTenant } from '../db/client.ts'
import { addWrongCode, countWrongCodes, lockGuesses } from '../db/wrong-codes.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { sha256Hex } from '../secrets.ts'
import type { Claimant, Found } from './change.ts'
import { meantBy } from './meant.ts'

// S23: whoever has guessed so often is not the one who was told.
const GUESSES_A_CALL = 5
const GUESSES_A_DAY = 10

/**
 * The appointment that this caller has proven to be hers: booked in this very call, or booked with the number of this call and named by its
 * code; where the business asks for no code, booked with that number.
 * @param operation as of a booking: the same function call again is not another guess
 * @throws AppError `not_proven`, the one answer to everybody else, whether or not there is an appointment
 */
export async function findAppointment(deps: Deps, diary: Diary, claimant: Claimant, operation: string | null): Promise<Found> {
  const { standing } = await proven(deps, diary, claimant, operation)
  return chooseProven(deps, diary, standing, claimant)
}

/** One of those that are proven. @throws AppError `not_proven` when there is none */
export function chooseProven({ clock }: Pick<Deps, 'clock'>, diary: Diary, bookings: Booking[], { code, at }: Claimant): Found {
  const [only] = bookings
  if (!only) throw new AppError('not_proven', 'nothing that this caller could prove')
  // A code names one appointment, whatever time was misheard.
  if (bookings.length === 1 && code !== null) return { kind: 'found', booking: only }
  const meant = (at === null ? undefined : meantBy(at, bookings, diary, clock.now())) ?? bookings
  const [first, second] = meant
  if (first && !second) return { kind: 'found', booking: first }
  return { kind: 'which', bookings: first ? meant : bookings }
}

/** Everything that a caller has proven, earliest first; `cancelled` was so in this call and does not stand again. Both may be empty. */
export async function proven(
  deps: Deps,
  { clerkUserId }: Diary,
  { isBelieved, vapiCallId: call, callerNumber: number, code }: Claimant,
  operation: string | null,
): Promise<{ standing: Booking[]; cancelled: Booking[] }> {
  if (!isBelieved) throw new AppError('not_proven', 'the assistant has shown no secret')
  const now = deps.clock.now()
  return inTenant(deps.db, clerkUserId, async (trx) => {
    await lockGuesses(trx, clerkUserId, { call, number })
    const claimable = await listClaimable(trx, clerkUserId, { call, number }, now)
    const cancelled = call === null ? [] : await listCancelledInCall(trx, clerkUserId, call, now)
    const guesses = await countWrongCodes(trx, clerkUserId, call, GUESSES_A_DAY)
    const needsCode = (await findChangeProof(trx, clerkUserId)) === 'code'
    const ofCall = claimable.filter((booking) => call !== null && booking.vapiCallId === call)
    const ofNumber = claimable.filter((booking) => number !== null && booking.customerPhone === number)
    const withoutCode = needsCode ? ofCall : [...new Set([...ofCall, ...ofNumber])]
    if (code === null) return { standing: withoutCode, cancelled }

    const isLocked = guesses.ofCall >= GUESSES_A_CALL
    const open = isLocked ? [] : claimable.filter((booking) => !guesses.locked.has(booking.appointmentId))
    const named = open.filter((booking) => codeFits(deps, booking, code))
    const again = isLocked ? [] : cancelled.filter((booking) => codeFits(deps, booking, code))
    if (named.length > 0 || again.length > 0) return { standing: named, cancelled: again }
    // A guess at none is stored as one at some is, so that neither takes longer; one while it is locked keeps nobody out for longer.
    const operationKey = operation === null ? null : sha256Hex(JSON.stringify(['guess', operation, code]))
    const appointmentIds = open.map(({ appointmentId }) => appointmentId)
    await addWrongCode(trx, { clerkUserId, operationKey, vapiCallId: call, appointmentIds })
    return { standing: needsCode ? [] : withoutCode, cancelled: [] }
  })
}
