import type { Diary } from '../calendar/access.ts'
import { localDay } from '../calendar/zone.ts'
import { listCallersStarts, lockDay } from '../db/bookings.ts'
import type { TenantDb } from '../db/client.ts'

/**
 * Whether callers have as many appointments on that local day as the business allows. Until the transaction ends nobody else can add one, so
 * two at once do not exceed the cap. Belongs before what takes the time.
 * @param except is an appointment that does not count, because it is moved itself
 */
export async function isDayFull(trx: TenantDb, { clerkUserId, rules }: Diary, startsAt: Date, except?: string): Promise<boolean> {
  if (rules.dailyCap === null) return false
  const day = localDay(startsAt, rules.timeZone)
  await lockDay(trx, clerkUserId, day.startsAt)
  return (await listCallersStarts(trx, clerkUserId, day, except)).length >= rules.dailyCap
}
