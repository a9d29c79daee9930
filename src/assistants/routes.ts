import * as z from 'zod'
import { signedInOnly } from '../http/auth.ts'
import { instant, problems, type RoutePlugin } from '../http/zod.ts'
import type { Assistant } from './answers.ts'
import { assistantsOf } from './list.ts'

// What the frontend renders as text is always text, and what it looks into is always there.
const AssistantBody = z.object({
  id: z.string(),
  name: z.string(),
  model: z.object({ provider: z.string().nullable(), model: z.string().nullable() }),
  voice: z.object({ provider: z.string().nullable(), voiceId: z.string().nullable() }),
  firstMessage: z.string(),
  serverUrl: z.string().nullable(),
  createdAt: instant,
  updatedAt: instant,
})

const Assistants = z.object({ status: z.literal('success'), count: z.int(), assistants: z.array(AssistantBody) }).meta({
  examples: [
    {
      status: 'success',
      count: 1,
      assistants: [
        {
          id: 'f9847210-e18e-4b19-8880-8532eabc971e',
          name: 'Booking desk',
          model: { provider: 'openai', model: 'gpt-4' },
          voice: { provider: 'playht', voiceId: 'jennifer' },
          firstMessage: 'Hello!',
          serverUrl: 'https://backend.example/vapi/webhook',
          createdAt: '2026-10-01T00:00:00.000Z',
          updatedAt: '2026-10-02T00:00:00.000Z',
        },
      ],
    },
  ],
})

/** The assistants at Vapi that the signed-in user may link. */
export const assistantRoutes: RoutePlugin = async (app, { deps }) => {
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listAssistants',
        tags: ['agents'],
        summary: 'The assistants at Vapi, newest first; those linked to somebody else are left out, and nothing secret is shown',
        security: [{ user: [] }],
        response: { 200: Assistants, ...problems(502) },
      },
    },
    async ({ user }) => {
      const assistants = await assistantsOf(deps, user.clerkUserId)
      return { status: 'success' as const, count: assistants.length, assistants: assistants.map(assistantBody) }
    },
  )
}

/** Field by field: what Vapi adds one day does not pass. */
function assistantBody({
  id,
  name,
  model,
  voice,
  firstMessage,
  serverUrl,
  createdAt,
  updatedAt,
}: Assistant): z.input<typeof AssistantBody> {
  return {
    id,
    name: name || 'Unnamed assistant',
    model,
    voice,
    firstMessage: firstMessage ?? '',
    serverUrl,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}
