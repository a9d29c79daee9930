import jwt from '@fastify/jwt'
import * as z from 'zod'
import { AppError } from '../../errors.ts'
import { requireUser } from '../../http/auth.ts'
import { limitUser } from '../../http/limits.ts'
import { ReturnTo, type RoutePlugin } from '../../http/zod.ts'
import { refuseStrangeOrigin, startConnecting } from '../start.ts'

interface Options {
  provider: string
  label: string
}

const TICKET_SECONDS = 60

const Ticket = z.object({ sub: z.string(), provider: z.string(), origin: z.string() })

/**
 * A link that a browser can simply open: it carries no header, so it carries a ticket that we signed for the signed-in user a moment ago.
 * That is how somebody without the frontend connects a calendar.
 */
export const ticketRoutes: RoutePlugin<Options> = async (app, { deps, provider, label }) => {
  const { config } = deps
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
        querystring: ReturnTo,
        response: { 200: z.object({ url: z.url(), expires_in: z.int().describe('seconds') }) },
      },
    },
    async ({ query, user }) => {
      const origin = query.redirect_url ?? config.frontendUrl
      refuseStrangeOrigin(config, origin)
      const ticket = app.jwt.sign({ sub: user.clerkUserId, provider, origin }, { expiresIn: TICKET_SECONDS })
      const url = new URL(`${app.prefix}/connect`, config.baseUrl)
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
      const page = await startConnecting(deps, { clerkUserId: ticket.sub, provider, returnOrigin: ticket.origin })
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
