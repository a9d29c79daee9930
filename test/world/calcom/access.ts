import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PublishedDescription } from '../published.ts'
import { isIanaZone } from '../zones.ts'
import type { Credentials } from './credentials.ts'
import { notRouted, refuse } from './errors.ts'
import { type Account, accountOf, type Site } from './site.ts'

export interface Api {
  site: Site
  credentials: Credentials
  published: PublishedDescription
}

/** A resource exists in the version that is asked for: another one, or none, leads to an older route that we do not have. */
export function inVersion(version: string) {
  return {
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      if (request.headers['cal-api-version'] !== version) return reply.code(404).send(notRouted(request.method, request.url))
    },
  }
}

/** The first questions of every method that belongs to somebody: whose credential, does it reach this far, is the request as published? */
export function enter(api: Api, request: FastifyRequest, scope: string): Account {
  const caller = api.credentials.caller(request)
  if (!caller) throw refuse(401, 'Invalid Access Token.')
  if (!caller.scopes.includes(scope)) {
    throw refuse(
      403,
      `insufficient_scope: token does not have the required scopes. Required: ${scope}. Token has: ${caller.scopes.join(', ')}`,
    )
  }
  asPublished(api, request)
  return accountOf(api.site, caller.person.email)
}

/** Of a method that anybody may call. */
export function asPublished({ published }: Api, request: FastifyRequest): void {
  const violation = published.violation(request)
  if (violation !== null) throw refuse(400, `not as published: ${violation}`)
}

/** What is answered is held against the description, too: a stand-in that says what the vendor never would is of no use. */
export function answerAsPublished(app: FastifyInstance, published: PublishedDescription): void {
  app.addHook('preSerialization', async (request, reply, answer) => {
    if (request.ledger.fault === 'status') return answer // which is meant to be odd
    const violation = published.answerViolation(request, reply.statusCode, answer)
    if (violation !== null) throw new Error(`${request.method} ${request.url} does not answer as published: ${violation}`)
    return answer
  })
}

/** Reads what was sent, whether or not the published description is at hand. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value)
  if (!result.success) throw refuse(400, z.prettifyError(result.error))
  return result.data
}

/** In UTC, as every instant that is sent here. */
export const instant = z.iso.datetime().transform((text) => new Date(text))
export const zone = z.string().refine(isIanaZone, 'timeZone must be a valid IANA time-zone')
export const whole = z.string().regex(/^\d+$/).transform(Number)
export const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, 'phoneNumber must be a valid phone number in international format')
