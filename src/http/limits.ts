import type { FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { countHit } from '../db/rate-limits.ts'
import type { Deps } from '../deps.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { sha256Hex } from '../secrets.ts'

/** At most `perMinute` requests of one user to the routes behind this hook, over all processes. To be added after `requireUser`. */
export function limitUser(deps: Deps, name: string, perMinute: number): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const { hits, resetsInSeconds } = await countHit(deps.db, `${name}:${request.user.clerkUserId}`)
    if (hits <= perMinute) return
    reply.header('retry-after', String(resetsInSeconds))
    throw new AppError('too_many_requests', `${name} over ${perMinute} a minute`)
  }
}

/**
 * Counts a wrong secret or signature of this address, at whichever door. Right ones are never counted: all calls of a vendor come from a
 * few addresses, and one outdated secret must not silence the others.
 * @returns the seconds that it has to wait after too many in a minute; 0: none
 */
export async function countWrong({ db, config }: Deps, address: string): Promise<number> {
  const { hits, resetsInSeconds } = await countHit(db, `wrong-secret:${sha256Hex(address)}`)
  return hits > config.limits.badSignaturesPerMinute ? resetsInSeconds : 0
}

/** Refuses a wrong secret or signature with `code`, and whoever keeps guessing with `too_many_requests`. */
export async function refuseWrong(deps: Deps, request: FastifyRequest, reply: FastifyReply, code: ErrorCode): Promise<never> {
  const wait = await countWrong(deps, request.ip)
  if (wait === 0) throw new AppError(code, 'wrong secret or signature')
  reply.header('retry-after', String(wait))
  throw new AppError('too_many_requests', 'too many wrong secrets from one address')
}
