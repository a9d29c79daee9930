import type { onRequestAsyncHookHandler } from 'fastify'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { userOf } from '../users/users.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `requireUser`, read only behind it. */
    user: User
  }
}

/** A hook that lets in only whom a Clerk token proves, and says who it is as `request.user`. */
export function requireUser(deps: Deps): onRequestAsyncHookHandler {
  return async (request) => {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) throw new AppError('not_signed_in', 'no bearer token')
    request.user = await userOf(deps, await deps.identify(token))
  }
}
