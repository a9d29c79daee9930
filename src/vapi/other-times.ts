import { type Others, otherOffers } from '../bookings/offers.ts'
import { findSlots } from '../calendar/availability.ts'
import { choose, MOST_OFFERS } from '../calendar/choose.ts'
import { DAY_MS, MINUTE_MS } from '../calendar/zone.ts'
import type { Interval } from '../providers/provider.ts'
import type { Context, Spoken } from './context.ts'
import { offering } from './offering.ts'
import { noOthersSentence, offerSentence } from './speech.ts'

const WORDS = new Map<string, Others>([
  ...['later', 'later on', 'after', 'after that', 'afterwards'].map((words): [string, Others] => [words, 'later']),
  ...['earlier', 'sooner', 'before', 'before that'].map((words): [string, Others] => [words, 'earlier']),
  ...['else', 'other', 'others', 'another', 'different', 'more'].map((words): [string, Others] => [words, 'any']),
])
// What callers say around them.
const FILLERS = new Set(
  'do you have got is are there anything something any some a an bit little time times one ones slot slots option options please what about maybe the'.split(
    ' ',
  ),
)

/** "Anything later?", "do you have another time". `undefined`: the words name a time of their own. */
export function othersIn(text: string): Others | undefined {
  if (text.length > 80) return undefined
  const words = text.toLowerCase().match(/[a-z]+|\d+/g) ?? []
  return WORDS.get(words.filter((word) => !FILLERS.has(word)).join(' '))
}

/**
 * Other times than those that the call's latest answer offered: from what that one found too, else from the calendars.
 * @returns `undefined` when nothing was offered in this call
 */
export async function offerOthers(context: Context, which: Others): Promise<Spoken | undefined> {
  const { deps, diary, caller, signal } = context
  const { timeZone } = diary.rules
  if (caller.callId === null) return undefined
  const { said, kept } = await otherOffers(deps, { clerkUserId: diary.clerkUserId, vapiCallId: caller.callId }, which)
  const [first, last] = [said[0], said.at(-1)]
  if (!first || !last) return undefined
  if (kept.length > 0) {
    const offers = which === 'earlier' ? kept.slice(-MOST_OFFERS) : kept.slice(0, MOST_OFFERS)
    return { result: await offering(context, offerSentence(offers, timeZone), offers, kept) }
  }
  const minutes = (first.endsAt.getTime() - first.startsAt.getTime()) / MINUTE_MS
  const range = rangeOf(which, first, last, deps.clock.now(), diary.rules.aheadDays)
  const { slots, others: beyond } = await findSlots(deps, diary, { range, minutes }, signal)
  const others = (slots.length > 0 || which === 'earlier' ? slots : beyond).filter(
    (slot) => !said.some((one) => one.startsAt.getTime() === slot.startsAt.getTime()),
  )
  const offers = choose(others, timeZone, which === 'earlier' ? first.startsAt : last.startsAt)
  if (offers.length === 0) return { result: noOthersSentence(which) }
  return { result: await offering(context, offerSentence(offers, timeZone), offers, others) }
}

function rangeOf(which: Others, first: Interval, last: Interval, now: Date, aheadDays: number): Interval {
  if (which === 'earlier') return { startsAt: now, endsAt: first.startsAt }
  const startsAt = which === 'later' ? new Date(last.startsAt.getTime() + MINUTE_MS) : now
  return { startsAt, endsAt: new Date(startsAt.getTime() + aheadDays * DAY_MS) }
}
