import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { occurrences } from '../people.ts'
import { type Api, calendarOf, collections, enter, opens, page, paging, parse, preferences, select } from './access.ts'
import { refuse } from './errors.ts'
import { resource } from './event-resource.ts'

const InCalendar = z.object({ calendarId: z.string().optional() })
const ListQuery = z.strictObject({ ...paging, $filter: z.string().optional(), $expand: z.string().optional() })
// With an offset or meaning UTC, whatever the Prefer header says.
const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/)
  .transform((text) => new Date(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.includes('T') ? text : `${text}T00:00`}Z`))
const ViewQuery = z.strictObject({
  ...paging,
  startDateTime: moment,
  endDateTime: moment,
  $orderby: z.enum(['start/dateTime', 'start/dateTime asc']).optional(),
  $expand: z.string().optional(),
})

/** Events as they were made (series masters included), and the view of a calendar: every single time in a range. */
export function eventListRoutes(app: FastifyInstance, api: Api): void {
  for (const path of collections)
    app.get(path, async (request, reply) => {
      const person = await enter(api, request, opens.read)
      const calendar = calendarOf(person, parse(InCalendar, request.params).calendarId)
      const query = parse(ListQuery, request.query)
      const wanted = filtered(query.$filter)
      const shown = { owner: person, calendar, prefer: preferences(request, reply), expand: expanded(query.$expand), url: api.url() }
      const found = [...calendar.events.values()]
        .filter((event) => !event.deleted && (wanted === null || event.properties[wanted.id] === wanted.value))
        .map((event) => withProperties(resource(event, shown), query.$select))
      return page(api, request, found, query)
    })

  for (const path of ['/v1.0/me/calendarView', '/v1.0/me/calendar/calendarView', '/v1.0/me/calendars/:calendarId/calendarView'])
    app.get(path, async (request, reply) => {
      const person = await enter(api, request, opens.read)
      const calendar = calendarOf(person, parse(InCalendar, request.params).calendarId)
      const query = parse(ViewQuery, request.query)
      const { startDateTime: from, endDateTime: to } = query
      if (to < from) throw refuse(400, 'ErrorInvalidRequest', 'The end is before the start.')
      const shown = { owner: person, calendar, prefer: preferences(request, reply), expand: expanded(query.$expand), url: api.url() }
      const found = [...calendar.events.values()]
        .filter((event) => !event.deleted)
        .flatMap((event) => occurrences(event, calendar.timeZone).map((one) => ({ one, event })))
        .filter(({ one }) => one.startsAt < to && one.endsAt > from)
        .sort((a, b) => a.one.startsAt.getTime() - b.one.startsAt.getTime())
        .map(({ one, event }) => withProperties(resource(event, shown, one), query.$select))
      return page(api, request, found, query)
    })
}

/** What $expand brings comes whether or not $select names it. */
export function withProperties(entry: Record<string, unknown>, names: string | undefined): Record<string, unknown> {
  const { singleValueExtendedProperties, ...rest } = entry
  return { ...select(rest, names), ...(singleValueExtendedProperties ? { singleValueExtendedProperties } : {}) }
}

/** @returns the id of the extended property that is asked for; Graph gives none away unasked */
export function expanded($expand: string | undefined): string | null {
  if ($expand === undefined) return null
  const id = /^singleValueExtendedProperties\(\$filter=id eq '((?:[^']|'')+)'\)$/i.exec($expand)?.[1]
  if (id === undefined) throw refuse(400, 'ErrorInvalidUrlQuery', `this stand-in expands one extended property only, not ${$expand}`)
  return id.replaceAll("''", "'")
}

const BY_PROPERTY = /^singleValueExtendedProperties\/any\((\w+):\s*\1\/id eq '((?:[^']|'')+)' and \1\/value eq '((?:[^']|'')*)'\)$/i

function filtered($filter: string | undefined): { id: string; value: string } | null {
  if ($filter === undefined) return null
  const [, , id, value] = BY_PROPERTY.exec($filter) ?? []
  if (id === undefined || value === undefined)
    throw refuse(400, 'ErrorInvalidUrlQueryFilter', `this stand-in filters by one extended property only, not by ${$filter}`)
  return { id: id.replaceAll("''", "'"), value: value.replaceAll("''", "'") }
}
