import { connectionOf, isFinal } from '../bookings/finish.ts'
import { settleChangeLater, tellVendorLater } from '../bookings/later.ts'
import { calendarOf, type Diary, diaryOf, refOf } from '../calendar/access.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { type Change, endAsMissing, failChange, findChange, markChangeAsked, releaseChange, takeUpChange } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import type { JobData } from '../jobs/jobs.ts'
import { tellOfFailedChange } from '../notices/tell.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import { askToCancel, closeCancel } from './cancel.ts'
import { askToMove, closeMove, refuseTakenMove, slotAfter } from './carry-out-move.ts'

/**
 * A job: brings a change to its end that a crash or a silent vendor left half-way. Where the vendor was asked, the event tells, or it is
 * asked again; where it was not, nobody was promised anything and the appointment stands as it did. After too long without an answer a
 * move is given up, and a cancel is so here; the event follows when the vendor answers.
 */
export async function settleChange(deps: Deps, { clerkUserId, changeId }: JobData['settle-change'], stop: AbortSignal): Promise<void> {
  const { settleLeaseMs, providerCreateMs } = deps.config.timeouts
  const { change, booking } = await inTenant(deps.db, clerkUserId, async (trx) => {
    const change = await takeUpChange(trx, clerkUserId, changeId, settleLeaseMs)
    return { change, booking: change && (await findBooking(trx, clerkUserId, change.bookingId)) }
  })
  // Well inside the lease, so that nobody else takes the same one up meanwhile.
  const signal = AbortSignal.any([stop, AbortSignal.timeout(Math.min(settleLeaseMs / 2, providerCreateMs * 3))])
  if (change && booking) {
    await settleOne(deps, booking, change, signal).catch(async (error: unknown) => {
      // For a fault of ours nothing stays open for ever either.
      if (isTooLong(deps, change)) await giveUp(deps, booking, change)
      else await inTenant(deps.db, clerkUserId, (trx) => releaseChange(trx, change))
      throw error
    })
  }
  await inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await findChange(trx, clerkUserId, changeId)
    if (now?.state === 'open') await settleChangeLater(deps, trx, now)
  })
}

async function settleOne(deps: Deps, booking: Booking, change: Change, signal: AbortSignal): Promise<void> {
  deps.log.info({ changeId: change.id, bookingId: booking.id }, 'a change is taken up again')
  if (booking.status === 'cancelled') return end(deps, change)
  if (change.askedAt === null) return fail(deps, booking, change, 'unavailable')
  const diary = await diaryOf(deps, change.clerkUserId)
  await (change.kind === 'cancel' ? settleCancel : settleMove)(deps, diary, booking, change, signal)
}

/** Nobody waits any longer for the vendor's answer. */
function isTooLong({ config }: Deps, change: Change): boolean {
  return change.ageSeconds > config.timeouts.holdMinutes * 60
}

async function giveUp(deps: Deps, booking: Booking, change: Change): Promise<void> {
  if (change.kind === 'cancel') await closeCancel(deps, change, true)
  else await fail(deps, booking, change, 'internal')
}

async function settleMove(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<void> {
  try {
    const event = await useCalendar(deps, connectionOf(diary, booking), signal, (calendar) => calendar.read(refOf(booking)))
    if (!event) return await end(deps, change)
    const slot = slotAfter(change)
    const isThere = event.startsAt.getTime() === slot.startsAt.getTime() && event.endsAt.getTime() === slot.endsAt.getTime()
    if (isThere) return void (await closeMove(deps, change, event))
    if (isTooLong(deps, change)) return await fail(deps, booking, change, 'provider_unavailable')
    if (slot.startsAt <= deps.clock.now()) throw new AppError('time_past', 'its new time has begun')
    await refuseTakenMove(deps, diary, booking, change, signal)
    if (!(await inTenant(deps.db, change.clerkUserId, (trx) => markChangeAsked(trx, change)))) return
    const moved = await askToMove(deps, diary, booking, change, signal)
    if (moved) await closeMove(deps, change, moved)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'event_missing') return end(deps, change)
    if (isFinal(error)) return fail(deps, booking, change, error.code)
    deps.log.warn({ err: error, changeId: change.id }, 'whether the event was moved is still not known')
    if (isTooLong(deps, change)) await fail(deps, booking, change, 'provider_unavailable')
  }
}

async function settleCancel(deps: Deps, diary: Diary, booking: Booking, change: Change, signal: AbortSignal): Promise<void> {
  // Repeating it is harmless, and a no to the second request says nothing about the first.
  const isGone =
    calendarOf(diary, booking) !== undefined &&
    (await askToCancel(deps, diary, booking, signal).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error
      deps.log.warn({ err: error, changeId: change.id }, 'whether the event was taken away is still not known')
      return false
    }))
  if (isGone || isTooLong(deps, change) || !calendarOf(diary, booking)) await closeCancel(deps, change, !isGone)
}

/** Its event is gone, or its booking is cancelled already: there is nothing left to change. */
async function end(deps: Deps, change: Change): Promise<void> {
  if (change.kind === 'cancel') await closeCancel(deps, change, false)
  else await inTenant(deps.db, change.clerkUserId, (trx) => endAsMissing(trx, change))
}

/** The appointment stands as it did, and the owner is told what a caller had asked for. */
async function fail(deps: Deps, booking: Booking, change: Change, failure: ErrorCode): Promise<void> {
  const { clerkUserId, id, kind, madeBy, askedAt } = change
  await inTenant(deps.db, clerkUserId, async (trx) => {
    if (!(await failChange(trx, change, failure, askedAt !== null)) || askedAt === null) return
    await tellVendorLater(deps, trx, booking)
    if (madeBy === 'caller') await tellOfFailedChange(deps, trx, booking, kind === 'move' ? 'move' : 'cancel', id)
  })
}
