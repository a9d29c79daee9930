import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { isAllowedOrigin } from '../origins.ts'
import { vendors } from '../vendors.ts'

// Called by vendors and followed by browsers, never fetched by a page.
const WITHOUT_CORS = [
  '/vapi/webhook',
  '/vapi/function-call',
  '/api/vapi-webhook',
  '/webhooks/clerk',
  ...Object.values(vendors).map(({ callback }) => callback),
]

function isVendors(path: string): boolean {
  return WITHOUT_CORS.includes(path) || path.startsWith('/webhooks/calendar/')
}

/** What browsers are told about every answer: who may read it, that nobody may keep or frame it. */
export async function tellBrowsers(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
  })
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  await app.register(cors, {
    delegator: (request, done) => {
      const { origin = '' } = request.headers
      const path = request.url?.split('?')[0]?.replace(/\/$/, '') ?? ''
      done(null, {
        origin: !isVendors(path) && isAllowedOrigin(config, origin) ? origin : false,
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key'],
        maxAge: 600,
      })
    },
  })
}
