import { restore } from '../bookings/book.ts'
import { operationKeyOf } from '../bookings/repeats.ts'
import type { Diary } from '../calendar/access.ts'
import { findStanding } from '../db/appointments.ts'
import { findBooking } from '../db/bookings.ts'
import { findLastChangeOfCall } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { ChangeOutcome, UndoRequest } from './change.ts'
import { afterOthers, outcomeOfEarlierChange, repeatable } from './change-repeats.ts'
import { moveOnce } from './move.ts'

/**
 * Takes back the last move or cancel that was made in this call. It had that time, so of the rules only the future and overlaps count. Who
 * made it in this call has proven it then.
 * @throws AppError `nothing_changed` in this call
 */
export async function undoLastChange(deps: Deps, diary: Diary, request: UndoRequest, signal: AbortSignal): Promise<ChangeOutcome> {
  const { clerkUserId } = diary
  const { who, operation } = request
  const { vapiCallId, isBelieved } = who
  if (!isBelieved || vapiCallId === null) throw new AppError('not_proven', 'in no call that could be believed')
  const same = repeatable('undo', request, [])
  const earlier = await outcomeOfEarlierChange(deps, clerkUserId, same, signal)
  if (earlier) return earlier

  const { last, booking } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const last = await findLastChangeOfCall(trx, clerkUserId, vapiCallId)
    const standing = last && (await findStanding(trx, clerkUserId, last.appointmentId))
    return { last, booking: standing ?? (last && (await findBooking(trx, clerkUserId, last.bookingId))) }
  })
  if (!last || !booking) throw new AppError('nothing_changed', 'nothing to take back')
  return afterOthers(deps, booking, same, signal, async (now) => {
    if (last.kind === 'cancel') {
      const outcome = await restore(deps, diary, now, { operationKey: operationKeyOf(operation), wish: same.wish, vapiCallId }, signal)
      return outcome.kind === 'booked' ? { kind: 'restored', booking: outcome.booking } : { change: null, ...outcome, booking: now }
    }
    const isAsItWasLeft = now.startsAt.getTime() === last.newStartsAt?.getTime() && now.endsAt.getTime() === last.newEndsAt?.getTime()
    // Said twice, it is still taken back once; and where the move came to nothing, or the owner has moved it since, there is nothing to take back.
    const isStanding = now.status === 'held' || now.status === 'confirmed'
    if (isStanding && (last.undoes !== null || !isAsItWasLeft)) return { kind: 'already', booking: now }
    const slot = { startsAt: last.oldStartsAt, endsAt: last.oldEndsAt }
    return moveOnce(deps, diary, now, { ...same, slot, madeBy: 'caller', vapiCallId, undoes: last.id }, signal)
  })
}
