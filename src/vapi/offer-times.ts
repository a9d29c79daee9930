import type { z } from 'zod'
import { findSlots } from '../calendar/availability.ts'
import { choose, nearest, stretchOf } from '../calendar/choose.ts'
import { lastDay, type Rules, type Wish } from '../calendar/slots.ts'
import { DAY_MS, inZone, localDay, openOn } from '../calendar/zone.ts'
import type { AvailabilityParameters } from '../functions/parameters.ts'
import type { Interval } from '../providers/provider.ts'
import { readWhen } from '../words/when.ts'
import type { Context, Spoken } from './context.ts'
import { heardIn } from './heard-in.ts'
import { offering, offeringStretch } from './offering.ts'
import { offerOthers } from './other-times.ts'
import { askSentence, cannotSentence } from './questions.ts'
import {
  anyTimeSentence,
  closedSentence,
  freeSentence,
  notFreeSentence,
  nothingAtAllSentence,
  nothingFreeSentence,
  offerSentence,
  tooFarSentence,
  withToday,
} from './speech.ts'

type Asked = z.infer<typeof AvailabilityParameters>

/** What is free, at most three times of it, near what was asked for; and for the model what day it is here. */
export async function offerTimes(context: Context, asked: Asked): Promise<Spoken> {
  const { timeZone } = context.diary.rules
  const spoken = await lookFor(context, asked)
  const told = (sentence: string) => withToday(sentence, context.deps.clock.now(), timeZone)
  return 'error' in spoken ? { ...spoken, error: told(spoken.error) } : { result: told(spoken.result) }
}

async function lookFor(context: Context, asked: Asked): Promise<Spoken> {
  const { deps, diary, signal } = context
  const { rules } = diary
  const { timeZone } = rules
  const now = deps.clock.now()
  const { setting } = await heardIn(context)
  const others = asked.when === undefined ? undefined : await offerOthers(context, asked.when, setting)
  if (others) return others
  const minutes = asked.minutes ?? rules.slotMinutes
  const said = dayAlone(asked.when) ?? dayOf(asked.from)
  const when = said === undefined ? undefined : readWhen(said, setting)
  if (when?.kind === 'ask') return { result: askSentence(when.question, timeZone) }
  if (when?.kind === 'cannot') return { error: cannotSentence(when, timeZone) }

  const near = when?.kind === 'instant' ? when.startsAt : undefined
  const day = when?.kind === 'days' ? when.range : near && localDay(near, timeZone)
  // Beside one certain hour a part of the day says nothing.
  const partOfDay = near && asked.when !== undefined ? undefined : ((when?.kind === 'days' ? when.partOfDay : undefined) ?? asked.partOfDay)
  const last = lastDay(rules, now)
  if (day && day.startsAt > last) return { error: tooFarSentence(last, timeZone) }
  const window = when?.kind === 'days' ? when.window : undefined
  const wish: Wish = { range: rangeOf(asked, day, rules, now), minutes, partOfDay, window }

  const { slots, others: next } = await findSlots(deps, diary, wish, signal)
  if (near !== undefined && asked.when !== undefined && slots.length > 0) return exactly(context, near, slots)
  const isPartOfOneDay = day !== undefined && isOneDay(day, timeZone) && (partOfDay ?? window) !== undefined
  const stretch = isPartOfOneDay && near === undefined ? stretchOf(slots, rules.stepMinutes) : undefined
  if (stretch) return { result: await offeringStretch(context, anyTimeSentence(stretch, timeZone), slots) }
  if (slots.length > 0) {
    const offers = choose(slots, timeZone, near)
    const complete = day !== undefined && window === undefined && offers.length === slots.length
    return { result: await offering(context, offerSentence(offers, timeZone, { complete, partOfDay }), offers, slots) }
  }
  const alternatives = nearest(next, near ?? wish.range.startsAt)
  if (alternatives.length === 0) return { result: nothingAtAllSentence(last, timeZone) }
  const closedDay = day && openOn(rules.openingHours, inZone(day.startsAt, timeZone).toPlainDate(), rules.dateOverrides).length === 0
  const sentence =
    closedDay && isOneDay(day, timeZone)
      ? closedSentence(day.startsAt, [], alternatives, timeZone)
      : nothingFreeSentence(wish, alternatives, timeZone)
  return { result: await offering(context, sentence, alternatives, next) }
}

/** Programs write a day as its midnight, often with a Z or an offset that nobody meant. */
function dayAlone(text: string | undefined): string | undefined {
  return text?.replace(/^(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?$/, '$1')
}

/** From a day on: whatever time is written behind it says nothing. */
function dayOf(text: string | undefined): string | undefined {
  return text?.replace(/^(\d{4}-\d{2}-\d{2})T.*$/, '$1')
}

/** Where to look: on the day that was named, from it on, or from now on. */
function rangeOf(asked: Asked, day: Interval | undefined, rules: Rules, now: Date): Interval {
  if (day && asked.when !== undefined) return day
  const startsAt = day?.startsAt ?? now
  return { startsAt, endsAt: new Date(startsAt.getTime() + (asked.daysAhead ?? rules.aheadDays) * DAY_MS) }
}

function isOneDay({ startsAt, endsAt }: Interval, timeZone: string): boolean {
  return localDay(startsAt, timeZone).endsAt.getTime() === endsAt.getTime()
}

/** The answer to whether one certain time is free. */
async function exactly(context: Context, startsAt: Date, slots: Interval[]): Promise<Spoken> {
  const { timeZone } = context.diary.rules
  const free = slots.find((slot) => slot.startsAt.getTime() === startsAt.getTime())
  if (free) return { result: await offering(context, freeSentence(startsAt, timeZone), [free], slots) }
  const alternatives = nearest(slots, startsAt)
  return { result: await offering(context, notFreeSentence(alternatives, timeZone), alternatives, slots) }
}
