import type { FastifyInstance, FastifyPluginAsync, RawServerDefault } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import * as z from 'zod'
import type { Deps } from '../deps.ts'
import { oneLine } from '../one-line.ts'

/** A group of routes, typed by the zod schemas that validate and serialize them. */
export type RoutePlugin<Options = unknown> = FastifyPluginAsync<{ deps: Deps } & Options, RawServerDefault, ZodTypeProvider>

/** Lets Fastify validate, serialize and infer types from zod schemas. */
export function useZod(app: FastifyInstance): void {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
}

/** An instant as the frontend reads it: ISO 8601 with `Z`. */
export const instant = z.iso.datetime().meta({ description: 'ISO 8601 with Z' })

/** Text of one line that people read: without control, line-break and bidi characters, of which something must be left. */
export function line(longest: number) {
  return z
    .string()
    .max(longest)
    .transform((text) => oneLine(text, longest))
    .pipe(z.string().min(1))
}

/**
 * A row's id in an address. Whatever is not written exactly as one becomes 0, which no row has: nonsense is nobody's, as a foreign id is.
 */
export const rowId = z.string().transform((text) => {
  const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  return id < 2 ** 31 ? id : 0
})

/** As `rowId`, for rows whose id is a UUID: nonsense becomes the one that no row has. */
export const rowUuid = z.string().transform((text) => (z.uuid().safeParse(text).success ? text : '00000000-0000-0000-0000-000000000000'))

/** What a form may leave empty: `null` and empty text count as not sent. */
export function unlessEmpty<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === null || value === '' ? undefined : value), schema.optional()).optional()
}

/** The answer of a route that has done something and has nothing to show for it: JSON and not 204, because the frontend shows `message`. */
export function done(example: string) {
  return z.object({ success: z.literal(true), message: z.string() }).meta({ examples: [{ success: true, message: example }] })
}

const SENTENCE = 'That time is no longer free.'
const EXAMPLE = { status: 'error', code: 'slot_taken', message: SENTENCE, detail: SENTENCE, error: SENTENCE }

/** The one error body. The same sentence three times, because callers read one field or another. */
export const Problem = z
  .object({
    status: z.literal('error'),
    code: z.string().meta({ description: 'Stable; for programs' }),
    message: z.string().meta({ description: 'For people: what happened and what to do' }),
    detail: z.string().meta({ description: 'The same sentence' }),
    error: z.string().meta({ description: 'The same sentence' }),
  })
  .meta({ id: 'Problem', examples: [EXAMPLE] })

type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 502 | 503

/** The error answers of a route's own, for its schema. What every route may answer is added to all (`describeCommonProblems`). */
export function problems<S extends ProblemStatus>(...statuses: S[]): Record<S, typeof Problem> {
  const all: Record<number, typeof Problem> = {}
  for (const status of statuses) all[status] = Problem
  return all
}

/** Adds to each later route's description what it may answer by being a route at all, so that no route has to say it and none forgets. */
export function describeCommonProblems(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { schema, url, method } = route
    if (!schema || schema.hide) return
    const needsBearer = (schema.security ?? []).some((one) => 'user' in one || 'serviceSecret' in one)
    const takesBody = [method].flat().some((one) => one !== 'GET' && one !== 'HEAD')
    const common: ProblemStatus[] = [
      400, // an address or a value that is none
      500,
      503, // overloaded, stopping, without its database
      ...(needsBearer ? ([401, 429] as const) : []),
      ...(url.includes(':') ? ([404] as const) : []),
      ...(takesBody ? ([413, 415] as const) : []),
    ]
    schema.response = { ...problems(...common), ...(schema.response ?? {}) }
  })
}
