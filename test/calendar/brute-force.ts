import type { Rules, Wish } from '../../src/calendar/slots.ts'
import type { Interval } from '../../src/providers/provider.ts'

/**
 * The slow and obvious answer that `freeSlots` must give: walks through every minute and asks `Intl`, not Temporal, what the clock on
 * the wall shows. All times must lie on whole minutes.
 */
export function freeMinuteByMinute(rules: Rules, wish: Wish, busy: Interval[], now: Date): number[] {
  const from = wish.range.startsAt.getTime()
  const to = wish.range.endsAt.getTime()
  const wall = wallClockAround(rules.timeZone, Math.min(from, now.getTime()), to)
  const taken = new Set<number>()
  for (const { startsAt, endsAt } of busy) for (let at = startsAt.getTime(); at < endsAt.getTime(); at += MINUTE) taken.add(at)

  const today = (wall.shown.get(now.getTime()) ?? '').slice(0, 10)
  const lastDay = dayAfter(today, rules.horizonDays)
  const found = new Set<number>()
  for (const day of wall.days) {
    const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(new Date(day)).toLowerCase()
    const hours = Object.entries(rules.openingHours).find(([name]) => name === weekday)?.[1] ?? []
    for (const [opens, closes] of hours) {
      const open = wall.first(day, opens)
      const close = closes === '24:00' ? wall.first(dayAfter(day, 1), '00:00') : wall.first(day, closes)
      if (open === undefined || close === undefined) continue
      for (let at = open; at + wish.minutes * MINUTE <= close; at += MINUTE) {
        const shown = wall.shown.get(at) ?? ''
        const minutes = Array.from({ length: wish.minutes }, (_, index) => at + index * MINUTE)
        if ((at - open) % (rules.stepMinutes * MINUTE) !== 0) continue
        if (at < from || at + wish.minutes * MINUTE > to) continue
        if (at < now.getTime() + rules.noticeMinutes * MINUTE || shown.slice(0, 10) > lastDay) continue
        if (minutes.some((minute) => taken.has(minute)) || !inPart(shown, wish.partOfDay)) continue
        found.add(at)
      }
    }
  }
  return [...found].sort((a, b) => a - b)
}

const MINUTE = 60_000
const DAY = 1440 * MINUTE

function inPart(shown: string, part: Wish['partOfDay']): boolean {
  const time = shown.slice(11)
  if (part === 'morning') return time < '12:00'
  if (part === 'afternoon') return time >= '12:00' && time < '17:00'
  return part === undefined || time >= '17:00'
}

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10)
}

type WallClock = ReturnType<typeof wallClock>
const known = new Map<string, WallClock>()

/** Whole days, so that the many wishes around one night share the slow count. */
function wallClockAround(timeZone: string, from: number, to: number): WallClock {
  const [first, last] = [Math.floor(from / DAY) - 2, Math.floor(to / DAY) + 4]
  const key = `${timeZone} ${first} ${last}`
  const clock = known.get(key) ?? wallClock(timeZone, first * DAY, last * DAY)
  known.set(key, clock)
  return clock
}

/** What the clock on the wall shows at each minute, and the first minute at which it shows a given time. */
function wallClock(timeZone: string, from: number, to: number) {
  const format = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  const shown = new Map<number, string>()
  const firstAt = new Map<string, number>()
  for (let at = from; at <= to; at += MINUTE) {
    const text = format.format(at)
    shown.set(at, text)
    if (!firstAt.has(text)) firstAt.set(text, at)
  }
  const first = (day: string, time: string): number | undefined => {
    // A missing time moves forward by the length of the gap: 30 minutes on Lord Howe, an hour elsewhere.
    for (const gap of [0, 30, 60]) {
      const at = firstAt.get(new Date(Date.parse(`${day}T${time}Z`) + gap * MINUTE).toISOString().slice(0, 16).replace('T', ' '))
      if (at !== undefined) return at
    }
    return undefined
  }
  return { shown, first, days: [...new Set([...shown.values()].map((text) => text.slice(0, 10)))] }
}
