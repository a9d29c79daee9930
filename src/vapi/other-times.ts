import { type Others, otherOffers } from '../bookings/offers.ts'
import { findSlots } from '../calendar/availability.ts'
import { choose, MOST_OFFERS } from '../calendar/choose.ts'
import { DAY_MS, MINUTE_MS } from '../calendar/zone.ts'
import type { Interval } from '../providers/provider.ts'
import type { Setting } from '../words/meaning.ts'
import { readWhen } from '../words/when.ts'
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

const TURNS = /^(.{0,40}?)\b(later|earlier|sooner)\b (.{1,40})$/

/** "Anything later on Tuesday?", "something earlier that day": which of the others, and the words for their day. */
function othersOfDay(text: string): { which: Others; day: string } | undefined {
  const [, before = '', turn = '', day] = TURNS.exec(text.trim().toLowerCase()) ?? []
  const isAlone = (before.match(/[a-z]+|\d+/g) ?? []).every((word) => FILLERS.has(word))
  const which = WORDS.get(turn)
  return day && which && isAlone ? { which, day } : undefined
}

/** "Anything later?", "do you have another time". `undefined`: the words name a time of their own. */
export function othersIn(text: string): Others | undefined {
  if (text.length > 80) return undefined
  const words = text.toLowerCase().match(/[a-z]+|\d+/g) ?? []
  return WORDS.get(words.filter((word) => !FILLERS.has(word)).join(' '))
}

/**
 * Other times than those that the call's latest answer offered, where the words ask for them: from what that one found too, else from the
 * calendars.
 * @returns `undefined` when they ask for a time of their own, or nothing was offered in this call, or not on the day that they name
 */
export async function offerOthers(context: Context, words: string, setting: Setting): Promise<Spoken | undefined> {
  const which = othersIn(words)
  if (which) return offer(context, which)
  const turn = othersOfDay(words)
  if (!turn) return undefined
  const day = readWhen(turn.day, setting)
  return day.kind === 'days' ? offer(context, turn.which, day.range) : undefined
}

async function offer(context: Context, which: Others, on?: Interval): Promise<Spoken | undefined> {
  const { deps, diary, caller, signal } = context
  const { timeZone } = diary.rules
  if (caller.callId === null) return undefined
  const latest = await otherOffers(deps, { clerkUserId: diary.clerkUserId, vapiCallId: caller.callId }, which)
  const isWanted = ({ startsAt }: Interval) => !on || (on.startsAt <= startsAt && startsAt < on.endsAt)
  const [said, kept] = [latest.said.filter(isWanted), latest.kept.filter(isWanted)]
  const [first, last] = [said[0], said.at(-1)]
  if (!first || !last) return undefined
  if (kept.length > 0) {
    const offers = which === 'earlier' ? kept.slice(-MOST_OFFERS) : kept.slice(0, MOST_OFFERS)
    return { result: await offering(context, offerSentence(offers, timeZone), offers, kept) }
  }
  const minutes = (first.endsAt.getTime() - first.startsAt.getTime()) / MINUTE_MS
  const range = within(rangeOf(which, first, last, deps.clock.now(), diary.rules.aheadDays), on)
  const { slots, others: beyond } = await findSlots(deps, diary, { range, minutes }, signal)
  const others = (slots.length > 0 || which === 'earlier' || on ? slots : beyond).filter(
    (slot) => !said.some((one) => one.startsAt.getTime() === slot.startsAt.getTime()),
  )
  const offers = choose(others, timeZone, which === 'earlier' ? first.startsAt : last.startsAt)
  if (offers.length === 0) return { result: noOthersSentence(which) }
  return { result: await offering(context, offerSentence(offers, timeZone), offers, others) }
}

function within(range: Interval, on: Interval | undefined): Interval {
  if (!on) return range
  return {
    startsAt: new Date(Math.max(range.startsAt.getTime(), on.startsAt.getTime())),
    endsAt: new Date(Math.min(range.endsAt.getTime(), on.endsAt.getTime())),
  }
}

function rangeOf(which: Others, first: Interval, last: Interval, now: Date, aheadDays: number): Interval {
  if (which === 'earlier') return { startsAt: now, endsAt: first.startsAt }
  const startsAt = which === 'later' ? new Date(last.startsAt.getTime() + MINUTE_MS) : now
  return { startsAt, endsAt: new Date(startsAt.getTime() + aheadDays * DAY_MS) }
}
