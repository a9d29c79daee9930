import type { FastifyInstance } from 'fastify'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { requireUser } from './auth.ts'
import { limitUser } from './limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who has shown a token; `undefined`: nobody did. Set where routes are `openToAll`. */
    visitor: User | undefined
  }
}

/** Every route of this plugin may be called without a token. Whoever sends one is known by it, or refused: a wrong token is never no token. */
export function openToAll(app: FastifyInstance, deps: Deps): void {
  const know = requireUser(deps)
  const limit = limitUser(deps, 'rest', deps.config.limits.restPerMinute)
  app.decorateRequest('visitor', undefined)
  app.addHook('onRequest', async function (request, reply) {
    if (request.headers.authorization === undefined) return
    await know.call(this, request, reply)
    request.visitor = request.user
  })
  app.addHook('preHandler', async function (request, reply) {
    if (request.visitor) await limit.call(this, request, reply)
  })
}
