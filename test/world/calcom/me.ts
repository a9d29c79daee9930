import type { FastifyInstance } from 'fastify'
import { type Api, enter } from './access.ts'

/** `GET /v2/me`. */
export function meRoute(app: FastifyInstance, api: Api): void {
  app.get('/v2/me', async (request) => {
    const { id, username, person, schedule } = enter(api, request, 'PROFILE_READ')
    const { email, name } = person
    const data = { id, username, email, name, avatarUrl: null, bio: null, timeFormat: 12, defaultScheduleId: id, weekStart: 'Sunday' }
    return { status: 'success', data: { ...data, timeZone: schedule.timeZone, organizationId: null } }
  })
}
