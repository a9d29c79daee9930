import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CalendarOf } from '../people.ts'
import { type Api, common, enter, flag, opens, parse, whole } from './access.ts'
import { refuse } from './errors.ts'

/** The least first. */
const roles = ['freeBusyReader', 'reader', 'writerWithoutPrivateAccess', 'writer', 'owner'] as const

const Query = z.strictObject({
  ...common,
  maxResults: whole.pipe(z.int().min(1)).default(100),
  minAccessRole: z.enum(roles).optional(),
  pageToken: z.string().optional(),
  showDeleted: flag.optional(),
  showHidden: flag.optional(),
})

/** `calendarList.list`. A page never holds more than `pageSize()`, whatever was asked for. */
export function calendarListRoute(app: FastifyInstance, api: Api, pageSize: () => number): void {
  app.get('/calendar/v3/users/me/calendarList', async (request) => {
    const person = await enter(api, request, opens.calendarList)
    const { minAccessRole, maxResults, pageToken } = parse(Query, request.query)
    const from = pageToken === undefined ? 0 : Number(/^calendars-(\d+)$/.exec(pageToken)?.[1] ?? Number.NaN)
    if (Number.isNaN(from)) throw refuse(400, 'invalid', 'Invalid page token value.')
    const wanted = roles.indexOf(minAccessRole ?? 'freeBusyReader')
    const all = person.calendars.filter((one) => roles.indexOf(roleOf(one)) >= wanted)
    const to = from + Math.min(maxResults, 250, pageSize())
    return {
      kind: 'calendar#calendarList',
      etag: '"list"',
      ...(to < all.length ? { nextPageToken: `calendars-${to}` } : {}),
      items: all.slice(from, to).map((calendar) => ({
        kind: 'calendar#calendarListEntry',
        etag: `"${calendar.id}"`,
        id: calendar.id,
        summary: calendar.name,
        timeZone: calendar.timeZone,
        accessRole: roleOf(calendar),
        defaultReminders: [],
        selected: true,
        ...(calendar.main ? { primary: true } : {}),
      })),
    }
  })
}

function roleOf({ writable, busyOnly }: CalendarOf): (typeof roles)[number] {
  return writable ? 'owner' : busyOnly ? 'freeBusyReader' : 'reader'
}
