import { type SaidOffer, saidOffers } from '../bookings/offers.ts'
import { inZone, localDay, MINUTE_MS } from '../calendar/zone.ts'
import type { Interval } from '../providers/provider.ts'
import { type Setting, settingAt, type When } from '../words/meaning.ts'
import { readWhen } from '../words/when.ts'
import type { Context } from './context.ts'
import { LONGEST_MINUTES, SHORTEST_MINUTES } from './parameters.ts'
import { askSentence, cannotSentence, missingTimeSentence, unknownSlotSentence, whichTimeSentence } from './questions.ts'

/** A time as the model passes it on: the letter of an offer, or words. */
export interface AskedTime {
  slot: string | undefined
  /** A time, in words or ISO. */
  when: string | undefined
  until: string | undefined
  minutes: number | undefined
  /** IANA, for a written time without an offset. */
  timeZone: string | undefined
}

/** The one time that is meant, or what to ask. */
export type Chosen = { time: Interval; note?: 'repeated_hour' | undefined } | { ask: string }

/**
 * Which time the caller chose, by what was offered in this call. Nothing is guessed: two times that contradict each other are asked about.
 * @param usualMinutes how long it shall be when nobody says
 */
export async function chosenTime(context: Context, asked: AskedTime, usualMinutes?: number): Promise<Chosen> {
  const { diary } = context
  const { timeZone } = diary.rules
  const offers = await offersOf(context)
  const letter = slotIn(asked.slot) ?? slotIn(asked.when)
  const words = [asked.when, asked.slot].find((text) => text !== undefined && slotIn(text) === undefined)
  const named = offers.find((offer) => offer.slot === letter)
  const when = words === undefined ? undefined : readWhen(words, settingOf(context, asked, offers))

  if (named) {
    if (when?.kind === 'instant' && when.startsAt.getTime() !== named.startsAt.getTime())
      return { ask: whichTimeSentence([named.startsAt, when.startsAt], timeZone) }
    return { time: lasting(named.startsAt, asked.minutes ?? minutesOf(named)) }
  }
  if (when === undefined) return { ask: letter === undefined ? missingTimeSentence() : unknownSlotSentence() }
  if (when.kind === 'ask') return { ask: askSentence(when.question, timeZone) }
  if (when.kind === 'cannot') return { ask: cannotSentence(when, timeZone) }
  if (when.kind === 'days') return { ask: missingTimeSentence() }
  const minutes = namedMinutes(context, asked, when) ?? asked.minutes ?? offeredMinutes(offers, when) ?? usualMinutes
  return { time: lasting(when.startsAt, minutes ?? diary.rules.slotMinutes), note: when.note }
}

async function offersOf({ deps, diary, caller }: Context): Promise<SaidOffer[]> {
  if (caller.callId === null) return []
  return saidOffers(deps, { clerkUserId: diary.clerkUserId, vapiCallId: caller.callId })
}

/** "B", "slot b", "option B". */
function slotIn(text: string | undefined): string | undefined {
  return /^\W*(?:(?:slot|option|time)\s+)?([a-z]{1,2})\W*$/i.exec(text ?? '')?.[1]?.toUpperCase()
}

/** Where all that was offered is on one day, a time alone is meant on that day; of one offer alone 'the same time' may be said. */
function settingOf({ deps, diary }: Context, asked: AskedTime, offers: SaidOffer[]): Setting {
  const { rules } = diary
  const days = new Map(offers.map(({ startsAt }) => [inZone(startsAt, rules.timeZone).toPlainDate().toString(), startsAt]))
  const [day] = days.size === 1 ? days.values() : []
  return {
    ...settingAt(rules, deps.clock.now()),
    ...(asked.timeZone ? { timeZone: asked.timeZone } : {}),
    ...(day ? { day: offers.length === 1 ? day : localDay(day, rules.timeZone).startsAt } : {}),
    offers: offers.map(({ startsAt }) => startsAt),
  }
}

/** To the end that was asked for, if it makes sense. A time without a day is on the day of the start; of "five" both readings count, because at five a business may just have closed. */
function namedMinutes({ deps, diary }: Context, { until, timeZone }: AskedTime, { startsAt }: { startsAt: Date }): number | undefined {
  if (until === undefined) return undefined
  const { rules } = diary
  const end = readWhen(until, { ...settingAt(rules, deps.clock.now()), ...(timeZone ? { timeZone } : {}), day: startsAt })
  return readings(end)
    .map((endsAt) => (endsAt.getTime() - startsAt.getTime()) / MINUTE_MS)
    .find((minutes) => minutes >= SHORTEST_MINUTES && minutes <= LONGEST_MINUTES)
}

function readings(end: When): Date[] {
  if (end.kind === 'instant') return [end.startsAt]
  return end.kind === 'ask' && 'times' in end.question ? end.question.times : []
}

/** A time that was offered is as long as it was offered. */
function offeredMinutes(offers: SaidOffer[], { startsAt }: { startsAt: Date }): number | undefined {
  const lengths = new Set(offers.filter((offer) => offer.startsAt.getTime() === startsAt.getTime()).map(minutesOf))
  return lengths.size === 1 ? [...lengths][0] : undefined
}

function minutesOf({ startsAt, endsAt }: Interval): number {
  return (endsAt.getTime() - startsAt.getTime()) / MINUTE_MS
}

function lasting(startsAt: Date, minutes: number): Interval {
  return { startsAt, endsAt: new Date(startsAt.getTime() + minutes * MINUTE_MS) }
}
