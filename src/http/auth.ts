import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { userOf } from '../users/users.ts'
import { limitUser } from './limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `requireUser`, read only behind it. */
    user: User
  }
}

/** Every route of this plugin needs a user, who may send so many requests a minute. */
export function signedInOnly(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', requireUser(deps))
  app.addHook('preHandler', limitUser(deps, 'rest', deps.config.limits.restPerMinute))
}

/** A hook that lets in only whom a Clerk token proves, and says who it is as `request.user`. */
export function requireUser(deps: Deps): onRequestAsyncHookHandler {
  return async (request) => {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) throw new AppError('not_signed_in', 'no bearer token')
    request.user = await userOf(deps, await deps.identify(token))
  }
}
