import type { FastifyInstance } from 'fastify'
import type { LoggerOptions } from 'pino'
import type { Metrics } from '../metrics.ts'

/**
 * Logs say what happened, never who called or what was said. URLs carry codes, states and names, so a request is logged by the pattern
 * of its route; of an error only what we name here, since drivers put rows and SDKs put tokens into their errors.
 */
export function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    base: null,
    serializers: {
      err: (error: unknown) => describe(error),
      req: () => undefined,
      res: () => undefined,
    },
    redact: ['authorization', 'cookie', 'token', 'accessToken', 'refreshToken', 'code', 'state', 'secret'],
  }
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  return {
    type: error.name,
    ...('code' in error ? { errorCode: error.code } : {}),
    message: error.message,
    stack: error.stack,
    ...(error.cause instanceof Error ? { cause: { type: error.cause.name, message: error.cause.message } } : {}),
  }
}

/** One line and one observation per answer, and the id under which the line is found, for whoever has to ask about it. */
export function watchRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched'
    const { method } = request
    metrics.request({ method, route, code: String(reply.statusCode) }, reply.elapsedTime / 1000)
    request.log.info({ method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered')
  })
}
