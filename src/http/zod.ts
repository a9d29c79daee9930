import type { FastifyInstance, FastifyPluginAsync, RawServerDefault } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import * as z from 'zod'
import type { Deps } from '../deps.ts'

/** A group of routes, typed by the zod schemas that validate and serialize them. */
export type RoutePlugin<Options = unknown> = FastifyPluginAsync<{ deps: Deps } & Options, RawServerDefault, ZodTypeProvider>

/** Lets Fastify validate, serialize and infer types from zod schemas. */
export function useZod(app: FastifyInstance): void {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
}

/** An instant as the frontend reads it: ISO 8601 with `Z`. */
export const instant = z.iso.datetime().meta({ description: 'ISO 8601 with Z' })

/** Where a browser returns to after a sign-in at a vendor. */
export const ReturnTo = z.object({ redirect_url: z.string().max(300).optional().describe('Origin of the page to return to') })

/** The one error body. The same sentence three times, because callers read one field or another. */
export const Problem = z
  .object({
    status: z.literal('error'),
    code: z.string().meta({ description: 'Stable; for programs', example: 'slot_taken' }),
    message: z.string().meta({ description: 'For people', example: 'That time is no longer free.' }),
    detail: z.string(),
    error: z.string(),
  })
  .meta({ id: 'Problem' })

type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 429 | 500 | 502 | 503

/** The error answers of a route, for its schema: those named and those that every route may give. */
export function problems<S extends ProblemStatus>(...statuses: S[]): Record<S | 429 | 500 | 503, typeof Problem> {
  const all: Record<number, typeof Problem> = {}
  for (const status of [...statuses, 429, 500, 503]) all[status] = Problem
  return all
}
