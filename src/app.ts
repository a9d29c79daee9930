import underPressure from '@fastify/under-pressure'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { deploymentRoutes } from './agents/deployment/routes.ts'
import { agentDetailRoutes } from './agents/details/routes.ts'
import { phoneNumberRoutes } from './agents/phone-numbers/routes.ts'
import { agentRoutes } from './agents/routes.ts'
import { templateRoutes } from './agents/templates/routes.ts'
import { vapiKeyRoutes } from './agents/vapi-key/routes.ts'
import { versionRoutes } from './agents/versions/routes.ts'
import { vapiAgentRoutes } from './agents/with-assistant/routes.ts'
import { assistantRoutes } from './assistants/routes.ts'
import { eventLogRoutes } from './audit/routes.ts'
import { eventStreamRoutes } from './audit/stream/routes.ts'
import { bookingRoutes } from './bookings/routes.ts'
import { businessRoutes } from './businesses/routes.ts'
import { meetingRoutes } from './calendar/api/routes.ts'
import { businessBookingRoutes } from './calendar/calcom/routes.ts'
import { pushRoutes } from './calendar/pushes/routes.ts'
import { calendarRoutes } from './calendar/routes.ts'
import { analyticsRoutes } from './calls/analytics/routes.ts'
import { customerRoutes } from './calls/customers/routes.ts'
import { callRoutes } from './calls/routes.ts'
import type { Deps } from './deps.ts'
import { AppError } from './errors.ts'
import { functionRoutes } from './functions/routes.ts'
import { tellBrowsers } from './http/browsers.ts'
import { acceptJson } from './http/json-body.ts'
import { watchRequests } from './http/logging.ts'
import { describeRoutes } from './http/openapi.ts'
import { answerBareLine, answerFrameworkProblem, answerProblems } from './http/problem.ts'
import { describeCommonProblems, useZod } from './http/zod.ts'
import { messageRoutes } from './messages/routes.ts'
import { noticeDeliveryRoutes } from './notices/deliveries/routes.ts'
import { noticeRoutes } from './notices/routes.ts'
import { noticeSettingRoutes } from './notices/settings/routes.ts'
import { noticeWebhooks } from './notices/webhooks-body.ts'
import { integrationRoutes } from './oauth/api/routes.ts'
import { calcomConnectRoutes } from './oauth/calcom/routes.ts'
import { callbackRoutes } from './oauth/callback/routes.ts'
import { connectionRoutes } from './oauth/connections/routes.ts'
import { disconnectRoutes } from './oauth/disconnect/routes.ts'
import { keyRoutes } from './oauth/keys/routes.ts'
import { oauthRoutes } from './oauth/routes.ts'
import { privacyRoutes } from './privacy/routes.ts'
import { listingRoutes } from './rentals/listing/routes.ts'
import { rentalRoutes } from './rentals/routes.ts'
import { sourceRoutes } from './rentals/sources/routes.ts'
import { serviceRoutes } from './service/routes.ts'
import { clerkWebhookRoutes } from './users/clerk-webhook/routes.ts'
import { syncRoutes } from './users/frontend-sync/routes.ts'
import { userRoutes } from './users/routes.ts'
import { vapiRoutes } from './vapi/routes.ts'
import { VENDORS, vendors } from './vendors.ts'

/**
 * The table of contents: everything that answers, in one place.
 * @param maxEventLoopDelay in milliseconds; from there on most callers are asked to come back later. 0: never
 */
export async function buildApp(deps: Deps, draining = () => false, maxEventLoopDelay = 1000): Promise<FastifyInstance> {
  const { config } = deps
  const logger: FastifyBaseLogger = deps.log
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    bodyLimit: 64 * 1024,
    requestTimeout: 15_000,
    // Longer than the proxy's in front, or that one now and then finds a line that we just closed.
    keepAliveTimeout: 120_000,
    http: { headersTimeout: 10_000 },
    frameworkErrors: answerFrameworkProblem,
    clientErrorHandler: answerBareLine,
    // An id of any length reaches its route, which knows that there is none: as long as Node's longest request line.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16 * 1024 },
  }).withTypeProvider<ZodTypeProvider>()

  app.decorateRequest('user')
  useZod(app)
  acceptJson(app)
  answerProblems(app)
  watchRequests(app, deps.metrics)
  await tellBrowsers(app, config)
  await app.register(underPressure, { maxEventLoopDelay, retryAfter: 5, customError: Overloaded })
  describeCommonProblems(app)
  await describeRoutes(app, config.baseUrl, noticeWebhooks())

  await app.register(serviceRoutes, { deps, draining })
  await app.register(userRoutes, { prefix: '/users', deps })
  await app.register(syncRoutes, { prefix: '/users', deps })
  await app.register(clerkWebhookRoutes, { prefix: '/webhooks/clerk', deps })
  await app.register(pushRoutes, { prefix: '/webhooks/calendar', deps })
  for (const provider of VENDORS) {
    const { path, callback } = vendors[provider]
    await app.register(oauthRoutes, { prefix: path, deps, provider, general: provider === 'microsoft' })
    await app.register(callbackRoutes, { prefix: callback, deps, provider })
  }
  await app.register(keyRoutes, { prefix: '/calendar/calcom/key', deps, provider: 'calcom' })
  await app.register(connectionRoutes, { prefix: '/calendar', deps })
  await app.register(disconnectRoutes, { prefix: '/calendar', deps, operationId: 'disconnectCalendar' })
  await app.register(calendarRoutes, { prefix: '/calendar', deps })
  await app.register(integrationRoutes, { prefix: '/api/calendar', deps })
  await app.register(disconnectRoutes, { prefix: '/api/calendar', deps, operationId: 'disconnectIntegration' })
  await app.register(calcomConnectRoutes, { prefix: '/api/calcom', deps })
  await app.register(businessBookingRoutes, { prefix: '/api/calcom', deps })
  await app.register(meetingRoutes, { prefix: '/api/calendar', deps })
  await app.register(noticeRoutes, { prefix: '/notices', deps })
  await app.register(eventLogRoutes, { prefix: '/events', deps })
  await app.register(noticeSettingRoutes, { prefix: '/notices/settings', deps })
  await app.register(noticeDeliveryRoutes, { prefix: '/notices/deliveries', deps })
  await app.register(eventStreamRoutes, { prefix: '/events/stream', deps, draining })
  await app.register(bookingRoutes, { prefix: '/bookings', deps })
  await app.register(businessRoutes, { prefix: '/businesses', deps })
  await app.register(callRoutes, { prefix: '/calls', deps })
  await app.register(analyticsRoutes, { prefix: '/analytics', deps })
  await app.register(customerRoutes, { prefix: '/customers', deps })
  await app.register(agentRoutes, { prefix: '/agents', deps })
  await app.register(templateRoutes, { prefix: '/agents/templates', deps })
  await app.register(agentDetailRoutes, { prefix: '/agents', deps })
  await app.register(versionRoutes, { prefix: '/agents', deps })
  await app.register(deploymentRoutes, { prefix: '/agents', deps })
  await app.register(phoneNumberRoutes, { prefix: '/agents', deps })
  await app.register(vapiKeyRoutes, { prefix: '/vapi/key', deps })
  await app.register(vapiAgentRoutes, { prefix: '/vapi/agents', deps })
  await app.register(assistantRoutes, { prefix: '/vapi/assistants', deps })
  await app.register(messageRoutes, { prefix: '/messages', deps })
  await app.register(privacyRoutes, { prefix: '/privacy', deps })
  await app.register(rentalRoutes, { prefix: '/rentals', deps })
  await app.register(listingRoutes, { prefix: '/database', deps })
  await app.register(sourceRoutes, { prefix: '/database/sources', deps })
  await app.register(functionRoutes, { deps })
  await app.register(vapiRoutes, { deps })
  return app
}

class Overloaded extends AppError {
  constructor() {
    super('unavailable', 'the event loop lags')
  }
}
