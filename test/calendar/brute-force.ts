import type { Rules, Taken, Wish } from '../../src/calendar/slots.ts'
import type { DayWindow } from '../../src/calendar/zone.ts'

/**
 * The slow and obvious answer that `freeSlots` must give: walks through every minute and asks `Intl`, not Temporal, what the clock on
 * the wall shows. All times must lie on whole minutes.
 */
export function freeMinuteByMinute(rules: Rules, wish: Wish, taken: Taken, now: Date): number[] {
  const from = wish.range.startsAt.getTime()
  const to = wish.range.endsAt.getTime()
  const wall = wallClockAround(rules.timeZone, from, to)
  const busy = new Set<number>()
  for (const { startsAt, endsAt } of taken.busy) for (let at = startsAt.getTime(); at < endsAt.getTime(); at += MINUTE) busy.add(at)

  const windows = [...(wish.partOfDay ? [rules.windows[wish.partOfDay]] : []), ...(wish.window ? [wish.window] : [])]
  const lastDay = dayAfter(wall.show(now.getTime()).slice(0, 10), rules.horizonDays)
  const found = new Set<number>()
  for (const day of wall.days) {
    for (const [opens, closes] of hoursOn(rules, day)) {
      const open = wall.first(day, opens)
      const close = closes === '24:00' ? wall.first(dayAfter(day, 1), '00:00') : wall.first(day, closes)
      const origin = rules.startsFrom === 'hour' ? wall.first(day, `${opens.slice(0, 2)}:00`) : open
      if (open === undefined || close === undefined || origin === undefined) continue
      for (let at = open; at + wish.minutes * MINUTE <= close; at += MINUTE) {
        if ((at - origin) % (rules.stepMinutes * MINUTE) !== 0) continue
        if (at < from || at + wish.minutes * MINUTE > to) continue
        const shown = wall.shown.get(at) ?? ''
        if (at < now.getTime() + rules.noticeMinutes * MINUTE || shown.slice(0, 10) > lastDay) continue
        if (!windows.every((window) => isIn(shown, window))) continue
        const occupied = rules.bufferBeforeMinutes + wish.minutes + rules.bufferAfterMinutes
        const minutes = Array.from({ length: occupied }, (_, index) => at + (index - rules.bufferBeforeMinutes) * MINUTE)
        if (minutes.some((minute) => busy.has(minute))) continue
        const sameDay = taken.appointments.filter((one) => wall.show(one.getTime()).slice(0, 10) === shown.slice(0, 10))
        if (rules.dailyCap !== null && sameDay.length >= rules.dailyCap) continue
        found.add(at)
      }
    }
  }
  return [...found].sort((a, b) => a - b)
}

const MINUTE = 60_000
const DAY = 1440 * MINUTE

function hoursOn(rules: Rules, day: string): [string, string][] {
  let hours = Object.entries(rules.openingHours).find(([name]) => name === weekdayOf(day))?.[1] ?? []
  for (const override of rules.dateOverrides) {
    for (let date = override.from; date <= override.to; date = dayAfter(date, 1)) if (date === day) hours = override.hours
  }
  return hours
}

const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' })
function weekdayOf(day: string): string {
  return weekday.format(new Date(day)).toLowerCase()
}

function isIn(shown: string, { fromMinutes, toMinutes }: DayWindow): boolean {
  const minutes = Number(shown.slice(11, 13)) * 60 + Number(shown.slice(14, 16))
  return minutes >= fromMinutes && minutes < toMinutes
}

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10)
}

type WallClock = ReturnType<typeof wallClock>
const known = new Map<string, WallClock>()

/** Whole days, so that the many wishes around one night share the slow count. */
function wallClockAround(timeZone: string, from: number, to: number): WallClock {
  const [first, last] = [Math.floor(from / DAY) - 1, Math.floor(to / DAY) + 2]
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
    // A missing time moves forward by the length of the gap: 30 minutes on Lord Howe, two hours at Troll, an hour elsewhere.
    for (const gap of [0, 30, 60, 120]) {
      const at = firstAt.get(new Date(Date.parse(`${day}T${time}Z`) + gap * MINUTE).toISOString().slice(0, 16).replace('T', ' '))
      if (at !== undefined) return at
    }
    return undefined
  }
  const days = [...new Set([...shown.values()].map((text) => text.slice(0, 10)))]
  return { shown, first, days, show: (at: number) => format.format(at) }
}
