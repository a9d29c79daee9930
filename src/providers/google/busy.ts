import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { mergeIntervals } from '../intervals.ts'
import { inFittingPages } from '../page-size.ts'
import type { Access, BusyTime, Interval } from '../provider.ts'
import { auth, readable, type Vendor } from './api.ts'
import { isEventOf, readEvent, Tagged } from './booking.ts'
import { eventsWithin, intervalOf, Times } from './event-pages.ts'
import { apiFailure } from './failure.ts'

// The longest range is not documented; somewhat over three months was seen to be refused.
const LONGEST_QUERY_MS = 60 * 24 * 3_600_000

/** Google's free/busy has settled itself what takes time, also what is tentative or lasts all day, and tells no kinds. */
export async function listBusy(
  vendor: Vendor,
  access: Access,
  calendarId: string,
  range: Interval,
  except: string | undefined,
): Promise<BusyTime[]> {
  // Free/busy says when, and neither what nor how many: only where the excepted event is one of them do the events have to be read.
  if (except !== undefined && (await isWithin(vendor, access, calendarId, range, except)))
    return listBlocking(vendor, access, calendarId, range, except)
  const busy: Interval[] = []
  const end = range.endsAt.getTime()
  for (let start = range.startsAt.getTime(); start < end; start += LONGEST_QUERY_MS) {
    busy.push(...(await queryBusy(vendor, access, calendarId, start, Math.min(start + LONGEST_QUERY_MS, end))))
  }
  return mergeIntervals(busy)
}

async function isWithin(vendor: Vendor, access: Access, calendarId: string, range: Interval, bookingId: string): Promise<boolean> {
  const event = await readEvent(vendor, access, calendarId, bookingId).catch((error: unknown) => {
    // Where nothing but free and busy is shown to us, nothing of ours stands.
    if (error instanceof AppError && error.code === 'provider_refused') return null
    throw error
  })
  return event !== null && event.startsAt < range.endsAt && event.endsAt > range.startsAt
}

/** What free/busy would say without the event of that booking. */
async function listBlocking(vendor: Vendor, access: Access, calendarId: string, range: Interval, bookingId: string): Promise<Interval[]> {
  const fields = 'id,status,start,end,transparency,attendees(self,responseStatus),extendedProperties/private'
  const { items, timeZone } = await inFittingPages((pageSize) =>
    eventsWithin(vendor, access, calendarId, { range, pageSize, schema: Blocking, fields }),
  )
  const others = items.filter((event) => blocks(event) && !isEventOf(event, bookingId))
  return mergeIntervals(others.map((event) => intervalOf(event, timeZone)))
}

/** As free/busy sees it: whatever is not shown as free, and she has not declined. */
export function blocks({ transparency, attendees }: z.infer<typeof Blocking>): boolean {
  return transparency !== 'transparent' && !attendees.some(({ self, responseStatus }) => self && responseStatus === 'declined')
}

async function queryBusy(vendor: Vendor, access: Access, calendarId: string, start: number, end: number): Promise<Interval[]> {
  const operation = 'freebusy.query'
  const answer = await vendor.api.freebusy
    .query({
      auth: auth(vendor, access, { operation, budget: 'read' }),
      requestBody: {
        timeMin: new Date(start).toISOString(),
        timeMax: new Date(end).toISOString(),
        timeZone: 'UTC',
        items: [{ id: calendarId }],
      },
    })
    .catch((error: unknown) => {
      throw apiFailure(operation, error)
    })
  const calendar = readable(operation, FreeBusy, answer.data).calendars[calendarId]
  // A 200 may still say that this calendar could not be read: that is not the same as free.
  if (calendar?.busy === undefined || calendar.errors.length > 0) {
    const why = calendar?.errors[0]?.reason ?? 'the calendar is not in the answer'
    throw new AppError(why === 'notFound' ? 'calendar_missing' : 'provider_unavailable', `google ${operation}: ${why}`)
  }
  return calendar.busy.map(({ start, end }) => ({ startsAt: start, endsAt: end }))
}

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const FreeBusy = z.object({
  calendars: z.record(
    z.string(),
    z.object({
      busy: z.array(z.object({ start: instant, end: instant })).optional(),
      errors: z.array(z.object({ reason: z.string().optional() })).default([]),
    }),
  ),
})
const Blocking = Times.extend({
  ...Tagged.shape,
  transparency: z.string().default('opaque'),
  attendees: z.array(z.object({ self: z.boolean().default(false), responseStatus: z.string().default('') })).default([]),
})
