import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CalendarOf, Person } from '../people.ts'
import { type Api, calendarOf, enter, opens, page, paging, parse, select } from './access.ts'
import { windowsOf } from './zones.ts'

const Selected = z.strictObject({ $select: z.string().optional() })
const InCalendar = z.object({ calendarId: z.string() })

/** The person, the mailbox and its calendars. */
export function mailboxRoutes(app: FastifyInstance, api: Api): void {
  app.get('/v1.0/me', async (request) => {
    const { id, name, email } = await enter(api, request, opens.profile)
    const { $select } = parse(Selected, request.query)
    return select({ id, displayName: name, mail: email, userPrincipalName: email }, $select)
  })

  app.get('/v1.0/me/mailboxSettings', async (request) => {
    const person = await enter(api, request, opens.mailbox)
    const { $select } = parse(Selected, request.query)
    const timeZone = windowsOf(person.timeZone)
    const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday']
    const workingHours = { daysOfWeek: days, startTime: '08:00:00.0000000', endTime: '17:00:00.0000000', timeZone: { name: timeZone } }
    return select({ timeZone, dateFormat: 'yyyy-MM-dd', timeFormat: 'HH:mm', workingHours }, $select)
  })

  app.get('/v1.0/me/mailboxSettings/timeZone', async (request) => {
    const person = await enter(api, request, opens.mailbox)
    parse(z.strictObject({}), request.query)
    return { '@odata.context': `${api.url()}/v1.0/$metadata#me/mailboxSettings/timeZone`, value: windowsOf(person.timeZone) }
  })

  app.get('/v1.0/me/calendars', async (request) => {
    const person = await enter(api, request, opens.read)
    const query = parse(z.strictObject(paging), request.query)
    const entries = person.calendars.map((one) => select(resource(one, person), query.$select))
    return { '@odata.context': `${api.url()}/v1.0/$metadata#me/calendars`, ...page(api, request, entries, query) }
  })

  app.get('/v1.0/me/calendar', async (request) => {
    const person = await enter(api, request, opens.read)
    return select(resource(calendarOf(person, undefined), person), parse(Selected, request.query).$select)
  })

  app.get('/v1.0/me/calendars/:calendarId', async (request) => {
    const person = await enter(api, request, opens.read)
    const calendar = calendarOf(person, parse(InCalendar, request.params).calendarId)
    return select(resource(calendar, person), parse(Selected, request.query).$select)
  })
}

function resource(calendar: CalendarOf, person: Person) {
  return {
    id: calendar.id,
    name: calendar.name,
    color: 'auto',
    hexColor: '',
    changeKey: 'stand-in',
    isDefaultCalendar: calendar.main,
    isRemovable: !calendar.main,
    isTallyingResponses: calendar.main,
    canEdit: calendar.writable,
    canShare: calendar.writable,
    canViewPrivateItems: calendar.writable,
    allowedOnlineMeetingProviders: [],
    defaultOnlineMeetingProvider: 'unknown',
    owner: { name: person.name, address: person.email },
  }
}
