import { type SaidOffer, saidOffers } from '../bookings/offers.ts'
import { inZone, localDay } from '../calendar/zone.ts'
import { type Setting, settingAt } from '../words/meaning.ts'
import type { Context } from './context.ts'

/**
 * How words are meant in this call, by what was offered in it. Where all of that is on one day, a time alone is meant on that day; of one
 * offer alone 'the same time' may be said.
 */
export async function heardIn({ deps, diary, caller }: Context): Promise<{ setting: Setting; offers: SaidOffer[] }> {
  const { clerkUserId, rules } = diary
  const offers = caller.callId === null ? [] : await saidOffers(deps, { clerkUserId, vapiCallId: caller.callId })
  const days = new Map(offers.map(({ startsAt }) => [inZone(startsAt, rules.timeZone).toPlainDate().toString(), startsAt]))
  const [day] = days.size === 1 ? days.values() : []
  const setting = {
    ...settingAt(rules, deps.clock.now()),
    ...(day ? { day: offers.length === 1 ? day : localDay(day, rules.timeZone).startsAt } : {}),
    offers: offers.map(({ startsAt }) => startsAt),
  }
  return { setting, offers }
}
