import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Access, BookingRef, Interval } from '../provider.ts'
import { ask, type Vendor } from './client.ts'
import { idOf, lengthsOf, readEventType } from './event-types.ts'
import { Refused } from './failure.ts'
import { findBooking, isLive } from './find.ts'

const DAY_MS = 24 * 60 * 60_000
// Of more it answers slowly, or not in time for a caller.
const LONGEST_QUERY_MS = 31 * DAY_MS

/**
 * Cal.com settles itself what is free: the host's hours, notice and calendars.
 * @throws AppError `length_not_offered`: it would answer with any length, and book its own
 */
export async function listSlots(
  vendor: Vendor,
  access: Access,
  calendarId: string,
  range: Interval,
  minutes: number,
  except: BookingRef | undefined,
): Promise<Interval[]> {
  if (range.startsAt >= range.endsAt) return []
  const found = except && (await findBooking(vendor, access, except))
  // One that was cancelled takes no time, and nothing is moved from it.
  const moved = found && isLive(found) ? found : null
  const [type, ...offered] = await Promise.all([
    readEventType(vendor, access, calendarId),
    ...parts(range).map((part) => askForSlots(vendor, access, calendarId, part, minutes, moved?.uid)),
  ])
  // What is moved gets the usual length, whatever it had.
  const lengths = moved ? [type.lengthInMinutes] : lengthsOf(type)
  if (!lengths.includes(minutes)) throw new AppError('length_not_offered', `calcom slots: ${minutes} minutes`)
  const within = offered.flat().filter(({ startsAt, endsAt }) => range.startsAt <= startsAt && endsAt <= range.endsAt)
  const unique = new Map(within.map((slot) => [slot.startsAt.getTime(), slot]))
  return [...unique.values()].sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

function parts({ startsAt, endsAt }: Interval): Interval[] {
  const count = Math.ceil((endsAt.getTime() - startsAt.getTime()) / LONGEST_QUERY_MS)
  const edge = (index: number) => new Date(Math.min(startsAt.getTime() + index * LONGEST_QUERY_MS, endsAt.getTime()))
  return Array.from({ length: count }, (_, index) => ({ startsAt: edge(index), endsAt: edge(index + 1) }))
}

async function askForSlots(
  vendor: Vendor,
  access: Access,
  calendarId: string,
  range: Interval,
  minutes: number,
  moved: string | undefined,
): Promise<Interval[]> {
  const operation = 'slots.list'
  // From a day before: its grid is counted from where an opening begins, or from where the question does. An end at midnight is read as the
  // end of that day, so more may come than was asked for.
  const from = Math.floor((range.startsAt.getTime() - DAY_MS) / DAY_MS) * DAY_MS
  const query = {
    eventTypeId: String(idOf(calendarId)),
    start: new Date(from).toISOString(),
    end: range.endsAt.toISOString(),
    duration: String(minutes),
    format: 'range',
    ...(moved === undefined ? {} : { bookingUidToReschedule: moved }),
  }
  const { data } = await ask(vendor, access, { operation, budget: 'read', resource: 'slots', query }, Slots).catch((error: unknown) => {
    throw error instanceof Refused && error.httpStatus === 404 ? new AppError('calendar_missing', error.message) : error
  })
  return Object.values(data)
    .flat()
    .map(({ start, end }) => ({ startsAt: start, endsAt: end }))
}

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const Slots = z.object({ data: z.record(z.string(), z.array(z.object({ start: instant, end: instant }))) })
