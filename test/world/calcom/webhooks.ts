import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type Api, enter, parse, whole } from './access.ts'
import { refuse } from './errors.ts'
import type { Account, Webhook } from './site.ts'

const NewWebhook = z.strictObject({
  subscriberUrl: z.url({ protocol: /^https?$/ }),
  triggers: z.array(z.string()).min(1),
  active: z.boolean(),
  secret: z.string().optional(),
  version: z.literal('2021-10-20').optional(),
})
const ListQuery = z.strictObject({ take: whole.pipe(z.int().min(1).max(250)).default(250), skip: whole.default(0) })
const OneWebhook = z.object({ webhookId: whole })
const PRIVATE = /^(localhost|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|0\.|\[::1\]|\[f[cd])/

/** @param allowPrivate tests and the sandbox listen on this machine, where Cal.com's servers would never send anything */
export function webhookRoutes(app: FastifyInstance, api: Api, allowPrivate: boolean): void {
  app.post('/v2/webhooks', async (request, reply) => {
    const account = enter(api, request, 'WEBHOOK_WRITE')
    const { subscriberUrl, triggers, active, secret = null } = parse(NewWebhook, request.body)
    if (!allowPrivate && PRIVATE.test(new URL(subscriberUrl).hostname)) {
      throw refuse(400, 'subscriberUrl: private and loopback addresses are not allowed.')
    }
    if (account.webhooks.some((one) => one.subscriberUrl === subscriberUrl)) {
      throw refuse(409, 'Webhook with this subscriberUrl already exists for this user')
    }
    const webhook = { id: api.site.nextId(), subscriberUrl, triggers, active, secret }
    account.webhooks.push(webhook)
    return reply.code(201).send({ status: 'success', data: resource(account, webhook) })
  })

  app.get('/v2/webhooks', async (request) => {
    const account = enter(api, request, 'WEBHOOK_READ')
    const { take, skip } = parse(ListQuery, request.query)
    return { status: 'success', data: account.webhooks.slice(skip, skip + take).map((one) => resource(account, one)) }
  })

  app.get('/v2/webhooks/:webhookId', async (request) => {
    const account = enter(api, request, 'WEBHOOK_READ')
    return { status: 'success', data: resource(account, find(account, request)) }
  })

  app.delete('/v2/webhooks/:webhookId', async (request) => {
    const account = enter(api, request, 'WEBHOOK_WRITE')
    const webhook = find(account, request)
    account.webhooks = account.webhooks.filter((one) => one !== webhook)
    return { status: 'success', data: resource(account, webhook) }
  })
}

function find(account: Account, request: FastifyRequest): Webhook {
  const { webhookId } = parse(OneWebhook, request.params)
  const webhook = account.webhooks.find(({ id }) => id === webhookId)
  if (!webhook) throw refuse(404, `Webhook (${webhookId}) not found`)
  return webhook
}

function resource({ id: userId }: Account, { secret, ...webhook }: Webhook) {
  return { ...webhook, userId, payloadTemplate: '', ...(secret === null ? {} : { secret }) }
}
