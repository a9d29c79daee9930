import { setTimeout as delay } from 'node:timers/promises'
import { refusalOf } from '../calendar/refusals.ts'
import { type Booking, findBooking } from '../db/bookings.ts'
import { type Change, findChange, findChangeByOperation, findOpenChange } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError, errorCodes } from '../errors.ts'
import { sha256Hex } from '../secrets.ts'
import type { ChangeOutcome, Claimant, OwnersHand } from './change.ts'

const LOOK_AGAIN_MS = 100

/** By what a request to change is known when it comes again, and what it asked for. */
export interface Repeatable {
  operationKey: string | null
  wish: string
}

/** @param asked everything that makes one request another */
export function repeatable(
  kind: string,
  { who, operation }: { who: Claimant | OwnersHand; operation: string | null },
  asked: unknown[],
): Repeatable {
  const whose = who.by === 'owner' ? [who.appointmentId] : [who.code?.replace(/\D/g, '') ?? null, who.at]
  return {
    operationKey: operation === null ? null : sha256Hex(JSON.stringify(['change', operation])),
    wish: sha256Hex(JSON.stringify([kind, who.by, whose, asked])),
  }
}

/**
 * What became of the same request when it came before. One that is under way is waited for, and what the first heard holds for its repeat.
 * @returns `undefined` when it comes for the first time
 * @throws AppError `repeat_differs`; where it failed the code of that
 */
export async function outcomeOfEarlierChange(
  deps: Deps,
  clerkUserId: string,
  { operationKey, wish }: Repeatable,
  signal: AbortSignal,
): Promise<ChangeOutcome | undefined> {
  const earlier = await inTenant(deps.db, clerkUserId, (trx) => findChangeByOperation(trx, clerkUserId, operationKey))
  if (!earlier) return undefined
  if (earlier.wish !== wish) throw new AppError('repeat_differs', 'same operation, another wish')
  return outcomeOf(deps, await ended(deps, earlier, signal))
}

/** The change once it is at its end, or as it stands when nobody works on it any more or there is no time to wait. */
async function ended(deps: Deps, first: Change, signal: AbortSignal): Promise<Change> {
  let change = first
  for (;;) {
    const isUnderWay = change.ageSeconds * 1000 < deps.config.timeouts.toolCallMs
    if (change.state !== 'open' || signal.aborted || !isUnderWay) return change
    await delay(LOOK_AGAIN_MS)
    change = (await inTenant(deps.db, first.clerkUserId, (trx) => findChange(trx, first.clerkUserId, first.id))) ?? change
  }
}

/**
 * What became of a change that somebody else took up, because this request stood still for too long.
 * @throws AppError the code of its failure
 */
export async function outcomeByNow(deps: Deps, { clerkUserId, id }: Change): Promise<ChangeOutcome> {
  const change = await inTenant(deps.db, clerkUserId, (trx) => findChange(trx, clerkUserId, id))
  if (!change) throw new AppError('not_found', 'the change is gone')
  return outcomeOf(deps, change)
}

async function outcomeOf(deps: Deps, change: Change): Promise<ChangeOutcome> {
  const booking = await inTenant(deps.db, change.clerkUserId, (trx) => findBooking(trx, change.clerkUserId, change.bookingId))
  if (!booking) throw new AppError('not_found', 'its booking is gone')
  if (change.state === 'open') return { kind: 'pending', booking, change }
  if (change.state === 'done') return change.kind === 'move' ? { kind: 'moved', booking } : { kind: 'cancelled', booking }
  const why = refusalOf(change.failure)
  if (why) return { kind: 'refused', why, booking }
  throw new AppError(errorCodes.find((code) => code === change.failure) ?? 'provider_refused', 'an earlier delivery ended so')
}

/**
 * Changes of one appointment go one after the other: waits until none is open, then does `work` with the booking as it stands by then.
 * `work` answers `again` when somebody else was faster after all.
 */
export async function afterOthers(
  deps: Deps,
  { clerkUserId, id, appointmentId }: Booking,
  same: Repeatable,
  signal: AbortSignal,
  work: (booking: Booking) => Promise<ChangeOutcome | 'again'>,
): Promise<ChangeOutcome> {
  for (;;) {
    // In this order: whoever sees the booking changed sees by which change.
    const { booking, open, twin } = await inTenant(deps.db, clerkUserId, async (trx) => ({
      booking: await findBooking(trx, clerkUserId, id),
      open: await findOpenChange(trx, clerkUserId, appointmentId),
      twin: await findChangeByOperation(trx, clerkUserId, same.operationKey),
    }))
    if (!booking) throw new AppError('not_found', 'the booking is gone')
    // The same request, delivered at the same time, was faster.
    if (twin) return outcomeOf(deps, await ended(deps, twin, signal))
    if (open) {
      const change = await ended(deps, open, signal)
      if (change.state !== 'open') continue
      // Of what somebody else wants of it nothing follows for this wish: it is not kept, and not called pending.
      if (change.wish !== same.wish) throw new AppError('change_under_way', 'another change of this appointment is open')
      return { kind: 'pending', booking, change }
    }
    const outcome = await work(booking)
    if (outcome !== 'again') return outcome
    if (signal.aborted) throw new AppError('provider_unavailable', 'others were always faster')
  }
}
