import * as z from 'zod'
import type { RoutePlugin } from '../http/zod.ts'
import { functionDefinitions, olderDefinitions } from './tools.ts'

/** As Vapi takes them: what a property may hold is Vapi's to say. */
const Tool = z.object({
  type: z.literal('function'),
  async: z.boolean(),
  function: z.object({
    name: z.string(),
    description: z.string().describe('For the model'),
    parameters: z.object({
      type: z.literal('object'),
      properties: z.record(z.string(), z.object({ type: z.string(), description: z.string(), enum: z.array(z.string()).optional() })),
      required: z.array(z.string()),
    }),
  }),
  server: z.object({ url: z.string(), timeoutSeconds: z.number() }),
  parameters: z.array(z.object({ key: z.string(), value: z.string() })).describe('Filled in by Vapi, hidden from the model'),
  messages: z
    .array(
      z.object({
        type: z.string(),
        role: z.literal('system').optional(),
        content: z.string(),
        timingMilliseconds: z.number().optional(),
      }),
    )
    .describe('What the assistant says while it waits'),
})

// S4 lists its three by these names, and an assistant that was set up by it asks for no others.
const CALENDAR_FUNCTIONS = ['find_available_times', 'schedule_meeting', 'get_next_available']

function answer(example: z.input<typeof Tool>[]) {
  return z.object({ functions: z.array(Tool) }).meta({ examples: [{ functions: example }] })
}

/** What assistants may call, to be put among the tools of an assistant at Vapi. */
export const functionRoutes: RoutePlugin = async (app, { deps }) => {
  const { baseUrl } = deps.config
  const own = functionDefinitions({ baseUrl })
  const older = olderDefinitions({ baseUrl })
  const ofCalendar = [...own, ...older].filter((tool) => CALENDAR_FUNCTIONS.includes(tool.function.name))

  app.get(
    '/vapi/functions',
    {
      schema: {
        operationId: 'listFunctions',
        tags: ['voice'],
        summary: 'The functions that an assistant may call, as tools of Vapi: made from what reads the calls',
        querystring: z.object({
          names: z
            .enum(['own', 'older', 'all'])
            .default('own')
            .describe('older: under the names that earlier prompts know, with their arguments'),
        }),
        response: { 200: answer(own.slice(0, 1)) },
      },
    },
    async ({ query: { names } }) => ({ functions: names === 'own' ? own : names === 'older' ? older : [...own, ...older] }),
  )

  app.get(
    '/api/calendar/vapi-functions',
    {
      schema: {
        operationId: 'listCalendarFunctions',
        tags: ['voice'],
        summary: 'find_available_times, schedule_meeting and get_next_available, as tools of Vapi',
        response: { 200: answer(ofCalendar.slice(0, 1)) },
      },
    },
    async () => ({ functions: ofCalendar }),
  )
}
