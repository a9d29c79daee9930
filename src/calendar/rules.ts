import * as z from 'zod'
import type { Business } from '../db/businesses.ts'
import type { Rules } from './slots.ts'
import { dayWords, minutesOf, weekdays } from './zone.ts'

// What these columns may hold, the database decides; here it only gets its types.
const Pair = z.tuple([z.string(), z.string()])
const OpeningHours = z.partialRecord(z.enum(weekdays), z.array(Pair))
const DateOverrides = z.array(z.object({ from: z.string(), to: z.string(), hours: z.array(Pair) }))
const DayWindows = z.record(
  z.enum(dayWords),
  Pair.transform(([from, to]) => ({ fromMinutes: minutesOf(from), toMinutes: minutesOf(to) })),
)

/** What a business allows, as its row says. @param timeZone where the row names none */
export function rulesOf(business: Business, timeZone: string): Rules {
  return {
    timeZone: business.timeZone ?? timeZone,
    openingHours: OpeningHours.parse(business.openingHours),
    dateOverrides: DateOverrides.parse(business.dateOverrides),
    slotMinutes: business.slotMinutes,
    stepMinutes: business.stepMinutes ?? business.slotMinutes,
    startsFrom: business.startsFrom === 'hour' ? 'hour' : 'opening',
    bufferBeforeMinutes: business.bufferBeforeMinutes,
    bufferAfterMinutes: business.bufferAfterMinutes,
    dailyCap: business.dailyCap,
    noticeMinutes: business.noticeMinutes,
    aheadDays: business.aheadDays,
    horizonDays: business.horizonDays,
    windows: DayWindows.parse(business.dayWindows),
    blocking: {
      all_day: business.allDayBlocks,
      tentative: business.tentativeBlocks,
      out_of_office: business.outOfOfficeBlocks,
      working_elsewhere: business.workingElsewhereBlocks,
    },
  }
}

/**
 * The same where bookings go to a calendar that takes appointments of certain lengths only: such a one says itself at which times, so its
 * grid takes the place of the business's.
 * @param lengths in minutes, its usual one first; none: any
 */
export function withLengths(rules: Rules, lengths: number[] = []): Rules {
  const [usual] = lengths
  if (usual === undefined) return rules
  const slotMinutes = lengths.includes(rules.slotMinutes) ? rules.slotMinutes : usual
  return { ...rules, slotMinutes, stepMinutes: 1, startsFrom: 'hour' }
}
