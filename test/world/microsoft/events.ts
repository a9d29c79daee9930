import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { tellGuests } from '../guests.ts'
import { type CalendarOf, changed, eventOf, newEvent, type Person, type StoredEvent } from '../people.ts'
import { type Api, calendarOf, collections, enter, opens, parse, preferences } from './access.ts'
import { refuse } from './errors.ts'
import { apply, Changes, NewResource } from './event-body.ts'
import { expanded, withProperties } from './event-list.ts'
import { etag, resource, storedId } from './event-resource.ts'

const InCalendar = z.object({ calendarId: z.string().optional() })
const OneEvent = z.object({ calendarId: z.string().optional(), eventId: z.string() })
const Nothing = z.strictObject({})
const GetQuery = z.strictObject({ $select: z.string().optional(), $expand: z.string().optional() })
const Cancellation = z.strictObject({ comment: z.string().nullish(), Comment: z.string().nullish() }).nullish()

/** Create, read, change, delete, cancel. Two events may overlap: the vendor does not mind. */
export function eventRoutes(app: FastifyInstance, api: Api, newId: () => string): void {
  for (const path of collections) {
    app.post(path, async (request, reply) => {
      const person = await enter(api, request, opens.write)
      const prefer = preferences(request, reply)
      const calendar = calendarOf(person, parse(InCalendar, request.params).calendarId)
      writable(calendar)
      parse(Nothing, request.query)
      const { transactionId, ...sent } = parse(NewResource, request.body)
      const first = transactionId ? repeated(person, transactionId) : undefined
      const repeat = api.onRepeat()
      if (first && repeat !== 'first')
        throw refuse(
          repeat,
          'ErrorDuplicateTransactionId',
          'Your request conflicts with an item that was created with this transaction id.',
        )
      reply.code(201)
      if (first) return resource(first.event, { owner: person, calendar: first.calendar, prefer, expand: null, url: api.url() })
      const event = newEvent(newId())
      apply(sent, event)
      event.transactionId = transactionId ?? null
      tellGuests(event, null)
      calendar.events.set(event.id, event)
      return resource(event, { owner: person, calendar, prefer, expand: null, url: api.url() })
    })

    app.get(`${path}/:eventId`, async (request, reply) => {
      const person = await enter(api, request, opens.read)
      const { $select, $expand } = parse(GetQuery, request.query)
      const { event, calendar } = find(person, request)
      const shown = { owner: person, calendar, prefer: preferences(request, reply), expand: expanded($expand), url: api.url() }
      return withProperties(resource(event, shown), $select)
    })

    app.patch(`${path}/:eventId`, async (request, reply) => {
      const person = await enter(api, request, opens.write)
      parse(Nothing, request.query)
      const { event, calendar } = find(person, request)
      writable(calendar)
      unchanged(request, event)
      // Into a copy first: a refused change leaves nothing behind.
      const next = structuredClone(event)
      apply(parse(Changes, request.body), next)
      tellGuests(next, event)
      changed(next)
      calendar.events.set(next.id, next)
      return resource(next, { owner: person, calendar, prefer: preferences(request, reply), expand: null, url: api.url() })
    })

    app.delete(`${path}/:eventId`, async (request, reply) => {
      const person = await enter(api, request, opens.write)
      const { event, calendar } = find(person, request)
      writable(calendar)
      unchanged(request, event)
      remove(event)
      return reply.code(204).send()
    })

    app.post(`${path}/:eventId/cancel`, async (request, reply) => {
      const person = await enter(api, request, opens.write)
      parse(Cancellation, request.body)
      const { event } = find(person, request)
      if (event.declined || event.attendees.length === 0)
        throw refuse(400, 'ErrorInvalidRequest', 'Only the organizer cancels, and only a meeting with attendees.')
      remove(event)
      return reply.code(202).send()
    })
  }
}

function remove(event: StoredEvent): void {
  event.deleted = true
  // However a meeting goes, by cancelling or by deleting: from its organizer's calendar it goes with a message to the guests.
  if (!event.declined) tellGuests(event, event)
  changed(event)
}

function writable(calendar: CalendarOf): void {
  if (!calendar.writable) throw refuse(403, undefined, 'Access is denied. Check credentials and try again.')
}

/** A transaction id belongs to the mailbox, and outlives its event. */
function repeated(person: Person, transactionId: string): { event: StoredEvent; calendar: CalendarOf } | undefined {
  for (const calendar of person.calendars)
    for (const event of calendar.events.values()) if (event.transactionId === transactionId) return { event, calendar }
  return undefined
}

function find(person: Person, request: FastifyRequest): { event: StoredEvent; calendar: CalendarOf } {
  const { calendarId, eventId } = parse(OneEvent, request.params)
  const found = eventOf(person, storedId(eventId))
  if (!found || found.event.deleted || (calendarId !== undefined && found.calendar.id !== calendarId))
    throw refuse(404, undefined, 'The specified object was not found in the store.')
  return found
}

function unchanged(request: FastifyRequest, event: StoredEvent): void {
  const expected = request.headers['if-match']
  if (expected !== undefined && expected !== '*' && expected !== etag(event))
    throw refuse(412, undefined, 'The send or update operation could not be performed because the change key passed in does not match.')
}
