import { z } from 'zod'
import { type Described, type Operation, type PublishedDescription, publishedDescription } from '../published.ts'

const Schema = z.record(z.string(), z.unknown())
const Method = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Schema })).default([]),
  requestBody: z.object({ required: z.boolean(), content: z.object({ 'application/json': z.object({ schema: Schema }) }) }).optional(),
})
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), Method)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
})

const id = 'graph'

/** Graph's OpenAPI description of calendars. */
export function microsoftPublished(): PublishedDescription {
  return publishedDescription('graph-calendar-v1.openapi.json', described)
}

function described(file: unknown): Described {
  const description = Description.parse(JSON.parse(JSON.stringify(file).replaceAll('"#/components/', `"${id}#/components/`)))
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]): Operation => {
      const query = parameters.filter((one) => one.in === 'query')
      return {
        method: method.toUpperCase(),
        path: `/v1.0${path}`,
        query: Object.fromEntries(query.map((one) => [one.name, { schema: one.schema, required: one.required ?? false, repeated: false }])),
        body: requestBody ? requestBody.content['application/json'].schema : null,
        bodyRequired: requestBody?.required ?? false,
      }
    }),
  )
  // The extract leaves out that a single setting of a mailbox has an address of its own.
  const beyond = [/^\/v1\.0\/me\/mailboxSettings\/timeZone$/]
  return { operations, definitions: { id, schema: { components: description.components } }, beyond }
}
