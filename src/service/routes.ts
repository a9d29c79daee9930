import * as z from 'zod'
import { readJobs } from '../db/jobs.ts'
import { AppError } from '../errors.ts'
import { instant, problems, type RoutePlugin } from '../http/zod.ts'
import { PATIENT, SET_ASIDE } from '../jobs/queue.ts'
import { version } from '../root.ts'
import { sameSecret } from '../secrets.ts'

// Only where background work stands still altogether. After an hour without any process it is made up for in seconds.
const ABSURD_LAG_SECONDS = 15 * 60

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
        summary: 'May requests be sent here? Not while stopping, nor without the database, nor while background work stands still',
        response: {
          200: z
            .object({
              status: z.literal('ready'),
              database: z.literal('up'),
              jobs: z.object({
                lag_seconds: z.number().describe('How long the oldest background job that is due has been waiting'),
                set_aside: z.int().describe('Jobs of the last two weeks that failed five times and are not tried any more'),
              }),
            })
            .meta({ examples: [{ status: 'ready', database: 'up', jobs: { lag_seconds: 0.4, set_aside: 0 } }] }),
        },
      },
    },
    async () => {
      if (draining()) throw new AppError('unavailable', 'draining')
      const { lagSeconds, setAside } = await readJobs(deps.db, SET_ASIDE, PATIENT)
      if (lagSeconds > ABSURD_LAG_SECONDS) throw new AppError('unavailable', `background work is ${Math.round(lagSeconds)} s behind`)
      return { status: 'ready' as const, database: 'up' as const, jobs: { lag_seconds: lagSeconds, set_aside: setAside } }
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
