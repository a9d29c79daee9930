import type { Setting, When } from './meaning.ts'
import { upcoming } from './wall-time.ts'

export function isOffered(at: Date, { offers = [] }: Setting): boolean {
  return offers.some((offer) => offer.getTime() === at.getTime())
}

/** Of two readings the one that was offered is meant. */
export function settledByOffers(when: When, setting: Setting): When {
  if (when.kind !== 'ask' || !('times' in when.question)) return when
  const [offered, other] = when.question.times.filter((time) => isOffered(time, setting))
  return offered && !other ? upcoming(offered.getTime(), setting) : when
}
