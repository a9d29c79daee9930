import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { AuthorizationServer } from '../oidc.ts'
import type { CalendarOf, Person } from '../people.ts'
import type { PublishedDescription } from '../published.ts'
import { refuse } from './errors.ts'
import { ianaOf } from './zones.ts'

export const graph = 'https://graph.microsoft.com/'

export const opens = {
  profile: ['User.Read'],
  mailbox: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
  read: ['Calendars.ReadBasic', 'Calendars.Read', 'Calendars.ReadWrite'],
  write: ['Calendars.ReadWrite'],
}

/** Where the events of one calendar are found: a named one, or the main one by either of its short names. */
export const collections = ['/v1.0/me/events', '/v1.0/me/calendar/events', '/v1.0/me/calendars/:calendarId/events']

export interface Api {
  server: AuthorizationServer
  published: PublishedDescription
  url(): string
  /** No page holds more entries than this, whatever was asked for. */
  pageSize(): number
  /** What a repeated transactionId is answered with. */
  onRepeat(): 409 | 400 | 'first'
}

/** The first questions of every method: whose token, does it reach this far, is the request one that the vendor publishes? */
export async function enter(api: Api, request: FastifyRequest, scopes: string[]): Promise<Person> {
  const caller = await api.server.caller(request)
  if (!caller) throw refuse(401, undefined, 'Lifetime validation failed, the token is expired.')
  const granted = [...caller.scopes].map((scope) => scope.replace(graph, ''))
  if (!scopes.some((scope) => granted.includes(scope))) throw refuse(403, undefined, 'Access is denied. Check credentials and try again.')
  const violation = api.published.violation(request)
  if (violation !== null) throw refuse(400, 'RequestBroken', `not as published: ${violation}`)
  return caller.person
}

/** @param id `undefined`: the main calendar */
export function calendarOf(person: Person, id: string | undefined): CalendarOf {
  const calendar = person.calendars.find((one) => (id === undefined ? one.main : one.id === id))
  if (!calendar) throw refuse(404, undefined, 'The specified object was not found in the store.')
  return calendar
}

/** Reads what was sent, whether or not the published description is at hand. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, code = 'ErrorInvalidRequest'): z.infer<Schema> {
  const result = schema.safeParse(value)
  if (!result.success) throw refuse(400, code, z.prettifyError(result.error))
  return result.data
}

export const whole = z.string().regex(/^\d+$/).transform(Number)
/** Query options of every list. Graph answers ten entries when nobody says how many. */
export const paging = { $select: z.string().optional(), $top: whole.pipe(z.int().min(1).max(1000)).default(10), $skip: whole.default(0) }

export interface Preferences {
  /** As it was asked for; times are given in it. */
  timeZone: string
  iana: string
  immutableIds: boolean
  textBody: boolean
}

/** The `Prefer` header. Without it times come in UTC, ids change when an event moves, and bodies are HTML. */
export function preferences(request: FastifyRequest, reply: FastifyReply): Preferences {
  const header = String(request.headers.prefer ?? '')
  const timeZone = /outlook\.timezone\s*=\s*"([^"]+)"/i.exec(header)?.[1] ?? 'UTC'
  const iana = ianaOf(timeZone)
  if (iana === undefined) throw refuse(400, 'TimeZoneNotSupportedException', `A valid TimeZone value must be specified: ${timeZone}`)
  if (header) reply.header('preference-applied', header)
  return {
    timeZone,
    iana,
    immutableIds: /IdType\s*=\s*"ImmutableId"/i.test(header),
    textBody: /outlook\.body-content-type\s*=\s*"text"/i.test(header),
  }
}

/** Only what was asked for; ids and annotations come anyway. */
export function select(entry: Record<string, unknown>, names: string | undefined): Record<string, unknown> {
  if (names === undefined) return entry
  const wanted = names.split(',').map((name) => name.trim())
  const unknown = wanted.find((name) => !(name in entry) && name !== 'transactionId')
  if (unknown !== undefined) throw refuse(400, 'RequestBroken', `Could not find a property named '${unknown}'.`)
  return Object.fromEntries(Object.entries(entry).filter(([name]) => name === 'id' || name.startsWith('@') || wanted.includes(name)))
}

/** A page, and the link to the next one as long as there is one. */
export function page<Entry>(api: Api, request: FastifyRequest, entries: Entry[], { $top, $skip }: { $top: number; $skip: number }) {
  const end = $skip + Math.min($top, api.pageSize())
  const next = new URL(request.url, api.url())
  next.searchParams.set('$skip', String(end))
  return { value: entries.slice($skip, end), ...(end < entries.length ? { '@odata.nextLink': next.href } : {}) }
}
