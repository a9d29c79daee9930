import type { Diary } from '../calendar/access.ts'
import { localDay } from '../calendar/zone.ts'
import { listClaimable } from '../db/appointments.ts'
import { type Booking, findByOperation } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import { countPart } from '../db/rate-limits.ts'
import type { Deps } from '../deps.ts'
import { sha256Hex } from '../secrets.ts'
import { operationKeyOf } from './repeats.ts'

/**
 * The appointment that this very call has on the day of another one that it asks for: whether that is to be a second one is asked once. Of what
 * other calls booked nothing is told.
 * @param operation the same function call again is asked again; another one is the answer, and the appointment is made
 */
export async function sameDayInCall(
  deps: Deps,
  { clerkUserId, rules }: Diary,
  { vapiCallId, startsAt, operation }: { vapiCallId: string | null; startsAt: Date; operation: string | null },
): Promise<Booking | undefined> {
  if (vapiCallId === null) return undefined
  const day = localDay(startsAt, rules.timeZone)
  const { booked, repeated } = await inTenant(deps.db, clerkUserId, async (trx) => ({
    booked: await listClaimable(trx, clerkUserId, { call: vapiCallId, number: null }, deps.clock.now()),
    repeated: await findByOperation(trx, clerkUserId, operationKeyOf(operation)),
  }))
  // What is asked for again is no second one.
  if (repeated || booked.some((one) => one.startsAt.getTime() === startsAt.getTime())) return undefined
  const other = booked.find((one) => day.startsAt <= one.startsAt && one.startsAt < day.endsAt)
  if (!other) return undefined
  const wish = sha256Hex(JSON.stringify(['second', clerkUserId, vapiCallId, startsAt]))
  const asked = await countPart(deps.db, `asked:${wish}`, `asking:${sha256Hex(JSON.stringify([wish, operation ?? crypto.randomUUID()]))}`)
  return asked === 1 ? other : undefined
}
