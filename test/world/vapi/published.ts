import { existsSync, readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

/** A vendor's published description, where it lies beside the checkout. Without it nothing is held against it, and `present` says so. */
export interface Published {
  present: boolean
  /** What is wrong with a value that should fit this JSON pointer into the description; empty: nothing. */
  wrong(pointer: string, value: unknown): string[]
}

// The descriptions are large and not ours to copy into the repository.
const FOLDER = new URL('../../../../shared/specs/', import.meta.url)

// Large as they are, they are read and compiled once in a process, and only when something is held against them.
const known = new Map<string, Published>()

export function readPublished(file: string, options: { strictNames?: boolean } = {}): Published {
  const key = JSON.stringify([file, options])
  const published = known.get(key) ?? read(file, options)
  known.set(key, published)
  return published
}

function read(file: string, options: { strictNames?: boolean }): Published {
  const place = new URL(file, FOLDER)
  if (!existsSync(place)) return { present: false, wrong: () => [] }
  const compiled = new Map<string, ValidateFunction>()
  let ajv: Ajv | undefined
  return {
    present: true,
    wrong(pointer, value) {
      ajv ??= descriptionOf(place, options)
      const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `published#${pointer}` })
      compiled.set(pointer, validate)
      if (validate(value)) return []
      const errors = validate.errors ?? []
      return [...new Set(errors.map((error) => `${error.instancePath} ${error.message} ${Object.values(error.params).join(' ')}`.trim()))]
    },
  }
}

/** What an assistant is held against takes seconds to compile on a busy machine: longer than anybody waits for Vapi. */
export function compileAssistant(): void {
  const { wrong } = readPublished('vapi.openapi.json', { strictNames: true })
  for (const operation of ['~1assistant/post', '~1assistant~1{id}/patch'])
    wrong(`/paths/${operation}/requestBody/content/application~1json/schema`, {})
}

function descriptionOf(place: URL, options: { strictNames?: boolean }): Ajv {
  const ajv = new Ajv({ strict: false, validateSchema: false, allErrors: true, logger: false })
  formats.default(ajv)
  return ajv.addSchema({ $id: 'published', ...JSON.parse(readFileSync(place, 'utf8'), (_key, value) => repaired(value, options)) })
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * OpenAPI 3.0 as JSON Schema: `oneOf` whose members overlap becomes `anyOf`, `nullable` without a type and enums on arrays or with
 * repeated values are mended,
 * objects that are none get their type, and patterns lose the slashes of a regular expression. `strictNames` refuses names that are not listed.
 */
function repaired(value: unknown, { strictNames = false }: { strictNames?: boolean }): unknown {
  if (!isObject(value)) return value
  const { oneOf, nullable, pattern, enum: allowed, ...rest } = value
  const schema: Record<string, unknown> = rest
  if (Array.isArray(oneOf)) schema.anyOf = oneOf
  else if (oneOf !== undefined) schema.oneOf = oneOf
  if (typeof pattern === 'string') schema.pattern = pattern.replace(/^\/(.*)\/[a-z]*$/, '$1')
  else if (pattern !== undefined) schema.pattern = pattern
  if (Array.isArray(allowed) && schema.type === 'array') schema.items = { ...(isObject(schema.items) ? schema.items : {}), enum: allowed }
  else if (Array.isArray(allowed)) schema.enum = [...new Set(nullable ? [...allowed, null] : allowed)]
  else if (allowed !== undefined) schema.enum = allowed
  // An enum of words is written as an object, and so is a list of numbers.
  if (schema.type === 'object' && Array.isArray(allowed)) delete schema.type
  if (Array.isArray(schema.example) && isObject(schema.items) && schema.items.type === 'object' && !schema.items.properties) {
    schema.items = { ...schema.items, type: [...new Set(schema.example.map((item) => typeof item))] }
  }
  const closed = isObject(schema.properties) && !('additionalProperties' in schema || 'allOf' in schema || 'anyOf' in schema)
  if (strictNames && closed) schema.additionalProperties = false
  if (nullable !== true) return nullable === undefined ? schema : { ...schema, nullable }
  return { anyOf: [schema, { type: 'null' }] }
}
