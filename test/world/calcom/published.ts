import { z } from 'zod'
import { type Described, type Operation, type PublishedDescription, publishedDescription } from '../published.ts'

const Content = z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.unknown()) }) })
const Method = z.object({
  parameters: z.array(
    z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: z.record(z.string(), z.unknown()) }),
  ),
  requestBody: z.object({ required: z.boolean().default(false), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
})
const Paths = z.record(z.string(), z.record(z.string(), Method))
const Description = z.object({
  paths: Paths,
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
})

const id = 'cal-com'

/** Cal.com's OpenAPI description of its API, version 2. */
export function calcomPublished(): PublishedDescription {
  return publishedDescription('cal-com-v2.openapi.json', described)
}

/** Everything stands in it twice: what we send may have no further names, what is answered may. */
function described(file: unknown): Described {
  const description = Description.parse(file)
  const sent = Description.parse(repaired(referring(description, 'sent'), true))
  const answered = Description.parse(repaired(referring(description, 'answered'), false))
  const operations = Object.entries(sent.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]): Operation => {
      const query = parameters.filter((one) => one.in === 'query')
      const responses = answered.paths[path]?.[method]?.responses ?? {}
      return {
        method: method.toUpperCase(),
        path,
        query: Object.fromEntries(
          query.map(({ name, schema, required }) => [name, { schema: inQuery(schema), required: required ?? false, repeated: false }]),
        ),
        body: requestBody ? requestBody.content['application/json'].schema : null,
        bodyRequired: requestBody?.required ?? false,
        answers: Object.fromEntries(
          Object.entries(responses).flatMap(([status, { content }]) => (content ? [[status, content['application/json'].schema]] : [])),
        ),
      }
    }),
  )
  const { EventTypeOutput_2024_06_14: eventType } = answered.components.schemas
  // What an event type does not have is answered as `{ disabled: true }`, here too, although only its input says so.
  if (isObject(eventType?.properties)) {
    const disabled = { $ref: `${id}#/answered/schemas/Disabled_2024_06_14` }
    eventType.properties.seats = { anyOf: [eventType.properties.seats, disabled] }
  }
  const schema = { sent: sent.components, answered: answered.components }
  // The verifier of a confidential client is taken, and stands nowhere: the token endpoint looks at its fields itself.
  return { operations, definitions: { id, schema }, beyond: [/^\/v2\/auth\/oauth2\/token$/] }
}

function referring(description: z.infer<typeof Description>, side: 'sent' | 'answered'): unknown {
  return JSON.parse(JSON.stringify(description).replaceAll('"#/components/', `"${id}#/${side}/`))
}

/** Several words of a list are sent as one text, with commas between them. */
function inQuery(schema: Record<string, unknown>): Record<string, unknown> {
  const { items } = schema
  if (schema.type !== 'array' || !isObject(items) || !Array.isArray(items.enum)) return schema
  const word = `(${items.enum.join('|')})`
  return { type: 'string', pattern: `^${word}(,${word})*$` }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** OpenAPI 3.0, and what its generator makes of some types, as JSON Schema. */
function repaired(value: unknown, closed: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => repaired(one, closed))
  if (!isObject(value)) return value
  const { nullable, oneOf, example, ...rest } = value
  const schema = Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, repaired(one, closed)]))
  // Members overlap: a plain booking fits the schema of a seated one as well.
  if (Array.isArray(oneOf)) schema.anyOf = repaired(oneOf, closed)
  const isSchema = typeof schema.type === 'string'
  // Numbers, flags and whatever may be null are called objects where their type is a union; objects that are some have an example or names.
  if (isSchema && schema.type === 'object' && !('properties' in schema || 'additionalProperties' in schema) && !isObject(example)) {
    delete schema.type
  }
  // A name that is not listed is refused.
  if (closed && schema.type === 'object' && isObject(schema.properties)) schema.additionalProperties = false
  // `nullable` may stand beside no type, where a validator does not take it.
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema
}
