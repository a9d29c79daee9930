import * as z from 'zod'
import { refuseWrong } from '../../http/limits.ts'
import { done, problems, type RoutePlugin, rowUuid } from '../../http/zod.ts'
import { connectionPushedFor } from '../../oauth/channels.ts'
import { followPushed } from '../follow-calendar.ts'

/**
 * Where calendars' vendors push to. What they say is only that something has changed: whatever stands in it, the calendar itself is read, and
 * afterwards. A channel that is none and a signature that is wrong have the same answer.
 */
export const pushRoutes: RoutePlugin = async (app, { deps }) => {
  // The signature is over the bytes, and nothing else of them is read.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, parsed) => {
    request.rawBody = body
    parsed(null, undefined)
  })

  app.post(
    '/:channel',
    {
      bodyLimit: 256 * 1024,
      schema: {
        operationId: 'calendarPush',
        tags: ['calendar'],
        summary: 'The vendor of a connected calendar says that something has changed there; the body is signed, and never used',
        security: [{ calendarSignature: [] }],
        params: z.object({ channel: rowUuid }),
        response: { 200: done('Noted.'), ...problems(429) },
      },
    },
    async (request, reply) => {
      const { rawBody: body = Buffer.alloc(0), headers } = request
      const pushed = await connectionPushedFor(deps, request.params.channel, { body, headers })
      if (!pushed) return refuseWrong(deps, request, reply, 'not_found')
      await followPushed(deps, pushed)
      return { success: true as const, message: 'Noted.' }
    },
  )
}
