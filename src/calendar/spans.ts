import type { Interval } from '../providers/provider.ts'

/** Epoch milliseconds, half-open. */
export interface Span {
  start: number
  end: number
}

export function spanOf({ startsAt, endsAt }: Interval): Span {
  return { start: startsAt.getTime(), end: endsAt.getTime() }
}

/** Sorted and without overlaps, so that one look-up decides. @param busy in any order, may overlap each other */
export function merged(busy: Interval[]): Span[] {
  const spans = busy
    .map(spanOf)
    .filter(({ start, end }) => !(start >= end))
    .sort((a, b) => a.start - b.start)
  // A busy time that is not a time would count as free.
  if (spans.some(({ start, end }) => Number.isNaN(start + end))) throw new RangeError('a busy interval has no valid start or end')
  const result: Span[] = []
  for (const span of spans) {
    const before = result.at(-1)
    if (before && span.start <= before.end) before.end = Math.max(before.end, span.end)
    else result.push(span)
  }
  return result
}

/** @param taken as `merged` gives it */
export function isTaken(taken: Span[], { start, end }: Span): boolean {
  let low = 0
  let high = taken.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((taken[middle]?.end ?? 0) <= start) low = middle + 1
    else high = middle
  }
  const next = taken[low] // the first that ends after our start
  return next !== undefined && next.start < end
}
