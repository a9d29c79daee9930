import { findSlots } from '../calendar/availability.ts'
import { nearest } from '../calendar/choose.ts'
import { lastDay, type Refusal } from '../calendar/slots.ts'
import { DAY_MS, inZone, localDay, MINUTE_MS, openOn } from '../calendar/zone.ts'
import type { Interval } from '../providers/provider.ts'
import type { Context, Spoken } from './context.ts'
import { offering } from './offering.ts'
import { pastSentence } from './questions.ts'
import {
  closedSentence,
  fullDaySentence,
  notOfferedSentence,
  offGridSentence,
  takenSentence,
  tooFarSentence,
  tooSoonSentence,
} from './speech.ts'

/** Why a time cannot be had, and the nearest times instead. @param worded what else the sentence is to say */
export async function explainRefusal(
  context: Context,
  slot: Interval,
  why: Refusal,
  worded = (sentence: string) => sentence,
): Promise<Spoken> {
  const { deps, diary, signal } = context
  const { rules } = diary
  const { timeZone } = rules
  const now = deps.clock.now()
  if (why === 'past') return { error: worded(pastSentence()) }
  if (why === 'too_far') return { error: worded(tooFarSentence(lastDay(rules, now), timeZone)) }

  const from = Math.max(now.getTime(), localDay(slot.startsAt, timeZone).startsAt.getTime())
  const range = { startsAt: new Date(from), endsAt: new Date(from + rules.aheadDays * DAY_MS) }
  const minutes = (slot.endsAt.getTime() - slot.startsAt.getTime()) / MINUTE_MS
  const { slots, others } = await findSlots(deps, diary, { range, minutes }, signal)
  const free = slots.length > 0 ? slots : others
  const alternatives = why === 'too_soon' ? free.slice(0, 1) : nearest(free, slot.startsAt)
  const sentence = () => {
    switch (why) {
      case 'too_soon':
        return tooSoonSentence(alternatives[0]?.startsAt, timeZone)
      case 'closed': {
        const hours = openOn(rules.openingHours, inZone(slot.startsAt, timeZone).toPlainDate(), rules.dateOverrides)
        return closedSentence(slot.startsAt, hours, alternatives, timeZone)
      }
      case 'off_grid':
        return offGridSentence(alternatives, timeZone)
      case 'not_offered':
        return notOfferedSentence(alternatives, timeZone)
      case 'taken':
        return takenSentence(alternatives, timeZone)
      case 'cap':
        return fullDaySentence(slot.startsAt, alternatives, timeZone)
    }
  }
  return { error: await offering(context, worded(sentence()), alternatives, free) }
}
