import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type Api, asPublished, enter, inVersion, parse, whole } from './access.ts'
import { refuse } from './errors.ts'
import { eventTypeResource } from './event-type-resource.ts'

const ListQuery = z.strictObject({
  username: z.string().optional(),
  eventSlug: z.string().optional(),
  sortCreatedAt: z.enum(['asc', 'desc']).optional(),
})
const OneEventType = z.object({ eventTypeId: whole })

/** A host's own event types, hidden ones among them; of a named host the public ones, for anybody. */
export function eventTypeRoutes(app: FastifyInstance, api: Api): void {
  const { site } = api
  const version = inVersion('2024-06-14')

  app.get('/v2/event-types', version, async (request) => {
    const { username, eventSlug, sortCreatedAt } = parse(ListQuery, request.query)
    if (username === undefined && eventSlug !== undefined) throw refuse(400, 'username is required when eventSlug is given')
    if (username !== undefined) asPublished(api, request)
    const account = username === undefined ? enter(api, request, 'EVENT_TYPE_READ') : site.accounts.find((one) => one.username === username)
    // A host whom nobody knows has none.
    if (!account) return { status: 'success', data: [] }
    const own = api.credentials.caller(request)?.person === account.person
    const found = account.eventTypes.filter((one) => own || !one.hidden).filter(({ slug }) => eventSlug === undefined || slug === eventSlug)
    if (sortCreatedAt === 'desc') found.reverse()
    return { status: 'success', data: found.map((one) => eventTypeResource(site, account, one)) }
  })

  app.get('/v2/event-types/:eventTypeId', version, async (request) => {
    const account = enter(api, request, 'EVENT_TYPE_READ')
    const { eventTypeId } = parse(OneEventType, request.params)
    const eventType = account.eventTypes.find(({ id }) => id === eventTypeId)
    if (!eventType) throw refuse(404, `Event type with ID=${eventTypeId} does not exist.`)
    return { status: 'success', data: eventTypeResource(site, account, eventType) }
  })
}
