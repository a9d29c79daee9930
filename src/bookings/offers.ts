import { choose } from '../calendar/choose.ts'
import { listOffers, lockOffers, type Offer, saveOffers } from '../db/call-offers.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { Interval } from '../providers/provider.ts'

/**
 * What was offered in a call. The model names a time by its letter, so that it never passes one on itself. An offer is no promise: whoever
 * books it has it checked again.
 */

// Longer than a caller thinks about three times, shorter than the five minutes for which busy times may count.
const FRESH_MS = 2 * 60_000

/** Where an offer was made. */
export interface OfferedIn {
  clerkUserId: string
  vapiCallId: string
}

/** Which of the other times somebody asks for who takes none of those that were said. */
export type Others = 'later' | 'earlier' | 'any'

/**
 * Notes what is now said in a call, and beside it what else was found.
 * @param said at most three, or a stretch of times that follow each other; earliest first
 * @param found whatever the same look at the calendars found free; up to six of them are kept
 * @returns the letters of those that are said, in their order
 */
export async function noteOffers(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { clerkUserId, vapiCallId }: OfferedIn,
  { said, found, timeZone }: { said: Interval[]; found: Interval[]; timeZone: string },
): Promise<string[]> {
  const offeredAt = clock.now()
  return inTenant(db, clerkUserId, async (trx) => {
    await lockOffers(trx, clerkUserId, vapiCallId)
    const known = await listOffers(trx, clerkUserId, vapiCallId)
    const answer = Math.max(0, ...known.map((offer) => offer.answer)) + 1
    const letters = unusedLetters(known)
    const named = said.map((offer) => {
      const slot = known.find((one) => isSame(one, offer))?.slot ?? letters.next().value
      return { ...interval(offer), slot, answer, offeredAt }
    })
    const kept = besides(said, found, timeZone).map((offer) => ({ ...interval(offer), slot: null, answer, offeredAt }))
    await saveOffers(trx, clerkUserId, vapiCallId, [...named, ...kept])
    return named.map(({ slot }) => slot)
  })
}

/** Every time that was said in the call, earliest first. */
export async function saidOffers(deps: Pick<Deps, 'db'>, { clerkUserId, vapiCallId }: OfferedIn): Promise<SaidOffer[]> {
  const offers = await inTenant(deps.db, clerkUserId, (trx) => listOffers(trx, clerkUserId, vapiCallId))
  return offers.filter((offer): offer is SaidOffer => offer.slot !== null)
}

export interface SaidOffer extends Offer {
  slot: string
}

/**
 * What "anything later?" asks for: times that the latest answer found and did not say.
 * @returns `kept` empty when there are none, or the look at the calendars is too long ago; `said` are those of the latest answer, earliest first
 */
export async function otherOffers(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { clerkUserId, vapiCallId }: OfferedIn,
  which: Others,
): Promise<{ said: Interval[]; kept: Interval[] }> {
  const offers = await inTenant(db, clerkUserId, (trx) => listOffers(trx, clerkUserId, vapiCallId))
  const latest = Math.max(0, ...offers.map((offer) => offer.answer))
  const current = offers.filter((offer) => offer.answer === latest)
  const said = current.filter((offer) => offer.slot !== null)
  const isFresh = (offer: Offer) => clock.now().getTime() - offer.offeredAt.getTime() <= FRESH_MS
  const kept = current.filter((offer) => offer.slot === null && isFresh(offer) && isWanted(offer, said, which))
  return { said: said.map(interval), kept: kept.map(interval) }
}

function isWanted(offer: Interval, said: Interval[], which: Others): boolean {
  const [first, last] = [said[0], said.at(-1)]
  if (which === 'later') return last !== undefined && offer.startsAt > last.startsAt
  if (which === 'earlier') return first !== undefined && offer.startsAt < first.startsAt
  return true
}

/** Some before and some after the last that is said, spread as an offer is. */
function besides(said: Interval[], found: Interval[], timeZone: string): Interval[] {
  const last = said.at(-1)
  const rest = found.filter((slot) => !said.some((one) => isSame(one, slot)))
  if (!last) return []
  const later = rest.filter((slot) => slot.startsAt > last.startsAt)
  const earlier = rest.filter((slot) => slot.startsAt < last.startsAt)
  return [...choose(earlier, timeZone, said[0]?.startsAt), ...choose(later, timeZone)]
}

function isSame(one: Interval, other: Interval): boolean {
  return one.startsAt.getTime() === other.startsAt.getTime() && one.endsAt.getTime() === other.endsAt.getTime()
}

function interval({ startsAt, endsAt }: Interval): Interval {
  return { startsAt, endsAt }
}

function* unusedLetters(known: Offer[]): Generator<string, never> {
  const used = new Set(known.map(({ slot }) => slot))
  for (let index = 0; ; index += 1) if (!used.has(letter(index))) yield letter(index)
}

/** A, B … Z, AA, AB …: a long call has more than an alphabet. */
function letter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last
}
