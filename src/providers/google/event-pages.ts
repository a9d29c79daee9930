import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { isTimeZone } from '../../time-zone.ts'
import type { Access, Interval } from '../provider.ts'
import { auth, readable, type Vendor } from './api.ts'
import { apiFailure } from './failure.ts'

const MAX_PAGES = 50

const Moment = z.union([
  z.object({ dateTime: z.iso.datetime({ offset: true }).transform((text) => new Date(text)) }),
  z.object({ date: z.iso.date() }),
])
/** When an event is. */
export const Times = z.object({ start: Moment, end: Moment })
/** Of a cancelled event nothing but its id is certain. */
export const Cancelled = z.object({ status: z.literal('cancelled') }).transform(() => null)

export interface EventPages<Item> {
  items: Item[]
  /** IANA name of the calendar's zone. */
  timeZone: string
}

/** All events that reach into `range`, a series as its single times, cancelled ones left out. What moved between two pages may come twice. */
export async function eventsWithin<Item>(
  vendor: Vendor,
  access: Access,
  calendarId: string,
  asked: { range: Interval; pageSize: number; schema: z.ZodType<Item>; fields?: string },
): Promise<EventPages<Item>> {
  const operation = 'events.list'
  const Page = pageOf(asked.schema)
  const found: Item[] = []
  let pageToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await vendor.api.events
      .list({
        auth: auth(vendor, access, { operation, budget: 'read' }),
        calendarId,
        singleEvents: true,
        orderBy: 'startTime',
        timeMin: asked.range.startsAt.toISOString(),
        timeMax: asked.range.endsAt.toISOString(),
        maxResults: asked.pageSize,
        ...(asked.fields ? { fields: `kind,timeZone,nextPageToken,items(${asked.fields})` } : {}),
        ...(pageToken ? { pageToken } : {}),
      })
      .catch((error: unknown) => {
        throw apiFailure(operation, error)
      })
    const { items, timeZone, nextPageToken } = readable(operation, Page, answer.data)
    for (const item of items) if (item !== null) found.push(item)
    if (nextPageToken === undefined) return { items: found, timeZone }
    pageToken = nextPageToken
  }
  throw new AppError('provider_unavailable', `google ${operation}: pages without end`)
}

/** A date without a zone floats in the calendar's. */
export function intervalOf({ start, end }: z.infer<typeof Times>, timeZone: string): Interval {
  const moment = (one: z.infer<typeof Moment>) =>
    'dateTime' in one ? one.dateTime : new Date(Temporal.PlainDate.from(one.date).toZonedDateTime(timeZone).epochMilliseconds)
  return { startsAt: moment(start), endsAt: moment(end) }
}

function pageOf<Item>(item: z.ZodType<Item>) {
  return z.object({
    kind: z.literal('calendar#events'), // so that an empty object is not taken for an empty calendar
    timeZone: z.string().refine(isTimeZone),
    items: z.array(z.union([Cancelled, item])).default([]),
    nextPageToken: z.string().optional(),
  })
}
