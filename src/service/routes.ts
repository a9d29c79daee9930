import * as z from 'zod'
import { pingDatabase } from '../db/health.ts'
import { AppError } from '../errors.ts'
import { instant, problems, type RoutePlugin } from '../http/zod.ts'
import { version } from '../root.ts'
import { sameSecret } from '../secrets.ts'

interface Options {
  /** True from the moment the process was asked to end. */
  draining(): boolean
}

const SERVICE = {
  service: 'ringbook',
  version,
  status: 'running' as const,
  features: ['calendar', 'voice', 'agents', 'rentals'],
  links: { health: '/health', ready: '/ready', api_docs: '/docs', openapi: '/openapi.json' },
}

/** What operators and the frontend ask of the service itself. */
export const serviceRoutes: RoutePlugin<Options> = async (app, { deps, draining }) => {
  app.get(
    '/',
    {
      schema: {
        operationId: 'getService',
        tags: ['service'],
        summary: 'What runs here',
        response: {
          200: z
            .object({
              service: z.string(),
              version: z.string(),
              status: z.literal('running'),
              features: z.array(z.string()),
              links: z.object({ health: z.string(), ready: z.string(), api_docs: z.string(), openapi: z.string() }),
            })
            .meta({ examples: [SERVICE] }),
        },
      },
    },
    async () => SERVICE,
  )

  app.get(
    '/health',
    {
      // An overloaded process still lives.
      config: { pressureHandler: () => {} },
      schema: {
        operationId: 'getHealth',
        tags: ['service'],
        summary: 'The process lives; asks nobody else',
        response: {
          200: z
            .object({ status: z.literal('healthy'), service: z.string(), version: z.string(), timestamp: instant })
            .meta({ examples: [{ status: 'healthy', service: 'ringbook', version, timestamp: '2026-12-01T15:00:00Z' }] }),
        },
      },
    },
    async () => ({ status: 'healthy' as const, service: 'ringbook', version, timestamp: new Date().toISOString() }),
  )

  app.get(
    '/ready',
    {
      schema: {
        operationId: 'getReady',
        tags: ['service'],
        summary: 'May requests be sent here? Not while stopping, nor without the database',
        response: {
          200: z
            .object({ status: z.literal('ready'), database: z.literal('up') })
            .meta({ examples: [{ status: 'ready', database: 'up' }] }),
        },
      },
    },
    async () => {
      if (draining()) throw new AppError('unavailable', 'draining')
      await pingDatabase(deps.db)
      return { status: 'ready' as const, database: 'up' as const }
    },
  )

  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        tags: ['service'],
        summary: 'Durations and counts in the Prometheus text format',
        security: [{ metrics: [] }],
        response: { 200: z.string().meta({ examples: ['ringbook_requests_total 7'] }), ...problems(404) },
      },
    },
    async ({ headers }, reply) => {
      const { metricsToken } = deps.config
      // To whoever has no token there is nothing here.
      if (metricsToken === undefined || !sameSecret(headers.authorization ?? '', [`Bearer ${metricsToken}`])) {
        throw new AppError('not_found', 'metrics without their token')
      }
      return reply
        .type(deps.metrics.registry.contentType)
        .serializer(String)
        .send(await deps.metrics.registry.metrics())
    },
  )
}
