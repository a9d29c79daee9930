import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import * as z from 'zod'
import { version } from '../root.ts'

const DESCRIPTION = `The calendar backend of voice agents. A Vapi assistant calls \`/vapi/webhook\`; the owner connects a calendar and links the
assistant over the other routes. Every failure has the same body, with a stable \`code\` and a sentence in \`message\`. What is sent to the
owner's own webhook stands below the routes.`

/** What we send to addresses that users give us, by its type. */
export type Webhooks = Record<string, { post: Record<string, unknown> }>

/** The description of every route registered after it, made from the schemas that validate: `/openapi.json`, and `/docs` to read and try. */
export async function describeRoutes(app: FastifyInstance, baseUrl: string, webhooks: Webhooks): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Ringbook', version, description: DESCRIPTION },
      servers: [{ url: baseUrl }],
      tags: [
        { name: 'service', description: 'The service itself' },
        { name: 'users', description: 'Who is signed in, and what Clerk tells of users' },
        { name: 'calendar', description: 'Connecting a calendar, what stands in it, what is free, and booking there' },
        { name: 'bookings', description: 'Appointments: which there are, moving and cancelling them, and what became of them' },
        { name: 'calls', description: 'What callers wanted and were told, and what became of it' },
        { name: 'messages', description: 'What callers leave for the owner' },
        { name: 'notices', description: 'What a user is to be told, and how: here, by e-mail, and at a webhook of her own' },
        { name: 'businesses', description: 'When a business is open, what may be booked there, and which number leads to it' },
        { name: 'agents', description: 'Which assistants answer for a user' },
        { name: 'voice', description: "Vapi's door" },
        { name: 'rentals', description: 'What owners have to let' },
        { name: 'audit', description: 'Who did what to what, to be read and to be followed as it happens' },
        { name: 'privacy', description: 'What is known of one caller: to be handed over, or to be forgotten' },
      ],
      components: {
        securitySchemes: {
          user: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A Clerk token of the signed-in user' },
          serviceSecret: { type: 'http', scheme: 'bearer', description: 'USER_SYNC_SECRET, which the server of the frontend sends' },
          clerkSignature: {
            type: 'apiKey',
            in: 'header',
            name: 'svix-signature',
            description: "Clerk's signature over `svix-id`, `svix-timestamp` and the body",
          },
          calendarSignature: {
            type: 'apiKey',
            in: 'header',
            name: 'x-cal-signature-256',
            description: "Cal.com's signature over the body, with the secret of that channel",
          },
          vapiSecret: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Vapi-Secret',
            description: "The assistant's own secret, or the installation's",
          },
          metrics: { type: 'http', scheme: 'bearer', description: 'METRICS_TOKEN' },
        },
      },
    },
    transform: (route) => nameAnswers(keepExample(route.schema?.body, jsonSchemaTransform(route))),
    // The types of the specification know no schemas made by others.
    transformObject: (document) => Object.assign(jsonSchemaTransformObject(document), { webhooks }),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // Meant for https; over plain http it would keep the page from loading its own files.
    transformStaticCSP: (header) => header.replace(/upgrade-insecure-requests;?/, ''),
    // The page has one description to show, so no bar to choose another.
    theme: { title: 'Ringbook', css: [{ filename: 'theme.css', content: '.swagger-ui .topbar { display: none }' }] },
    uiConfig: { validatorUrl: null, docExpansion: 'list', tryItOutEnabled: true },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

type Described = ReturnType<typeof jsonSchemaTransform>

/** zod leaves examples out where values are transformed on their way in, since they may be of what comes out; ours are of what is sent. */
function keepExample(body: unknown, { schema, url }: Described): Described {
  const { examples } = body instanceof z.ZodType ? (z.globalRegistry.get(body) ?? {}) : {}
  return { schema: examples ? { ...schema, body: Object.assign({ examples }, schema.body) } : schema, url }
}

/** An answer that its route does not explain is called by the name of its status. */
function nameAnswers({ schema, url }: Described): Described {
  const answers = Object.entries(schema.response ?? {}).map(([status, answer]) => {
    const description = answer.description ?? STATUS_CODES[status]
    return [status, '$ref' in answer ? { ...answer, description } : { ...answer, 'x-response-description': description }]
  })
  return { schema: { ...schema, ...(answers.length > 0 ? { response: Object.fromEntries(answers) } : {}) }, url }
}
