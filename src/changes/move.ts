import { randomUUID } from 'node:crypto'
import { LONGEST_MS } from '../bookings/book-as-owner.ts'
import { isDayFull } from '../bookings/day-cap.ts'
import { settleChangeLater } from '../bookings/later.ts'
import { type Diary, requireDestination } from '../calendar/access.ts'
import { isGivenBack } from '../calendar/busy.ts'
import { refusal } from '../calendar/slots.ts'
import { lockBooking } from '../db/appointments.ts'
import { type Booking, holdBooking } from '../db/bookings.ts'
import { type Change, findOpenChange, listDoneInCall, openChange } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Interval } from '../providers/provider.ts'
import { carryOutMove, lookFor, occupied } from './carry-out-move.ts'
import type { ChangeOutcome, MoveRequest } from './change.ts'
import { afterOthers, outcomeOfEarlierChange, type Repeatable, repeatable } from './change-repeats.ts'
import { findTarget } from './target.ts'

/** What is to be done to a booking, by whom, and what it takes back. */
interface Move extends Repeatable {
  slot: Interval
  madeBy: 'caller' | 'owner'
  vapiCallId: string | null
  undoes: string | null
}

/**
 * Moves an appointment: keeps the new time in our own database besides the old one, looks at the live calendars, then asks the vendor to
 * change the event. The old time stays hers until the new one is secured, and a failure leaves it untouched.
 * A caller is bound by the rules that bind booking, except back to a time that she moved from in this call.
 */
export async function moveBooking(deps: Deps, diary: Diary, request: MoveRequest, signal: AbortSignal): Promise<ChangeOutcome> {
  const { clerkUserId } = diary
  const { who, startsAt, endsAt, operation } = request
  const same = repeatable('move', request, [startsAt, endsAt])
  const earlier = await outcomeOfEarlierChange(deps, clerkUserId, same, signal)
  if (earlier) return earlier
  const found = await findTarget(deps, diary, who, operation)
  if (found.kind === 'which') return found
  return afterOthers(deps, found.booking, same, signal, async (booking) => {
    const slot = newSlot(booking, request)
    const vapiCallId = who.by === 'caller' ? who.vapiCallId : null
    const undone = vapiCallId === null ? undefined : await movedFrom(deps, booking, vapiCallId, slot)
    return moveOnce(deps, diary, booking, { ...same, slot, madeBy: who.by, vapiCallId, undoes: undone?.id ?? null }, signal)
  })
}

/**
 * One try at a move, while no other change of the appointment is open.
 * @returns `again` when another one was opened meanwhile
 */
export async function moveOnce(
  deps: Deps,
  diary: Diary,
  booking: Booking,
  move: Move,
  signal: AbortSignal,
): Promise<ChangeOutcome | 'again'> {
  const { slot, madeBy, undoes } = move
  // Until its event exists there is nothing to move, and nothing is kept of the wish.
  if (booking.status === 'held') throw new AppError('not_yet_confirmed', 'its own event may not exist yet')
  if (booking.status !== 'confirmed') throw new AppError('not_changeable', `it is ${booking.status}`)
  if (isSame(slot, booking)) return { kind: 'already', booking }
  const lengthMs = slot.endsAt.getTime() - slot.startsAt.getTime()
  if (!(lengthMs > 0 && lengthMs <= LONGEST_MS)) throw new AppError('bad_time', `${lengthMs} ms long`)
  requireDestination(diary)
  const why = refusal(diary.rules, slot, deps.clock.now(), undoes === null ? madeBy : 'owner')
  if (why) return { kind: 'refused', why, booking }

  const open = () => openMove(deps, diary, booking, move)
  const first = await open()
  const isFree =
    first === 'taken' && (await isGivenBack(deps, diary, occupied(diary, booking, slot, madeBy), lookFor(diary, booking, signal)))
  const change = isFree ? await open() : first
  if (change === 'taken' || change === 'cap') return { kind: 'refused', why: change, booking }
  return change === 'again' ? change : carryOutMove(deps, diary, booking, change, signal)
}

/** The change, and the new time kept for it; in one transaction, so that there is never one without the other. */
function openMove(deps: Deps, diary: Diary, booking: Booking, { slot, ...move }: Move): Promise<Change | 'taken' | 'cap' | 'again'> {
  const { clerkUserId, id, appointmentId, connectionId, calendarId, bookedBy, subject, timeZone } = booking
  const leaseMs = deps.config.timeouts.settleLeaseMs
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await lockBooking(trx, clerkUserId, id)
    const isSameRow = now?.status === 'confirmed' && isSame(now, booking) && now.leaseNumber === booking.leaseNumber
    if (!isSameRow || (await findOpenChange(trx, clerkUserId, appointmentId))) return 'again'
    const isBound = move.madeBy === 'caller' && move.undoes === null
    if (isBound && (await isDayFull(trx, diary, slot.startsAt, appointmentId))) return 'cap'
    const during = occupied(diary, booking, slot, move.madeBy)
    const nothing = { operationKey: null, wish: null, callKey: null, vapiCallId: null, address: null, notes: null }
    const nobody = { customerName: null, customerEmail: null, customerPhone: null, guests: [] }
    const of = { clerkUserId, appointmentId, connectionId, calendarId, bookedBy, subject, timeZone }
    const guard = await holdBooking(trx, { ...nothing, ...nobody, ...of, ...slot, during, id: randomUUID(), moves: id, leaseMs })
    if (!guard) return 'taken'
    const change = await openChange(trx, {
      ...move,
      clerkUserId,
      appointmentId,
      bookingId: id,
      kind: 'move',
      oldStartsAt: booking.startsAt,
      oldEndsAt: booking.endsAt,
      newStartsAt: slot.startsAt,
      newEndsAt: slot.endsAt,
      leaseMs,
    })
    if (!change) throw new AppError('repeat_differs', 'the same operation was sent for another appointment')
    await settleChangeLater(deps, trx, change)
    return change
  })
}

/** The move of this call that has brought the appointment away from this very time. */
async function movedFrom(
  deps: Deps,
  { clerkUserId, appointmentId }: Booking,
  vapiCallId: string,
  slot: Interval,
): Promise<Change | undefined> {
  const done = await inTenant(deps.db, clerkUserId, (trx) => listDoneInCall(trx, clerkUserId, vapiCallId, appointmentId))
  return done.find(({ kind, oldStartsAt, oldEndsAt }) => kind === 'move' && isSame({ startsAt: oldStartsAt, endsAt: oldEndsAt }, slot))
}

function newSlot(booking: Booking, { startsAt: from, endsAt: to }: MoveRequest): Interval {
  const startsAt = from ?? booking.startsAt
  // Elapsed time, so that it lasts as long where the clocks change.
  const lengthMs = booking.endsAt.getTime() - booking.startsAt.getTime()
  return { startsAt, endsAt: to ?? (from === null ? booking.endsAt : new Date(startsAt.getTime() + lengthMs)) }
}

function isSame(one: Interval, other: Interval): boolean {
  return one.startsAt.getTime() === other.startsAt.getTime() && one.endsAt.getTime() === other.endsAt.getTime()
}
