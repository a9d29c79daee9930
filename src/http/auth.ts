import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { sameSecret } from '../secrets.ts'
import { userOf } from '../users/users.ts'
import { limitUser, refuseWrong } from './limits.ts'

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
    request.user = await userOfToken(deps, request.headers.authorization)
  }
}

/** Whom a Clerk token proves at this moment. @throws AppError `not_signed_in` */
export async function userOfToken(deps: Deps, authorization: string | undefined): Promise<User> {
  const [, token] = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '') ?? []
  if (token === undefined) throw new AppError('not_signed_in', 'no bearer token')
  return userOf(deps, await deps.identify(token))
}

/** Every route of this plugin needs the secret that the frontend's server shares with us. Nobody is signed in there: a user's token is as wrong as any. */
export function serviceOnly(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', async (request, reply) => {
    const [, secret] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (secret === undefined) throw new AppError('not_the_service', 'no bearer')
    if (!sameSecret(secret, [deps.config.userSyncSecret])) await refuseWrong(deps, request, reply, 'not_the_service')
  })
}
