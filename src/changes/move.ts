import { randomUUID } from 'node:crypto'
import { LONGEST_MS } from '../bookings/book-as-owner.ts'
import { isDayFull } from '../bookings/day-cap.ts'
import { eventOf } from '../bookings/event.ts'
import { connectionOf } from '../bookings/finish.ts'
import { lookForConflictLater, settleChangeLater, tellVendorLater } from '../bookings/later.ts'
import { callKeyOf } from '../bookings/repeats.ts'
import { type Diary, requireDestination } from '../calendar/access.ts'
import { busyTimes, isGivenBack, type Look } from '../calendar/busy.ts'
import { overlapsAny, refusal, withBuffers } from '../calendar/slots.ts'
import { lockBooking } from '../db/appointments.ts'
import { type Booking, findBooking, holdBooking } from '../db/bookings.ts'
import {
  type Change,
  completeMove,
  endAsMissing,
  failChange,
  findOpenChange,
  listDoneInCall,
  markChangeAsked,
  openChange,
} from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { tellOfMove } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'
import type { ChangeOutcome, MoveRequest } from './change.ts'
import { afterOthers, outcomeByNow, outcomeOfEarlierChange, type Repeatable, repeatable } from './change-repeats.ts'
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
  if (booking.status === 'held') return { kind: 'pending', booking, change: null }
  if (booking.status !== 'confirmed') throw new AppError('not_changeable', `it is ${booking.status}`)
  if (isSame(slot, booking)) return { kind: 'already', booking }
  const lengthMs = slot.endsAt.getTime() - slot.startsAt.getTime()
  if (!(lengthMs > 0 && lengthMs <= LONGEST_MS)) throw new AppError('bad_time', `${lengthMs} ms long`)
  requireDestination(diary)
  const why = refusal(diary.rules, slot, deps.clock.now(), undoes === null ? madeBy : 'owner')
  if (why) return { kind: 'refused', why, booking }

  const open = () => openMove(deps, diary, booking, move)
  const first = await open()
  const isFree = first === 'taken' && (await isGivenBack(deps, diary, occupied(diary, booking, slot, madeBy), lookFor(booking, signal)))
  const change = isFree ? await open() : first
  if (change === 'taken' || change === 'cap') return { kind: 'refused', why: change, booking }
  return change === 'again' ? change : carryOut(deps, diary, booking, change, signal)
}

/** The change, and the new time kept for it; in one transaction, so that there is never one without the other. */
function openMove(deps: Deps, diary: Diary, booking: Booking, { slot, ...move }: Move): Promise<Change | 'taken' | 'cap' | 'again'> {
  const { clerkUserId, id, appointmentId, connectionId, calendarId, bookedBy, subject, timeZone } = booking
  const leaseMs = deps.config.timeouts.settleLeaseMs
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await lockBooking(trx, clerkUserId, id)
    if (now?.status !== 'confirmed' || !isSame(now, booking) || (await findOpenChange(trx, clerkUserId, appointmentId))) return 'again'
    const isBound = move.madeBy === 'caller' && move.undoes === null
    if (isBound && (await isDayFull(trx, diary, slot.startsAt, appointmentId))) return 'cap'
    const during = occupied(diary, booking, slot, move.madeBy)
    const nothing = { operationKey: null, callKey: null, vapiCallId: null, address: null, notes: null }
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

/** The open change's way to the vendor; only the request that opened it goes it. */
async function carryOut(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<ChangeOutcome> {
  try {
    await refuseTakenMove(deps, diary, booking, change, signal)
    if (!(await inTenant(deps.db, booking.clerkUserId, (trx) => markChangeAsked(trx, change)))) return await outcomeByNow(deps, change)
    const isMoved = await askToMove(deps, diary, booking, change, signal)
    return (isMoved ? await closeMove(deps, change) : undefined) ?? { kind: 'pending', booking, change }
  } catch (error) {
    if (error instanceof AppError && error.code === 'event_missing') {
      await inTenant(deps.db, booking.clerkUserId, (trx) => endAsMissing(trx, change))
      throw error
    }
    const failure = error instanceof AppError ? error.code : 'internal'
    const isOurs = await inTenant(deps.db, booking.clerkUserId, (trx) => failChange(trx, change, failure, false))
    if (!isOurs) return outcomeByNow(deps, change)
    if (failure === 'slot_taken') return { kind: 'refused', why: 'taken', booking }
    throw error
  }
}

/** Whether the new time is free in the live calendars, but for the appointment itself. @throws AppError `slot_taken` */
export async function refuseTakenMove(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<void> {
  const during = occupied(diary, booking, slotAfter(change), change.madeBy)
  const busy = await busyTimes(deps, diary, during, lookFor(booking, signal))
  if (overlapsAny(during, busy)) throw new AppError('slot_taken', 'by an event in a calendar')
}

/**
 * @returns `false` when it is not known whether the vendor has moved the event
 * @throws AppError `event_missing`; others only where it is certain that this request moved nothing
 */
export async function askToMove(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<boolean> {
  const event = eventOf({ ...booking, ...slotAfter(change) })
  return useCalendar(deps, connectionOf(diary, booking), signal, async (calendar) => {
    const eventId = booking.providerEventId ?? (await calendar.read(booking.id))?.id
    if (eventId === undefined) throw new AppError('event_missing', 'no event to move')
    await calendar.update(eventId, event)
    return true
  }).catch((error: unknown) => {
    if (error instanceof AppError && error.code !== 'provider_unavailable') throw error
    deps.log.warn({ err: error, bookingId: booking.id }, 'whether the event was moved is not known yet')
    return false
  })
}

/** The booking at its new time; `undefined` when that could not be written, or the move was given up, in the meantime. */
export async function closeMove(deps: Deps, change: Change): Promise<ChangeOutcome | undefined> {
  const { clerkUserId, bookingId, vapiCallId, newStartsAt } = change
  const callKey = vapiCallId === null || newStartsAt === null ? null : callKeyOf(vapiCallId, newStartsAt)
  const booking = await inTenant(deps.db, clerkUserId, async (trx) => {
    const isWanted = await completeMove(trx, change, callKey)
    if (!isWanted) return tellVendorLater(deps, trx, { clerkUserId, id: bookingId })
    const moved = await findBooking(trx, clerkUserId, bookingId)
    if (moved && change.madeBy === 'caller') await tellOfMove(trx, moved, change.oldStartsAt, change.id)
    if (moved) await lookForConflictLater(deps, trx, moved)
    return moved
  }).catch((error: unknown) => {
    deps.log.error({ err: error, bookingId }, 'the event is moved, but that could not be written here yet')
    return undefined
  })
  return booking ? { kind: 'moved', booking } : undefined
}

/** An appointment that moves is in its own way neither here nor in the calendar. */
function lookFor({ appointmentId, id }: Booking, signal: AbortSignal): Look {
  return { signal, except: appointmentId, exceptEvent: id }
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

/** What the appointment occupies at its new time. The owner may put hers, and move any, as close as she likes. */
function occupied({ rules }: Diary, { bookedBy }: Booking, slot: Interval, madeBy: string): Interval {
  return withBuffers(rules, slot, bookedBy === 'owner' || madeBy === 'owner' ? 'owner' : 'caller')
}

function newSlot(booking: Booking, { startsAt: from, endsAt: to }: MoveRequest): Interval {
  const startsAt = from ?? booking.startsAt
  // Elapsed time, so that it lasts as long where the clocks change.
  const lengthMs = booking.endsAt.getTime() - booking.startsAt.getTime()
  return { startsAt, endsAt: to ?? (from === null ? booking.endsAt : new Date(startsAt.getTime() + lengthMs)) }
}

/** When the appointment is to be. */
export function slotAfter({ newStartsAt, newEndsAt, oldStartsAt, oldEndsAt }: Change): Interval {
  return { startsAt: newStartsAt ?? oldStartsAt, endsAt: newEndsAt ?? oldEndsAt }
}

function isSame(one: Interval, other: Interval): boolean {
  return one.startsAt.getTime() === other.startsAt.getTime() && one.endsAt.getTime() === other.endsAt.getTime()
}
