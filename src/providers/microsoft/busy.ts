import { z } from 'zod'
import { mergeIntervals } from '../intervals.ts'
import type { Access, BusyKind, BusyTime, Interval } from '../provider.ts'
import { calendarView, mailboxTimeZone, pageOf, reachesInto, timed, ViewTimes, wholeDays } from './calendar-view.ts'
import type { Graph } from './graph.ts'
import { bookingIdOf, MARK, Marked } from './mark.ts'

export async function listBusy(
  graph: Graph,
  access: Access,
  calendarId: string,
  range: Interval,
  except: string | undefined,
): Promise<BusyTime[]> {
  if (range.startsAt >= range.endsAt) return []
  // A booking's own event is told by our mark, which comes only where it is asked for.
  const fields = `id,start,end,showAs,isAllDay,isCancelled,responseStatus${except === undefined ? '' : `&$expand=${MARK}`}`
  const found = await calendarView(graph, access, calendarId, { range, fields, pageSize: 1000, schema: ViewPage })
  const events = found.filter((event) => busyAs(event) !== null && (except === undefined || bookingIdOf(event) !== except))
  const timeZone = events.some(({ isAllDay }) => isAllDay) ? await mailboxTimeZone(graph, access) : null
  // In an unknown zone the days count from their earliest to their latest place on Earth.
  const days = (event: z.infer<typeof ShownEvent>) => wholeDays(event, timeZone ?? '+14:00', timeZone ?? '-12:00')
  const busy = events.map((event) => ({ ...(event.isAllDay ? days(event) : timed(event)), kind: busyAs(event)?.kind }))
  const byKind = Map.groupBy(
    busy.filter((one) => reachesInto(range, one)),
    ({ kind }) => kind,
  )
  return [...byKind]
    .flatMap(([kind, times]) => mergeIntervals(times).map((one) => (kind ? { ...one, kind } : one)))
    .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

/**
 * Whether an event takes its owner's time: `null` when it does not. Graph tells all kinds; what it shows in a way that we do not know takes
 * time, since to offer a time that turns out to be taken is worse than to hide a free one.
 */
export function busyAs({ isCancelled, isAllDay, showAs, responseStatus }: z.infer<typeof ShownEvent>): { kind?: BusyKind } | null {
  if (isCancelled || responseStatus?.response === 'declined' || showAs === 'free') return null
  const kind = KINDS.get(showAs) ?? (isAllDay && showAs === 'busy' ? 'all_day' : undefined)
  return kind ? { kind } : {}
}

const KINDS = new Map<string, BusyKind>([
  ['workingElsewhere', 'working_elsewhere'],
  ['tentative', 'tentative'],
  ['oof', 'out_of_office'],
])

export const ShownEvent = ViewTimes.extend({
  showAs: z.string().default('unknown'),
  responseStatus: z.object({ response: z.string().nullish() }).nullish(),
})
const ViewPage = pageOf(ShownEvent.extend(Marked.shape))
