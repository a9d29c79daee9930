import type { FastifyInstance } from 'fastify'
import * as z from 'zod'

export type JsonSchema = z.infer<typeof Schema>
const Schema = z.looseObject({ $ref: z.string().optional(), examples: z.array(z.unknown()).optional() })
// Examples of a schema that has no name stand beside it.
const Media = z.looseObject({
  schema: Schema.optional(),
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.object({ value: z.unknown() })).default({}),
})
const Content = z.record(z.string(), Media).optional()
const Operation = z.looseObject({
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  summary: z.string().min(10),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema: Schema.default({}) })).default([]),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content: Content })),
})
const Description = z.looseObject({
  openapi: z.string().regex(/^3\.1\./),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ securitySchemes: z.record(z.string(), z.unknown()), schemas: z.record(z.string(), Schema) }),
})

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** What the service says of itself in `/openapi.json`: every operation with its method and path. */
export async function readDescription(app: FastifyInstance) {
  const description = Description.parse((await app.inject('/openapi.json')).json())
  const { schemas, securitySchemes } = description.components
  const operations = Object.entries(description.paths).flatMap(([path, found]) =>
    Object.entries(found).map(([method, operation]) => {
      const known = methods.find((one) => one === method.toUpperCase())
      if (!known) throw new Error(`${method} ${path}: not a method that we serve`)
      return { ...operation, path, method: known, name: `${known} ${path}` }
    }),
  )
  /** A schema itself, where it is only named. */
  const resolve = (schema: JsonSchema): JsonSchema => {
    const name = schema.$ref?.replace('#/components/schemas/', '')
    const found = name === undefined ? schema : schemas[name]
    if (!found) throw new Error(`no schema ${name}`)
    return found
  }
  const bodySchema = (operation: { content?: z.infer<typeof Content> } | undefined) => {
    const { schema, example, examples = {} } = operation?.content?.['application/json'] ?? {}
    const beside = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)]
    return schema && { ...(beside.length > 0 ? { examples: beside } : {}), ...resolve(schema) }
  }
  return { operations, securitySchemes, schemas, resolve, bodySchema }
}

export type Described = Awaited<ReturnType<typeof readDescription>>
export type Operation = Described['operations'][number]

/** Who may call an operation, as it says. */
export function isFor(operation: Operation, scheme: string): boolean {
  return operation.security.some((one) => scheme in one)
}

/** For signed-in users alone, not for others besides. */
export function isClosed(operation: Operation): boolean {
  return operation.security.length > 0 && operation.security.every((one) => 'user' in one)
}
