import windowsIana from 'windows-iana'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { isTimeZone } from '../../time-zone.ts'
import type { Access, Interval } from '../provider.ts'
import { allPages, answered, type Graph, graphRequest } from './graph.ts'

const DAY_MS = 24 * 3_600_000

const utc = z.object({ dateTime: z.iso.datetime({ local: true }), timeZone: z.literal('UTC') })

/** When an entry of a calendar view is; Graph names no other field unasked. */
export const ViewTimes = z.object({
  start: utc,
  end: utc,
  isAllDay: z.boolean().default(false),
  isCancelled: z.boolean().default(false),
})

export const pageOf = <T extends z.ZodType>(item: T) => z.object({ value: z.array(item), '@odata.nextLink': z.string().optional() })

/** All entries around `range`, a series as its single times; some lie outside, which `reachesInto` tells. */
export function calendarView<Item>(
  graph: Graph,
  access: Access,
  calendarId: string,
  asked: {
    range: Interval
    fields: string
    pageSize: number
    schema: z.ZodType<{ value: Item[]; '@odata.nextLink'?: string | undefined }>
  },
): Promise<Item[]> {
  // Graph places all-day events by its own idea of midnight: a day more on both sides finds those that reach into the range.
  const start = new Date(asked.range.startsAt.getTime() - DAY_MS).toISOString()
  const end = new Date(asked.range.endsAt.getTime() + DAY_MS).toISOString()
  const query = `startDateTime=${start}&endDateTime=${end}&$select=${asked.fields}&$top=${asked.pageSize}`
  return allPages(graph, access, 'calendarView', `/me/calendars/${encodeURIComponent(calendarId)}/calendarView?${query}`, asked.schema)
}

export function reachesInto(range: Interval, { startsAt, endsAt }: Interval): boolean {
  return startsAt < range.endsAt && endsAt > range.startsAt
}

/** Asked for in UTC, times come without saying so. */
export function timed({ start, end }: z.infer<typeof ViewTimes>): Interval {
  return { startsAt: new Date(`${start.dateTime}Z`), endsAt: new Date(`${end.dateTime}Z`) }
}

/** Dates without a zone belong to wherever the owner is: from midnight in one zone to midnight in, perhaps, another. */
export function wholeDays({ start, end }: z.infer<typeof ViewTimes>, startZone: string, endZone = startZone): Interval {
  const midnight = (dateTime: string, zone: string) =>
    new Date(Temporal.PlainDate.from(dateTime.slice(0, 10)).toZonedDateTime(zone).epochMilliseconds)
  return { startsAt: midnight(start.dateTime, startZone), endsAt: midnight(end.dateTime, endZone) }
}

/** `null` when the user has not allowed us to ask, or the mailbox has a zone of its own making. */
export async function mailboxTimeZone(graph: Graph, access: Access): Promise<string | null> {
  const operation = 'mailboxSettings'
  try {
    const request = graphRequest(graph, access, { operation, budget: 'read' }, '/me/mailboxSettings?$select=timeZone')
    const { timeZone } = await answered(operation, MailboxSettings, request.get())
    return [windowsIana.findIana(timeZone)[0], timeZone].find((name) => name !== undefined && isTimeZone(name)) ?? null
  } catch (error) {
    if (error instanceof AppError && (error.code === 'scope_missing' || error.code === 'provider_refused')) return null
    throw error
  }
}

const MailboxSettings = z.object({ timeZone: z.string() })
