import { Readable } from 'node:stream'
import * as z from 'zod'
import { AppError } from '../../errors.ts'
import { signedInOnly, userOfToken } from '../../http/auth.ts'
import type { RoutePlugin } from '../../http/zod.ts'
import { eventBody } from '../event-body.ts'
import { eventStream, type Piece } from '../stream.ts'

// Each asks the database once a second: enough for the pages that one owner has open, and for what one process can serve beside calls.
const MOST_OF_USER = 5
const MOST = 200
// A browser comes again by itself after so long.
const RETRY_MS = 2000

const EXAMPLE = 'retry: 2000\nid: 41\n\nid: 42\nevent: booking.confirmed\ndata: {"action":"booking.confirmed"}\n\n'

interface Options {
  /** True from the moment the process was asked to end. */
  draining(): boolean
}

/** What happens to the signed-in user's calls and bookings, as it happens. */
export const eventStreamRoutes: RoutePlugin<Options> = async (app, { deps, draining }) => {
  const open = new Map<string, number>()
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'streamEvents',
        tags: ['audit'],
        summary: 'Server-sent events: calls that begin and end, bookings, changes and messages, as they happen',
        description: `Each event has its sequence as \`id\`, its action as \`event\` and the event as \`/events\` shows it as \`data\`. Whoever comes again with
\`Last-Event-ID\` misses nothing. The stream ends with the token: come again with a new one. To be read with \`fetch\`, because a browser's EventSource sends no
\`Authorization\`. At most ${MOST_OF_USER} at a time.`,
        security: [{ user: [] }],
        headers: z.object({
          'last-event-id': z
            .string()
            .regex(/^\d{1,9}$/, 'must be the id of an event')
            .transform(Number)
            .optional()
            .describe('The id of the last event that was received'),
        }),
        response: { 200: z.instanceof(Readable).meta({ type: 'string', examples: [EXAMPLE] }) },
      },
    },
    async ({ user: { clerkUserId }, headers }, reply) => {
      const count = open.get(clerkUserId) ?? 0
      if (count >= MOST_OF_USER) throw new AppError('too_many_requests', 'streams of one user')
      if (draining() || [...open.values()].reduce((sum, one) => sum + one, 0) >= MOST) throw new AppError('unavailable', 'streams')
      open.set(clerkUserId, count + 1)
      reply.raw.once('close', () => {
        const left = (open.get(clerkUserId) ?? 1) - 1
        if (left > 0) open.set(clerkUserId, left)
        else open.delete(clerkUserId)
      })
      const { authorization } = reply.request.headers
      const isOver = async () => draining() || reply.raw.destroyed || !(await isSignedIn(authorization))
      const lines = async function* () {
        for await (const piece of eventStream(deps, clerkUserId, { after: headers['last-event-id'], isOver })) yield written(piece)
      }
      // A proxy that gathers what it passes on would hold events back.
      reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
      return reply.send(Readable.from(lines()))
    },
  )

  async function isSignedIn(authorization: string | undefined): Promise<boolean> {
    return userOfToken(deps, authorization).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.code === 'not_signed_in') return false
        throw error
      },
    )
  }
}

function written(piece: Piece): string {
  if (piece.kind === 'begin') return `retry: ${RETRY_MS}\nid: ${piece.sequence}\n\n`
  if (piece.kind === 'silence') return ': nothing new\n\n'
  const { event } = piece
  return `id: ${event.sequence}\nevent: ${event.action}\ndata: ${JSON.stringify(eventBody(event))}\n\n`
}
