import { z } from 'zod'
import { type Described, type Operation, type PublishedDescription, publishedDescription } from '../published.ts'

const Parameter = z.looseObject({ location: z.string(), required: z.boolean().optional(), repeated: z.boolean().optional() })
const Method = z.object({
  id: z.string(),
  httpMethod: z.string(),
  path: z.string(),
  parameters: z.record(z.string(), Parameter).optional(),
  request: z.object({ $ref: z.string() }).optional(),
})
const Schema = z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() })
const Discovery = z.object({
  basePath: z.string(),
  parameters: z.record(z.string(), Parameter),
  schemas: z.record(z.string(), Schema),
  resources: z.record(z.string(), z.object({ methods: z.record(z.string(), Method).optional() })),
})

const id = 'google-calendar'

/** Google's discovery document, read as JSON Schema. */
export function googlePublished(): PublishedDescription {
  return publishedDescription('google-calendar.v3.discovery.json', described)
}

function described(file: unknown): Described {
  const discovery = Discovery.parse(file)
  const methods = Object.values(discovery.resources).flatMap((resource) => Object.values(resource.methods ?? {}))
  const operations = methods.map((method): Operation => {
    const parameters = Object.entries({ ...discovery.parameters, ...method.parameters })
    const query = parameters
      .filter(([, { location }]) => location === 'query')
      .map(([name, one]) => [name, { schema: toJsonSchema(one), required: one.required ?? false, repeated: one.repeated ?? false }])
    const name = method.request?.$ref
    return {
      method: method.httpMethod,
      path: discovery.basePath + method.path,
      query: Object.fromEntries(query),
      body:
        name === undefined
          ? null
          : { allOf: [{ $ref: `${id}#/schemas/${name}` }, { required: requiredIn(discovery.schemas[name], method.id) }] },
      bodyRequired: name !== undefined,
    }
  })
  const schemas = Object.fromEntries(Object.entries(discovery.schemas).map(([name, schema]) => [name, toJsonSchema(schema)]))
  return { operations, definitions: { id, schema: { schemas } }, beyond: [] }
}

/** Which fields a method cannot do without stands in annotations of the schema's properties. */
function requiredIn(schema: z.infer<typeof Schema> | undefined, method: string): string[] {
  const Annotated = z.object({ annotations: z.object({ required: z.array(z.string()) }) })
  return Object.entries(schema?.properties ?? {})
    .filter(([, property]) => Annotated.safeParse(property).data?.annotations.required.includes(method))
    .map(([name]) => name)
}

/** Discovery says `required: true` inside a property, names schemas without a path and leaves objects open. */
function toJsonSchema(value: unknown): Record<string, unknown> {
  const schema = z.looseObject({}).parse(value)
  const kept: Record<string, unknown> = {}
  for (const key of ['type', 'enum', 'pattern', 'format']) if (schema[key] !== undefined) kept[key] = schema[key]
  // Any and formats of whole numbers written as text are no JSON Schema.
  if (kept.type === 'any') delete kept.type
  if (kept.type === 'string' && kept.format !== 'date-time' && kept.format !== 'date') delete kept.format
  // A local time is welcome where the zone stands beside it, although the format says otherwise.
  if (String(schema.description).includes('offset is required unless')) delete kept.format
  for (const bound of ['minimum', 'maximum']) if (typeof schema[bound] === 'string') kept[bound] = Number(schema[bound])
  if (typeof schema.$ref === 'string') kept.$ref = `${id}#/schemas/${schema.$ref}`
  if (schema.items !== undefined) kept.items = toJsonSchema(schema.items)
  if (schema.type === 'object') {
    const properties = Object.entries(z.record(z.string(), z.unknown()).parse(schema.properties ?? {}))
    kept.properties = Object.fromEntries(properties.map(([name, property]) => [name, toJsonSchema(property)]))
    kept.additionalProperties = schema.additionalProperties ? toJsonSchema(schema.additionalProperties) : false
  }
  return kept
}
