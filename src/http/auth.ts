import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { tokenVerifier } from '../users/token.ts'
import { userOf } from '../users/users.ts'
import { isAllowedOrigin } from './origins.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `requireUser`, read only behind it. */
    user: User
  }
}

/** A hook that lets in only whom a Clerk token proves, and says who it is as `request.user`. */
export function requireUser(app: FastifyInstance, deps: Deps): onRequestAsyncHookHandler {
  const verify = tokenVerifier(deps.config, (origin) => isAllowedOrigin(deps.config, origin))
  app.decorateRequest('user')
  return async (request) => {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) throw new AppError('not_signed_in', 'no bearer token')
    request.user = await userOf(deps, await verify(token))
  }
}
