import { listOccupied } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { busyOf } from '../oauth/use-calendar.ts'
import type { Interval } from '../providers/provider.ts'
import { type Diary, requireDestination } from './access.ts'

/**
 * When the owner has no time within `range`: in any of her calendars, or by bookings of ours that no calendar may show yet.
 * In any order; intervals may overlap. A calendar that cannot be read is an error: its time is unknown, never free.
 * @param options `except` is an appointment that is not in its own way
 * @throws AppError `calendar_not_connected`, `consent_revoked`, `calendar_missing`, `provider_off`, `provider_unavailable`, `provider_busy`, `provider_refused`
 */
export async function busyTimes(
  deps: Deps,
  diary: Diary,
  range: Interval,
  options: { signal: AbortSignal; except?: string },
): Promise<Interval[]> {
  requireDestination(diary) // nothing can be offered without one
  const ours = inTenant(deps.db, diary.clerkUserId, (trx) => listOccupied(trx, diary.clerkUserId, range, options.except))
  const theirs = diary.connections.map((one) => busyOf(deps, one, range, options.signal))
  return (await Promise.all([ours, ...theirs])).flat()
}
