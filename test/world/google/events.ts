import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { tellGuests } from '../guests.ts'
import { type CalendarOf, changed, newEvent, type Person, type StoredEvent } from '../people.ts'
import { type Api, calendarOf, common, enter, flag, opens, parse, whole } from './access.ts'
import { refuse } from './errors.ts'
import { apply, Changes, etag, NewResource, resource } from './event-resource.ts'

const sendUpdates = { sendUpdates: z.enum(['all', 'externalOnly', 'none']).default('none'), maxAttendees: whole.optional() }
const conferences = { conferenceDataVersion: z.enum(['0', '1']).optional(), supportsAttachments: flag.optional() }
const GetQuery = z.strictObject({ ...common, timeZone: z.string().optional(), maxAttendees: whole.optional() })
const WriteQuery = z.strictObject({ ...common, ...sendUpdates, ...conferences })
const DeleteQuery = z.strictObject({ ...common, sendUpdates: sendUpdates.sendUpdates })
const InCalendar = z.object({ calendarId: z.string() })
const OneEvent = z.object({ calendarId: z.string(), eventId: z.string() })

/** events.insert, get, patch and delete. Two events may overlap: the vendor does not mind. */
export function eventRoutes(app: FastifyInstance, api: Api, newId: () => string): void {
  const path = '/calendar/v3/calendars/:calendarId/events'

  app.post(path, async (request) => {
    const person = await enter(api, request, opens.writeEvents)
    const calendar = writable(person, parse(InCalendar, request.params).calendarId)
    const { sendUpdates } = parse(WriteQuery, request.query)
    const { id = newId(), ...sent } = parse(NewResource, request.body)
    // A deleted event keeps its id.
    if (calendar.events.has(id)) throw refuse(409, 'duplicate', 'The requested identifier already exists.')
    const event = newEvent(id)
    apply(sent, event, calendar)
    event.invitationsSent = sendUpdates !== 'none' && event.attendees.length > 0
    if (sendUpdates !== 'none') tellGuests(event, null)
    calendar.events.set(id, event)
    return resource(event, calendar, person, api.url())
  })

  app.get(`${path}/:eventId`, async (request) => {
    const person = await enter(api, request, opens.readEvents)
    const { timeZone } = parse(GetQuery, request.query)
    const { event, calendar } = find(person, request)
    return resource(event, calendar, person, api.url(), timeZone)
  })

  app.patch(`${path}/:eventId`, async (request) => {
    const person = await enter(api, request, opens.writeEvents)
    const { sendUpdates } = parse(WriteQuery, request.query)
    const { event, calendar } = find(person, request)
    writable(person, calendar.id)
    unchanged(request, event)
    // Into a copy first: a refused change leaves nothing behind.
    const next = structuredClone(event)
    apply(parse(Changes, request.body), next, calendar)
    next.invitationsSent = event.invitationsSent || (sendUpdates !== 'none' && next.attendees.length > 0)
    if (sendUpdates !== 'none' && !event.deleted) tellGuests(next, event)
    changed(next)
    calendar.events.set(next.id, next)
    return resource(next, calendar, person, api.url())
  })

  app.delete(`${path}/:eventId`, async (request, reply) => {
    const person = await enter(api, request, opens.writeEvents)
    const { sendUpdates } = parse(DeleteQuery, request.query)
    const { event, calendar } = find(person, request)
    writable(person, calendar.id)
    if (event.deleted) throw refuse(410, 'deleted', 'Resource has been deleted')
    unchanged(request, event)
    event.deleted = true
    if (sendUpdates !== 'none') tellGuests(event, event)
    changed(event)
    return reply.code(204).send()
  })
}

function writable(person: Person, calendarId: string): CalendarOf {
  const calendar = calendarOf(person, calendarId)
  if (!calendar) throw refuse(404, 'notFound', 'Not Found')
  if (!calendar.writable) throw refuse(403, 'requiredAccessLevel', 'You need to have writer access to this calendar.')
  return calendar
}

function find(person: Person, request: FastifyRequest): { event: StoredEvent; calendar: CalendarOf } {
  const { calendarId, eventId } = parse(OneEvent, request.params)
  const calendar = calendarOf(person, calendarId)
  const event = calendar?.events.get(eventId)
  if (!calendar || !event) throw refuse(404, 'notFound', 'Not Found')
  return { event, calendar }
}

function unchanged(request: FastifyRequest, event: StoredEvent): void {
  const expected = request.headers['if-match']
  if (expected !== undefined && expected !== '*' && expected !== etag(event)) throw refuse(412, 'conditionNotMet', 'Precondition Failed')
}
