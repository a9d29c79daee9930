import { z } from 'zod'
import { mergeIntervals } from '../intervals.ts'
import type { Interval } from '../provider.ts'
import { calendarView, mailboxTimeZone, pageOf, reachesInto, timed, ViewTimes, wholeDays } from './calendar-view.ts'
import type { Access, Graph } from './graph.ts'
import { bookingIdOf, MARK, Marked } from './mark.ts'

export async function listBusy(
  graph: Graph,
  access: Access,
  calendarId: string,
  range: Interval,
  except: string | undefined,
): Promise<Interval[]> {
  if (range.startsAt >= range.endsAt) return []
  // A booking's own event is told by our mark, which comes only where it is asked for.
  const fields = `id,start,end,showAs,isAllDay,isCancelled,responseStatus${except === undefined ? '' : `&$expand=${MARK}`}`
  const found = await calendarView(graph, access, calendarId, { range, fields, pageSize: 1000, schema: ViewPage })
  const events = found.filter((event) => blocks(event) && (except === undefined || bookingIdOf(event) !== except))
  const timeZone = events.some(({ isAllDay }) => isAllDay) ? await mailboxTimeZone(graph, access) : null
  // In an unknown zone the days count from their earliest to their latest place on Earth.
  const days = (event: z.infer<typeof ViewEvent>) => wholeDays(event, timeZone ?? '+14:00', timeZone ?? '-12:00')
  const busy = events.map((event) => (event.isAllDay ? days(event) : timed(event)))
  return mergeIntervals(busy.filter((one) => reachesInto(range, one)))
}

/** Tentative and unknown block: offering a time that turns out to be taken is worse than hiding a free one. */
function blocks({ isCancelled, showAs, responseStatus }: z.infer<typeof ViewEvent>): boolean {
  return !isCancelled && responseStatus?.response !== 'declined' && showAs !== 'free' && showAs !== 'workingElsewhere'
}

const ViewEvent = ViewTimes.extend({
  ...Marked.shape,
  showAs: z.string().default('unknown'),
  responseStatus: z.object({ response: z.string().nullish() }).nullish(),
})
const ViewPage = pageOf(ViewEvent)
