import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { AuthorizationServer } from '../oidc.ts'
import type { CalendarOf, Person } from '../people.ts'
import type { PublishedDescription } from '../published.ts'
import { refuse } from './errors.ts'

export const auth = 'https://www.googleapis.com/auth/'

/** Which of the scopes that we may ask for opens which method; `calendar` and `calendar.readonly` come on top where the vendor says so. */
export const opens = {
  freebusy: ['calendar', 'calendar.readonly', 'calendar.events.freebusy', 'calendar.freebusy'],
  calendarList: ['calendar', 'calendar.readonly', 'calendar.calendarlist', 'calendar.calendarlist.readonly'],
  readEvents: [
    'calendar',
    'calendar.readonly',
    'calendar.app.created',
    'calendar.events',
    'calendar.events.freebusy',
    'calendar.events.readonly',
    'calendar.events.owned',
    'calendar.events.owned.readonly',
    'calendar.events.public.readonly',
  ],
  writeEvents: ['calendar', 'calendar.app.created', 'calendar.events', 'calendar.events.owned'],
}

export interface Api {
  server: AuthorizationServer
  published: PublishedDescription
  /** Of this stand-in. */
  url(): string
}

/** The first questions of every method: whose token, does it reach this far, is the request one that the vendor publishes? */
export async function enter(api: Api, request: FastifyRequest, scopes: string[]): Promise<Person> {
  const caller = await api.server.caller(request)
  if (!caller) throw refuse(401, 'authError', 'Request had invalid authentication credentials.')
  if (!scopes.some((scope) => caller.scopes.has(auth + scope)))
    throw refuse(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.')
  const violation = api.published.violation(request)
  if (violation !== null) throw refuse(400, 'badRequest', `not as published: ${violation}`)
  return caller.person
}

/** `primary` is another name of the main calendar. */
export function calendarOf(person: Person, id: string): CalendarOf | undefined {
  return person.calendars.find((one) => (id === 'primary' ? one.main : one.id === id))
}

/** Reads what was sent, whether or not the published description is at hand. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, reason = 'invalid'): z.infer<Schema> {
  const result = schema.safeParse(value)
  if (!result.success) throw refuse(400, reason, z.prettifyError(result.error))
  return result.data
}

const offset = z.iso.datetime({ offset: true })
export const instant = offset.transform((text) => new Date(text))
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
export const whole = z.string().regex(/^\d+$/).transform(Number)
export const several = z.union([z.string(), z.array(z.string())]).transform((one) => (Array.isArray(one) ? one : [one]))

/** Parameters that every method takes. */
export const common = { alt: z.literal('json').optional(), prettyPrint: flag.optional(), quotaUser: z.string().optional() }
