import type { Interval } from './provider.ts'

/** Earliest first; what overlaps or touches becomes one, what has no length is left out. */
export function mergeIntervals(intervals: Interval[]): Interval[] {
  const merged: Interval[] = []
  const sorted = intervals.filter(({ startsAt, endsAt }) => startsAt < endsAt).sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  for (const { startsAt, endsAt } of sorted) {
    const last = merged.at(-1)
    if (last && startsAt <= last.endsAt) last.endsAt = endsAt > last.endsAt ? endsAt : last.endsAt
    else merged.push({ startsAt, endsAt })
  }
  return merged
}
