import * as z from 'zod'
import { functionNames } from '../../functions/definitions.ts'
import { signedInOnly } from '../../http/auth.ts'
import type { RoutePlugin } from '../../http/zod.ts'
import { templatesFor } from '../templates.ts'

const Config = z.object({
  firstMessage: z.string(),
  firstMessageMode: z.string(),
  model: z.object({
    provider: z.string(),
    model: z.string(),
    temperature: z.number(),
    maxTokens: z.int(),
    messages: z.array(z.object({ role: z.literal('system'), content: z.string().describe('The system prompt') })),
  }),
  voice: z.object({ provider: z.string(), voiceId: z.string() }),
  transcriber: z.object({ provider: z.string(), model: z.string(), language: z.string() }),
  maxDurationSeconds: z.int(),
})

const TemplateBody = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  functions: z.array(z.enum(functionNames)).describe('What the assistant may do'),
  config: Config.describe('To be sent as config of a new agent, changed as you like'),
})

const EXAMPLE = {
  id: 'property_viewing',
  name: 'Property viewings',
  description: 'For letting agents and owners: tells what is to rent, and books viewings.',
  functions: ['get_availability' as const, 'book_appointment' as const],
  config: {
    firstMessage: 'Hello, this is Elm Street Viewings. Which home would you like to see?',
    firstMessageMode: 'assistant-speaks-first',
    model: {
      provider: 'openai',
      model: 'gpt-4o',
      temperature: 0.3,
      maxTokens: 250,
      messages: [{ role: 'system' as const, content: 'You answer the phone for Elm Street Viewings.' }],
    },
    voice: { provider: 'vapi', voiceId: 'Elliot' },
    transcriber: { provider: 'deepgram', model: 'nova-3', language: 'en' },
    maxDurationSeconds: 600,
  },
}

/** What an agent can begin with. */
export const templateRoutes: RoutePlugin = async (app, { deps }) => {
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listTemplates',
        tags: ['agents'],
        summary: "A starting point for each trade, with the name, hours and time zone of the signed-in user's business in the prompt",
        security: [{ user: [] }],
        response: { 200: z.object({ templates: z.array(TemplateBody) }).meta({ examples: [{ templates: [EXAMPLE] }] }) },
      },
    },
    async ({ user }) => ({ templates: await templatesFor(deps, user.clerkUserId) }),
  )
}
