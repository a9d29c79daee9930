import fc from 'fast-check'
import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { isFor, type JsonSchema, type Operation, readDescription } from '../setup/description.ts'
import { resourceOf, withId } from '../setup/resources.ts'

// A longer run: npm run fuzz -- --runs 500 --seed 7
const SEED = Number(process.env.FUZZ_SEED ?? 20261129)
const RUNS = Number(process.env.FUZZ_RUNS ?? 7)

const unlimited = { LIMIT_REST_PER_MINUTE: '1000000', LIMIT_OAUTH_STARTS_PER_MINUTE: '1000000', LIMIT_BAD_SIGNATURES_PER_MINUTE: '1000000' }
const test = await testApp(t, unlimited)
const { operations, resolve, bodySchema } = await readDescription(test.app)
const succeeded = new Set<string>()

for (const operation of operations) {
  const { name, path, method, responses } = operation
  // Events come for as long as somebody listens.
  const isEndless = name === 'GET /events/stream'
  t.test(`${name}: whatever is sent, the answer is one that the description names (seed ${SEED})`, async (t) => {
    const owner = await test.owner()
    const ids = path.includes('{') ? [await resourceOf(path)?.make(test, owner), resourceOf(path)?.absent] : []
    const property = fc.asyncProperty(requests(operation, ids), async ({ id, query, body, credential }) => {
      const reply = await test.app.inject({
        method,
        payloadAsStream: isEndless,
        url: `${withId(path, id)}?${new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]))}`,
        ...(body === undefined ? {} : { payload: body }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(credential === 'user' ? owner.headers() : {}),
          ...(credential === 'service' ? { authorization: `Bearer ${test.deps.config.userSyncSecret}` } : {}),
          ...(credential === 'assistant' ? { 'x-vapi-secret': owner.secret } : {}),
        },
      })
      const { statusCode } = reply
      const text = isEndless ? '' : reply.body
      if (isEndless) reply.stream().destroy()
      if (statusCode < 300) succeeded.add(name)
      if (statusCode === 500 || !(String(statusCode) in responses)) throw new Error(`answered ${statusCode} ${text}`)
    })
    const { failed, counterexample, errorInstance } = await fc.check(property, { seed: SEED, numRuns: RUNS })
    t.notOk(failed, failed ? `${errorInstance}` : '', { counterexample })
  })
}

t.test('it reached beyond the refusals', async (t) => {
  t.ok(succeeded.size >= operations.length / 2, `${succeeded.size} of ${operations.length} operations succeeded at least once`)
})

/** Mostly what the operation asks for, with something wrong in it now and then. */
function requests(operation: Operation, ids: (string | undefined)[]) {
  const { parameters, requestBody } = operation
  const schema = bodySchema(requestBody)
  const proper = isFor(operation, 'serviceSecret') ? 'service' : isFor(operation, 'vapiSecret') ? 'assistant' : 'user'
  const known = ids.filter((id) => id !== undefined)
  const query = parameters.filter((one) => one.in === 'query')
  const json = (value: unknown) => JSON.stringify(value) ?? ''
  return fc.record({
    id: fc.oneof(
      ...(known.length > 0 ? [{ weight: 4, arbitrary: fc.constantFrom(...known) }] : []),
      nasty.filter((text) => text.length > 0),
    ),
    query: fc.record(Object.fromEntries(query.map(({ name, schema }) => [name, spoiled(schema).map(String)])), { requiredKeys: [] }),
    body: schema
      ? fc.oneof(
          { weight: 8, arbitrary: spoiled(schema).map(json) },
          ...(schema.examples ?? []).map((example) => ({ weight: 3, arbitrary: fc.constant(json(example)) })),
          fc.constantFrom(undefined, '', '{', 'null', '[]', '"x"', '{"a":1}}', '{"__proto__":{"x":1}}'),
        )
      : fc.option(fc.jsonValue().map(json), { nil: undefined, freq: 4 }),
    credential: fc.oneof({ weight: 8, arbitrary: fc.constant(proper) }, fc.constantFrom('user', 'service', 'assistant', 'none')),
  })
}

const nasty = fc.oneof(
  fc.constantFrom(
    '',
    'x',
    '1',
    '0',
    '-1',
    '2147483648',
    '9e15',
    '1.5',
    'null',
    'ä\u202E\u0000',
    "'; drop table users; --",
    '../..',
    '\ud800',
  ),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constant('x'.repeat(3000)),
)

function spoiled(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: fitting(schema) }, nasty, fc.jsonValue({ maxDepth: 3 }))
}

const Inner = z.custom<JsonSchema>((value) => value instanceof Object)
const Shape = z.looseObject({
  type: z.string().or(z.array(z.string())).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(Inner).optional(),
  oneOf: z.array(Inner).optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  /** `false`: nothing besides what `prefixItems` names. */
  items: Inner.or(z.literal(false)).optional(),
  prefixItems: z.array(Inner).optional(),
  properties: z.record(z.string(), Inner).optional(),
})

/** What the schema asks for, as far as that can be read from it. */
function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  const shape = Shape.parse(resolve(schema))
  if (shape.const !== undefined) return fc.constant(shape.const)
  if (shape.enum) return fc.constantFrom<unknown>(...shape.enum)
  const either = shape.anyOf ?? shape.oneOf
  if (either) return fc.oneof(...either.map(spoiled))
  if (Array.isArray(shape.type)) return fc.oneof(...shape.type.map((type) => fitting({ ...shape, type })))
  switch (shape.type) {
    case 'string':
      return formatted(shape.format, shape.maxLength)
    case 'integer':
      return fc.integer({ min: Math.max(shape.minimum ?? -3, -(2 ** 31)), max: Math.min(shape.maximum ?? 3000, 2 ** 31 - 1) })
    case 'number':
      return fc.double({ min: shape.minimum ?? -3, max: shape.maximum ?? 3000, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      if (shape.prefixItems) return fc.tuple(...shape.prefixItems.map(spoiled))
      return fc.array(spoiled(shape.items || {}), { maxLength: 3 })
    case 'object':
      return fc.record(Object.fromEntries(Object.entries(shape.properties ?? {}).map(([name, one]) => [name, spoiled(one)])), {
        requiredKeys: [],
      })
    default:
      return fc.jsonValue({ maxDepth: 3 })
  }
}

function formatted(format: string | undefined, maxLength = 60): fc.Arbitrary<unknown> {
  switch (format) {
    case 'date-time':
      return fc.date({ min: new Date('2026-11-29'), max: new Date('2027-02-01'), noInvalidDate: true }).map((at) => at.toISOString())
    case 'date':
      return fc.date({ noInvalidDate: true }).map((at) => at.toISOString().slice(0, 10))
    case 'email':
      return fc.emailAddress()
    case 'uuid':
      return fc.uuid()
    case 'uri':
      return fc.webUrl()
    default:
      return fc.oneof(fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength, 60) }), fc.constant('Desk'))
  }
}
