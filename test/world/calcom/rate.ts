import type { FastifyInstance } from 'fastify'
import { calcomError } from './errors.ts'

export interface Rate {
  /** For every kind of credential, from now on; `null`: Cal.com's own limits. */
  set(perMinute: number | null): void
}

const WINDOW_MS = 60_000
const PER_MINUTE = { key: 120, token: 500, nobody: 120 }

/** Counts every request to the API, by the clock of this machine: per API key, per access token, and per address where neither comes. */
export function limitRate(app: FastifyInstance): Rate {
  const counted = new Map<string, { count: number; endsAt: number; blocked: boolean }>()
  let perMinute: number | null = null

  app.addHook('onRequest', async (request, reply) => {
    // Tokens are handed out by another limit, of the client and not of the address: all our users come from one.
    if (!request.url.startsWith('/v2/') || request.url.startsWith('/v2/auth/')) return
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const limit = perMinute ?? PER_MINUTE[bearer === undefined ? 'nobody' : bearer.startsWith('cal_') ? 'key' : 'token']
    const now = Date.now()
    const who = bearer ?? request.ip
    const known = counted.get(who)
    const one = known && known.endsAt > now ? known : { count: 0, endsAt: now + WINDOW_MS, blocked: false }
    counted.set(who, one)
    one.count += 1
    if (!one.blocked && one.count > limit) Object.assign(one, { blocked: true, endsAt: now + WINDOW_MS })
    const seconds = Math.ceil((one.endsAt - now) / 1000)
    reply.headers({
      'x-ratelimit-limit-default': limit,
      'x-ratelimit-remaining-default': Math.max(0, limit - one.count),
      'x-ratelimit-reset-default': seconds,
    })
    if (!one.blocked) return
    const message = 'Too many requests. Please try again later.'
    return reply
      .code(429)
      .header('retry-after', String(seconds))
      .send(calcomError(429, request.url, message))
  })

  return {
    set(limit) {
      perMinute = limit
      counted.clear()
    },
  }
}
