import jwt from '@fastify/jwt'
import * as z from 'zod'
import { AppError } from '../../errors.ts'
import { requireUser } from '../../http/auth.ts'
import { limitUser } from '../../http/limits.ts'
import type { RoutePlugin } from '../../http/zod.ts'
import { labelOf, type Vendor, vendors } from '../../vendors.ts'
import { refuseStrangeOrigin, startConnecting } from '../start.ts'
import { Role, startQuery } from '../start-query.ts'

interface Options {
  provider: Vendor
  /** May a ticket be for another vendor too? */
  general: boolean
}

const TICKET_SECONDS = 60

const Ticket = z.object({ sub: z.string(), provider: z.string(), role: Role, origin: z.string() })
const Link = z.object({ url: z.url(), expires_in: z.int().describe('seconds') }).meta({
  examples: [{ url: 'https://ringbook.onrender.com/calendar/google/auth/connect?ticket=eyJhbGciOi', expires_in: TICKET_SECONDS }],
})

/**
 * A link that a browser can simply open: it carries no header, so it carries a ticket that we signed for the signed-in user a moment ago.
 * That is how somebody without the frontend connects a calendar.
 */
export const ticketRoutes: RoutePlugin<Options> = async (app, { deps, provider, general }) => {
  const { config } = deps
  const label = labelOf(provider)
  await app.register(jwt, {
    decoratorName: 'ticket',
    secret: config.signingSecret,
    sign: { algorithm: 'HS256' },
    verify: { algorithms: ['HS256'] },
  })

  app.post(
    '/ticket',
    {
      onRequest: requireUser(deps),
      preHandler: limitUser(deps, 'oauth-start', config.limits.oauthStartsPerMinute),
      schema: {
        operationId: `${provider}Ticket`,
        tags: ['calendar'],
        summary: `A link, good for a minute, that begins connecting ${label} in any browser`,
        security: [{ user: [] }],
        querystring: startQuery(provider, general),
        response: { 200: Link },
      },
    },
    async ({ query, user }) => {
      const { redirect_url: origin = config.frontendUrl, provider: vendor, role } = query
      refuseStrangeOrigin(config, origin)
      const ticket = app.jwt.sign({ sub: user.clerkUserId, provider: vendor, role, origin }, { expiresIn: TICKET_SECONDS })
      const url = new URL(`${vendors[vendor].path}/connect`, config.baseUrl)
      url.searchParams.set('ticket', ticket)
      return { url: url.href, expires_in: TICKET_SECONDS }
    },
  )

  app.get(
    '/connect',
    {
      schema: {
        operationId: `${provider}Connect`,
        tags: ['calendar'],
        summary: `Opens ${label}'s consent page for the holder of a ticket`,
        querystring: z.object({ ticket: z.string().max(1000) }),
        response: { 307: z.null().describe('Location is the consent page') },
      },
    },
    async ({ query }, reply) => {
      const ticket = read(query.ticket)
      if (ticket?.provider !== provider) throw new AppError('flow_expired', 'no good ticket')
      const { sub: clerkUserId, role, origin: returnOrigin } = ticket
      const page = await startConnecting(deps, { clerkUserId, provider, role, returnOrigin })
      return reply.redirect(page.href, 307)
    },
  )

  function read(ticket: string): z.infer<typeof Ticket> | undefined {
    try {
      return Ticket.safeParse(app.jwt.verify(ticket)).data
    } catch {
      return undefined
    }
  }
}
