import { noteOffers } from '../bookings/offers.ts'
import { MOST_OFFERS } from '../calendar/choose.ts'
import type { Interval } from '../providers/provider.ts'
import type { Context } from './context.ts'
import { withSlots } from './speech.ts'

/**
 * Remembers the times that `sentence` offers for the rest of the call, and ends it with their letters. Outside a call nothing is remembered.
 * @param said as `spokenOffers` says them: the first three, earliest first
 * @param found what else the same look at the calendars found free
 */
export async function offering(
  { deps, diary, caller }: Context,
  sentence: string,
  said: Interval[],
  found: Interval[] = [],
): Promise<string> {
  if (caller.callId === null || said.length === 0) return sentence
  const offeredIn = { clerkUserId: diary.clerkUserId, vapiCallId: caller.callId }
  const offers = { said: said.slice(0, MOST_OFFERS), found, timeZone: diary.rules.timeZone }
  return withSlots(sentence, await noteOffers(deps, offeredIn, offers))
}

/** Remembers all of a stretch of times: whichever the caller names was offered. Its letters are too many to be told. */
export async function offeringStretch({ deps, diary, caller }: Context, sentence: string, slots: Interval[]): Promise<string> {
  if (caller.callId !== null) {
    const offeredIn = { clerkUserId: diary.clerkUserId, vapiCallId: caller.callId }
    await noteOffers(deps, offeredIn, { said: slots, found: [], timeZone: diary.rules.timeZone })
  }
  return sentence
}
