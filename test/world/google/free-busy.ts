import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type CalendarOf, occurrences } from '../people.ts'
import { isIanaZone, offsetTime } from '../zones.ts'
import { type Api, calendarOf, common, enter, instant, opens, parse } from './access.ts'
import { refuse } from './errors.ts'

const Query = z.strictObject(common)
const Body = z.strictObject({
  timeMin: instant,
  timeMax: instant,
  timeZone: z.string().refine(isIanaZone, 'Invalid time zone').default('UTC'),
  items: z.array(z.strictObject({ id: z.string() })).default([]),
  groupExpansionMax: z.int().max(100).optional(),
  calendarExpansionMax: z.int().max(50).default(50),
})

// Undocumented; about three months as others have seen it.
const LONGEST_MS = 92 * 86_400_000

/** `freebusy.query`: what blocks, without saying what it is. */
export function freeBusyRoute(app: FastifyInstance, api: Api): void {
  app.post('/calendar/v3/freeBusy', async (request) => {
    const person = await enter(api, request, opens.freebusy)
    parse(Query, request.query)
    const { timeMin, timeMax, timeZone, items, calendarExpansionMax } = parse(Body, request.body)
    if (timeMax <= timeMin) throw refuse(400, 'timeRangeEmpty', 'The specified time range is empty.')
    if (timeMax.getTime() - timeMin.getTime() > LONGEST_MS) throw refuse(400, 'timeRangeTooLong', 'The requested time range is too long.')

    const answer = ({ id }: { id: string }, index: number) => {
      const failed = (reason: string) => [id, { errors: [{ domain: 'global', reason }], busy: [] }]
      if (index >= calendarExpansionMax) return failed('tooManyCalendarsRequested')
      const calendar = calendarOf(person, id)
      if (!calendar) return failed('notFound')
      const busy = busyOf(calendar, timeMin, timeMax)
      return [id, { busy: busy.map((one) => ({ start: offsetTime(one.startsAt, timeZone), end: offsetTime(one.endsAt, timeZone) })) }]
    }
    return {
      kind: 'calendar#freeBusy',
      timeMin: timeMin.toISOString(),
      timeMax: timeMax.toISOString(),
      calendars: Object.fromEntries(items.map(answer)),
    }
  })
}

/** Overlapping and touching times come as one. */
function busyOf(calendar: CalendarOf, from: Date, to: Date): { startsAt: Date; endsAt: Date }[] {
  const times = [...calendar.events.values()]
    .filter((event) => !event.deleted && event.status !== 'cancelled' && !event.declined)
    .filter((event) => event.showAs !== 'free' && event.showAs !== 'workingElsewhere')
    .flatMap((event) => occurrences(event, calendar.timeZone))
    .filter((one) => one.startsAt < to && one.endsAt > from)
    .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  const merged: { startsAt: Date; endsAt: Date }[] = []
  for (const { startsAt, endsAt } of times) {
    const last = merged.at(-1)
    if (last && startsAt <= last.endsAt) last.endsAt = new Date(Math.max(last.endsAt.getTime(), endsAt.getTime()))
    else merged.push({ startsAt, endsAt })
  }
  return merged
}
