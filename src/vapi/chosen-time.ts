import type { SaidOffer } from '../bookings/offers.ts'
import type { Rules } from '../calendar/slots.ts'
import { inZone, MINUTE_MS } from '../calendar/zone.ts'
import { LONGEST_MINUTES, SHORTEST_MINUTES } from '../functions/arguments.ts'
import type { Interval } from '../providers/provider.ts'
import type { Setting, When } from '../words/meaning.ts'
import { isOffered } from '../words/offered.ts'
import { eitherOf } from '../words/wall-time.ts'
import { readWhen } from '../words/when.ts'
import type { Context } from './context.ts'
import { heardIn } from './heard-in.ts'
import {
  askSentence,
  cannotSentence,
  missingTimeSentence,
  unknownSlotSentence,
  whichOfferSentence,
  whichTimeSentence,
} from './questions.ts'

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
  const { setting, offers } = await heardIn(context)
  const letter = slotIn(asked.slot) ?? slotIn(asked.when)
  const words = [asked.when, asked.slot].find((text) => text !== undefined && slotIn(text) === undefined)
  const named = offers.find((offer) => offer.slot === letter)
  const { when, readIn } = read(words, setting, asked.timeZone)

  if (named) {
    if (when?.kind === 'instant' && when.startsAt.getTime() !== named.startsAt.getTime())
      return { ask: whichTimeSentence([named.startsAt, when.startsAt], timeZone) }
    if (when?.kind === 'days' && !isWithin(named, when, diary.rules)) return { ask: unknownSlotSentence() }
    return { time: lasting(named.startsAt, asked.minutes ?? minutesOf(named)) }
  }
  if (when === undefined) return { ask: letter === undefined ? missingTimeSentence() : unknownSlotSentence() }
  if (when.kind === 'ask') return { ask: askSentence(when.question, timeZone) }
  if (when.kind === 'cannot') return { ask: cannotSentence(when, timeZone) }
  if (when.kind === 'days')
    return {
      ask: whichOfferSentence(
        offers.filter((offer) => isWithin(offer, when, diary.rules)),
        timeZone,
      ),
    }
  const minutes = namedMinutes(asked.until, when, readIn) ?? asked.minutes ?? offeredMinutes(offers, when) ?? usualMinutes
  return { time: lasting(when.startsAt, minutes ?? diary.rules.slotMinutes), note: when.note }
}

/** "B", "slot b", "option B". */
function slotIn(text: string | undefined): string | undefined {
  return /^\W*(?:(?:slot|option|time)\s+)?([a-z]{1,2})\W*$/i.exec(text ?? '')?.[1]?.toUpperCase()
}

// As a program writes it, without an offset.
const WALL_CLOCK = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?$/
const UTC = /^(?:Etc\/)?(?:UTC|GMT|UCT|Zulu)$/i

/**
 * The words in the zone that was named with them, unless they repeat an offer: that was said by the clock of the business. To name UTC is to
 * write a Z, which may be false; of words nobody means it.
 */
function read(words: string | undefined, setting: Setting, timeZone: string | undefined): { when: When | undefined; readIn: Setting } {
  if (words === undefined) return { when: undefined, readIn: setting }
  const isUtc = timeZone !== undefined && UTC.test(timeZone)
  const own = readWhen(isUtc && WALL_CLOCK.test(words) ? `${words}Z` : words, setting)
  if (timeZone === undefined || isUtc) return { when: own, readIn: setting }
  const there = { ...setting, timeZone }
  const theirs = readWhen(words, there)
  if (own.kind !== 'instant' || !isOffered(own.startsAt, setting)) return { when: theirs, readIn: there }
  const isOther = theirs.kind === 'instant' && isOffered(theirs.startsAt, setting)
  return { when: isOther ? eitherOf(own, theirs, 'which_time') : own, readIn: setting }
}

/**
 * To the end that was asked for, if it makes sense. A time without a day is on the day of the start; of "five" both readings count,
 * because at five a business may just have closed.
 */
function namedMinutes(until: string | undefined, { startsAt }: { startsAt: Date }, readIn: Setting): number | undefined {
  if (until === undefined) return undefined
  const { offers: _, ...setting } = readIn
  const end = readWhen(until, { ...setting, day: startsAt })
  return readings(end)
    .map((endsAt) => (endsAt.getTime() - startsAt.getTime()) / MINUTE_MS)
    .find((minutes) => minutes >= SHORTEST_MINUTES && minutes <= LONGEST_MINUTES)
}

/** On those days, and at the hours that were said of them. */
function isWithin({ startsAt }: Interval, { range, window, partOfDay }: When & { kind: 'days' }, { timeZone, windows }: Rules): boolean {
  const { hour, minute } = inZone(startsAt, timeZone)
  const minutes = hour * 60 + minute
  const hours = window ?? (partOfDay && windows[partOfDay])
  const isThen = hours === undefined || (hours.fromMinutes <= minutes && minutes < hours.toMinutes)
  return isThen && range.startsAt <= startsAt && startsAt < range.endsAt
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
