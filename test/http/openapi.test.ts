import { compileErrors, validate } from '@readme/openapi-parser'
import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'

const SEED = Number(process.env.FUZZ_SEED ?? 20261129)
const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '100000', LIMIT_OAUTH_STARTS_PER_MINUTE: '100000' })
const { app } = test

const Operation = z.looseObject({
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  summary: z.string().min(10),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema: z.looseObject({}).optional() }))
    .default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown().optional() })) }).optional(),
  responses: z.record(z.string(), z.unknown()),
})
const Description = z.looseObject({
  openapi: z.string().regex(/^3\.1\./),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ securitySchemes: z.record(z.string(), z.unknown()) }),
})

const description = Description.parse((await app.inject('/openapi.json')).json())
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
)

t.test('the description is valid OpenAPI 3.1', async (t) => {
  // The validator replaces references in what it is given.
  const result = await validate((await app.inject('/openapi.json')).json())
  t.ok(result.valid, result.valid ? '' : compileErrors(result))
})

t.test('every route is described, and nothing else', async (t) => {
  const served = new Set<string>()
  // Every word of the router's own list that is a method, for every path.
  for (const { method, url } of routesOf(app.printRoutes({ commonPrefix: false, includeHooks: false }))) {
    if (!['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].includes(method)) continue
    if (url.startsWith('/docs') || url === '/openapi.json') continue
    served.add(`${method} ${url.replace(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1')}`)
  }
  const described = operations.map(({ method, path }) => `${method} ${path.replace(/(.)\/$/, '$1')}`)
  t.ok(served.size >= 15, `${served.size} routes`)
  t.same([...served].sort(), described.sort())
})

t.test('every operation says what it is for, who may call it and what it answers', async (t) => {
  t.equal(new Set(operations.map((one) => one.operationId)).size, operations.length, 'names of their own')
  for (const { method, path, responses, security = [] } of operations) {
    const name = `${method} ${path}`
    const statuses = Object.keys(responses)
    t.ok(
      statuses.some((status) => /^[23]\d\d$/.test(status)),
      `${name} can succeed`,
    )
    for (const scheme of security.flatMap((one) => Object.keys(one)))
      t.ok(scheme in description.components.securitySchemes, `${name}: ${scheme}`)
    if (security.some((one) => 'user' in one)) {
      t.ok(statuses.includes('401') && statuses.includes('429'), `${name} may refuse`)
      const { statusCode } = await app.inject({
        method: method === 'POST' ? 'POST' : method === 'DELETE' ? 'DELETE' : 'GET',
        url: path.replaceAll(/\{\w+\}/g, '1'),
      })
      t.equal(statusCode, 401, `${name} is closed as it says`)
    }
  }
})

t.test('the page that shows the description loads over plain http', async (t) => {
  const page = await app.inject('/docs/')
  t.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /script-src [^;]*'self'/)
  t.notMatch(policy, 'upgrade-insecure-requests')
  t.match(page.headers['x-content-type-options'], 'nosniff')
  const files = [...page.body.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map(([, file = '']) => file)
  t.ok(files.length >= 3)
  for (const file of files) t.equal((await app.inject(new URL(file, 'http://x/docs/').pathname)).statusCode, 200, file)
})

t.test(`whatever is sent to a documented operation, the answer is a documented one (seed ${SEED})`, async (t) => {
  const owner = await test.owner()
  const random = randomFrom(SEED)
  const statuses = new Map<string, number>()
  for (const { path, method, responses, parameters, requestBody } of operations) {
    for (let round = 0; round < 12; round += 1) {
      const url = new URL(
        path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(random.scalar()))),
        'http://x',
      )
      for (const parameter of parameters) {
        if (parameter.in === 'query' && random.chance(0.7)) url.searchParams.set(parameter.name, String(random.scalar()))
      }
      const signedIn = random.chance(0.8) ? owner.headers() : {}
      const secret = path.startsWith('/vapi') && random.chance(0.7) ? { 'x-vapi-secret': owner.secret } : {}
      const body =
        requestBody && random.chance(0.9)
          ? { payload: random.body(schemaOf(requestBody)), headers: { 'content-type': 'application/json' } }
          : {}
      const { statusCode } = await app.inject({
        url: url.pathname + url.search,
        method: method === 'POST' ? 'POST' : method === 'PATCH' ? 'PATCH' : method === 'DELETE' ? 'DELETE' : 'GET',
        ...body,
        headers: { ...signedIn, ...secret, ...body.headers },
      })
      statuses.set(`${method} ${path} ${statusCode}`, (statuses.get(`${method} ${path} ${statusCode}`) ?? 0) + 1)
      const allowed = [...Object.keys(responses), '400', '404', '413', '415', '429']
      if (statusCode >= 500 || !allowed.includes(String(statusCode)))
        t.fail(`${method} ${url.pathname}${url.search} answered ${statusCode}`, { body, allowed })
    }
  }
  const succeeded = [...statuses.keys()].filter((key) => / 2\d\d$/.test(key))
  t.ok(succeeded.length >= operations.length / 2, `it reached beyond the refusals: ${succeeded.length}`)
})

/** "└── /agents (GET, HEAD)" and its indented children, as lines of method and whole path. */
function routesOf(tree: string): { method: string; url: string }[] {
  const found: { method: string; url: string }[] = []
  const above: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    const level = indent.length / 4
    above.length = level
    above[level] = part
    for (const method of methods?.split(', ') ?? []) found.push({ method, url: above.join('') })
  }
  return found
}

function schemaOf(requestBody: { content: Record<string, { schema?: unknown }> }): unknown {
  return requestBody.content['application/json']?.schema
}

const Schema = z.looseObject({ type: z.string().optional(), properties: z.record(z.string(), z.unknown()).optional() })

/** Small and repeatable: the same seed gives the same requests. */
function randomFrom(seed: number) {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const pick = <T>(items: T[]): T | undefined => items[Math.floor(next() * items.length)]
  const scalar = () =>
    pick<unknown>([
      '',
      'x',
      '1',
      0,
      -1,
      2 ** 31,
      9e15,
      1.5,
      true,
      null,
      'null',
      'ä\u202E\u0000',
      "'; drop table users; --",
      '../..',
      'x'.repeat(300),
    ])
  const value = (depth: number): unknown =>
    depth > 2 || next() < 0.6 ? scalar() : next() < 0.5 ? [value(depth + 1), value(depth + 1)] : { [String(scalar())]: value(depth + 1) }
  return {
    chance: (share: number) => next() < share,
    scalar,
    /** Mostly of the right shape with wrong values, sometimes anything, sometimes no JSON. */
    body: (schema: unknown): string => {
      const { properties = {} } = Schema.safeParse(schema).data ?? {}
      if (next() < 0.1) return pick(['', '{', 'null', '[]', '"x"', '{"a":1}}']) ?? ''
      if (next() < 0.2) return JSON.stringify(value(0) ?? null)
      const fitting = (one: unknown) => {
        const { type } = Schema.safeParse(one).data ?? {}
        return type === 'string' ? 'Desk' : type === 'integer' || type === 'number' ? 7 : type === 'boolean' ? true : {}
      }
      const entries = Object.entries(properties).filter(() => next() < 0.8)
      return JSON.stringify(Object.fromEntries(entries.map(([name, one]) => [name, next() < 0.6 ? fitting(one) : value(0)])))
    },
  }
}
