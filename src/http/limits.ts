import type { preHandlerAsyncHookHandler } from 'fastify'
import { countHit } from '../db/rate-limits.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

/** At most `perMinute` requests of one user to the routes behind this hook, over all processes. To be added after `requireUser`. */
export function limitUser(deps: Deps, name: string, perMinute: number): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const { hits, resetsInSeconds } = await countHit(deps.db, `${name}:${request.user.clerkUserId}`)
    if (hits <= perMinute) return
    reply.header('retry-after', String(resetsInSeconds))
    throw new AppError('too_many_requests', `${name} over ${perMinute} a minute`)
  }
}
