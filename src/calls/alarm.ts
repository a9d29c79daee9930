import type { Deps } from '../deps.ts'
import { classOfEnd } from './ended-reason.ts'

/**
 * A call that ended because of what we answered, or because we did not: somebody must look. Raised once for each reason of a call.
 * @param before the reason known so far
 */
export function alarmIfOurAnswerWasBad(
  { metrics, log }: Pick<Deps, 'metrics' | 'log'>,
  before: string | null,
  reason: string | null,
): void {
  if (reason === null || reason === before) return
  const endedClass = classOfEnd(reason)
  if (before === null) metrics.callEnded(endedClass)
  if (endedClass === 'our-answer-bad') log.error({ endedReason: reason }, 'a call was lost by what we answered, or did not answer')
}
