import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { occurrences, type StoredEvent } from '../people.ts'
import { type Api, calendarOf, common, enter, flag, instant, opens, parse, several, whole } from './access.ts'
import { refuse } from './errors.ts'
import { instance, resource } from './event-resource.ts'
import { partial } from './fields.ts'

const InCalendar = z.object({ calendarId: z.string() })
const Query = z.strictObject({
  ...common,
  singleEvents: flag.default(false),
  orderBy: z.enum(['startTime', 'updated']).optional(),
  timeMin: instant.optional(),
  timeMax: instant.optional(),
  timeZone: z.string().optional(),
  privateExtendedProperty: several.default([]),
  showDeleted: flag.default(false),
  maxResults: whole.pipe(z.int().min(1)).default(250),
  maxAttendees: whole.optional(),
  pageToken: z.string().optional(),
  fields: z.string().optional(),
})

/** `events.list`. A page never holds more than `pageSize()`, whatever was asked for. */
export function eventListRoute(app: FastifyInstance, api: Api, pageSize: () => number): void {
  app.get('/calendar/v3/calendars/:calendarId/events', async (request) => {
    const person = await enter(api, request, opens.readEvents)
    const calendar = calendarOf(person, parse(InCalendar, request.params).calendarId)
    if (!calendar) throw refuse(404, 'notFound', 'Not Found')
    const query = parse(Query, request.query)
    const { timeMin, timeMax, singleEvents, orderBy, pageToken, timeZone = calendar.timeZone } = query
    if (timeMin && timeMax && timeMax <= timeMin) throw refuse(400, 'timeRangeEmpty', 'The specified time range is empty.')
    if (orderBy === 'startTime' && !singleEvents)
      throw refuse(400, 'badRequest', 'The requested ordering is not available for the particular query.')
    const from = pageToken === undefined ? 0 : Number(/^events-(\d+)$/.exec(pageToken)?.[1] ?? Number.NaN)
    if (Number.isNaN(from)) throw refuse(400, 'invalid', 'Invalid page token value.')

    const within = (one: { startsAt: Date; endsAt: Date }) => (!timeMin || one.endsAt > timeMin) && (!timeMax || one.startsAt < timeMax)
    const found = [...calendar.events.values()]
      .filter((event) => query.showDeleted || (!event.deleted && event.status !== 'cancelled'))
      .filter((event) => query.privateExtendedProperty.every((wanted) => has(event, wanted)))
      .flatMap((event) => {
        const times = occurrences(event, calendar.timeZone).filter(within)
        if (singleEvents) return times.map((one) => ({ one, event, item: instance(event, calendar, person, api.url(), one, timeZone) }))
        return times.slice(0, 1).map((one) => ({ one, event, item: resource(event, calendar, person, api.url(), timeZone) }))
      })
    if (orderBy === 'startTime') found.sort((a, b) => a.one.startsAt.getTime() - b.one.startsAt.getTime())
    if (orderBy === 'updated') found.sort((a, b) => a.event.updatedAt.getTime() - b.event.updatedAt.getTime())
    const to = from + Math.min(query.maxResults, 2500, pageSize())
    const answer = {
      kind: 'calendar#events',
      etag: '"list"',
      summary: calendar.name,
      updated: new Date().toISOString(),
      timeZone: calendar.timeZone,
      accessRole: calendar.writable ? 'owner' : 'reader',
      defaultReminders: [],
      ...(to < found.length ? { nextPageToken: `events-${to}` } : {}),
      items: found.slice(from, to).map(({ item }) => item),
    }
    return partial(answer, query.fields)
  })
}

/** `name=value`; the value may itself hold an equals sign. */
function has(event: StoredEvent, wanted: string): boolean {
  const at = wanted.indexOf('=')
  return event.properties[wanted.slice(0, at)] === wanted.slice(at + 1)
}
