import { existsSync, readFileSync } from 'node:fs'
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { FastifyRequest } from 'fastify'

/** What a vendor publishes about its API, as far as it is at hand. Where it is not, everything passes and tests may skip. */
export interface PublishedDescription {
  present: boolean
  /** How the request breaks the description, or `null`. */
  violation(request: FastifyRequest): string | null
  /** How an answer breaks the description, or `null`; where that says nothing of answers, none does. */
  answerViolation(request: Pick<FastifyRequest, 'method' | 'url'>, status: number, answer: unknown): string | null
}

export interface Operation {
  method: string
  /** With the parameters in braces, as the vendor writes it. */
  path: string
  query: Record<string, { schema: AnySchema; required: boolean; repeated: boolean }>
  body: AnySchema | null
  bodyRequired: boolean
  /** Status → body. */
  answers?: Record<string, AnySchema>
}

/** What a description says, as JSON Schema. */
export interface Described {
  operations: Operation[]
  definitions: { id: string; schema: AnySchema }
  /** Paths that the vendor documents elsewhere: nothing is held against them. */
  beyond: RegExp[]
}

// Descriptions are large: each is read once in a process, and only when a request is held against it.
const known = new Map<string, PublishedDescription>()

/** @param file lies beside the checkout, not in it: it belongs to its vendor */
export function publishedDescription(file: string, describe: (file: unknown) => Described): PublishedDescription {
  const place = new URL(`../../../shared/specs/${file}`, import.meta.url)
  const read = () => checks(describe(JSON.parse(readFileSync(place, 'utf8'))))
  let checked: Checks | undefined
  const description = known.get(file) ?? {
    present: existsSync(place),
    violation(request: FastifyRequest) {
      if (!this.present) return null
      checked ??= read()
      return checked.violation(request)
    },
    answerViolation(request: Pick<FastifyRequest, 'method' | 'url'>, status: number, answer: unknown) {
      if (!this.present) return null
      checked ??= read()
      return checked.answerViolation(request, status, answer)
    },
  }
  known.set(file, description)
  return description
}

type Checks = Omit<PublishedDescription, 'present'>

function checks({ operations, definitions, beyond }: Described): Checks {
  const inBody = new Ajv({ strict: false, allErrors: true, logger: false })
  // Everything in a query is text: numbers and flags are read from it.
  const inQuery = new Ajv({ strict: false, allErrors: true, logger: false, coerceTypes: 'array' })
  formats.default(inBody)
  formats.default(inQuery)
  inBody.addSchema(definitions.schema, definitions.id)
  const known = operations.map((operation) => ({
    ...operation,
    pattern: new RegExp(`^${operation.path.replace(/\{[^}]+\}/g, '[^/]+')}$`),
    checkQuery: later(() => inQuery.compile(querySchema(operation))),
    checkBody: later(() => inBody.compile(operation.body ?? true)),
    checkAnswers: Object.fromEntries(
      Object.entries(operation.answers ?? {}).map(([status, schema]) => [status, later(() => inBody.compile(schema))]),
    ),
  }))

  function asked(request: Pick<FastifyRequest, 'method' | 'url'>) {
    const path = request.url.split('?')[0] ?? ''
    if (beyond.some((pattern) => pattern.test(path))) return null
    return (
      known.find((one) => one.method === request.method && one.pattern.test(path)) ?? `the description knows no ${request.method} ${path}`
    )
  }

  return {
    violation(request) {
      const operation = asked(request)
      if (operation === null || typeof operation === 'string') return operation
      const checkQuery = operation.checkQuery()
      if (!checkQuery(structuredClone(request.query))) return `query ${explain(checkQuery.errors)}`
      if (operation.body === null) return request.body ? 'a body is sent where none is taken' : null
      if (request.body === undefined || request.body === null) return operation.bodyRequired ? 'the body is missing' : null
      const checkBody = operation.checkBody()
      const body = request.method === 'PATCH' ? withoutNulls(request.body) : request.body
      return checkBody(body) ? null : `body ${explain(checkBody.errors)}`
    },
    answerViolation(request, status, answer) {
      const operation = asked(request)
      if (operation === null || typeof operation === 'string') return null
      const check = operation.checkAnswers[status]?.()
      // What leaves is JSON: a number that is none becomes null there, and what is undefined is gone.
      return !check || check(JSON.parse(JSON.stringify(answer))) ? null : `answer ${explain(check.errors)}`
    },
  }
}

/** In a change, `null` empties a field, whatever type the field has. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, one]) => one !== null)
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutNulls(one)]))
}

function querySchema({ query }: Operation): AnySchema {
  const properties = Object.fromEntries(
    Object.entries(query).map(([name, { schema, repeated }]) => [name, repeated ? { type: 'array', items: schema } : schema]),
  )
  const required = Object.keys(query).filter((name) => query[name]?.required)
  return { type: 'object', properties, required, additionalProperties: false }
}

function explain(errors: ErrorObject[] | null | undefined): string {
  return (errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`).join('; ')
}

/** Compiling all of a vendor's description takes a second; a test needs a handful of operations. */
function later(compile: () => ValidateFunction): () => ValidateFunction {
  let compiled: ValidateFunction | undefined
  return () => {
    compiled ??= compile()
    return compiled
  }
}
