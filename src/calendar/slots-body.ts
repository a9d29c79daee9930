import * as z from 'zod'
import { AppError } from '../errors.ts'
import type { Interval } from '../providers/provider.ts'
import { isZoneName } from '../time-zone.ts'
import { mended, moment } from './new-entry.ts'
import { slotLabels } from './slot-label.ts'
import { DAY_MS, dayStart, inZone, offsetTime } from './zone.ts'

/** How many of the next free times are told beside, or in place of, those that were asked for. */
export const MOST_NEXT = 5
/** More free times than a page shows; to find those of a year would keep callers waiting. */
export const MOST_DAYS = 62

const local = z.iso.datetime({ offset: true }).meta({ description: 'ISO 8601 with the offset of the time zone of the answer' })

/** A free time as a page lists it. */
export const SlotBody = z.object({ start: local, end: local, formatted: z.string() })

export const slotExample = {
  start: '2026-12-01T09:00:00-06:00',
  end: '2026-12-01T09:30:00-06:00',
  formatted: 'Tuesday, December 01 at 09:00 AM',
}

/** Free times as they are listed, on the clock of `timeZone`. */
export function slotBody(timeZone: string): (slot: Interval) => z.infer<typeof SlotBody> {
  const label = slotLabels(timeZone)
  return ({ startsAt, endsAt }) => ({
    start: offsetTime(startsAt, timeZone),
    end: offsetTime(endsAt, timeZone),
    formatted: label(startsAt).formatted,
  })
}

/** How long an appointment is to last. */
export const duration = z.coerce.number().int().min(1).max(1440).describe("In minutes; left out: the business's usual length")

export const zoneName = z.string().max(60).refine(isZoneName, 'must be an IANA time zone such as America/Chicago')

/** A day, or a moment of one. */
export const dayOrMoment = z
  .union([z.iso.date(), moment], 'must be a day, such as 2026-12-01, or a time with its offset from UTC')
  .refine((text) => text.startsWith('20'), 'must lie between the years 2000 and 2099')

/**
 * From a day or moment on, until another, or for so many days in all.
 * @param timeZone of days that are written without one
 * @throws AppError `bad_days` for a range that is empty or longer than `MOST_DAYS`
 */
export function rangeOf(from: string, until: { to?: string | undefined; days: number }, timeZone: string): Interval {
  const first = dayOf(from)
  const last = until.to === undefined ? undefined : dayOf(until.to)
  const startsAt = new Date(first ? dayStart(first, timeZone) : mended(from))
  const afterDays = (first ?? inZone(startsAt, timeZone).toPlainDate()).add({ days: until.days })
  const endsAt =
    until.to === undefined
      ? new Date(dayStart(afterDays, timeZone))
      : new Date(last ? dayStart(last.add({ days: 1 }), timeZone) : mended(until.to))
  const length = endsAt.getTime() - startsAt.getTime()
  // A local day may be an hour longer than others.
  if (!(length > 0 && length < (MOST_DAYS + 1) * DAY_MS)) throw new AppError('bad_days', `${length} ms long`)
  return { startsAt, endsAt }
}

/** Programs write a day as its midnight with a Z, whatever the zone. */
function dayOf(text: string): Temporal.PlainDate | undefined {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0+)?)?Z)?$/.exec(text) ?? []
  return day === undefined ? undefined : Temporal.PlainDate.from(day)
}
